/* What a person reads who has shown who they are, and is not let in; and how a server gets its first person. */
#include <string.h>

#include "pages/internal.h"

#define WHERE_THE_CODE_IS                                                                                                                  \
    "Whoever runs it finds an address with the set-up code in what \u201chearthd serve\u201d printed when it started (the log of the "     \
    "service), and \u201chearthd setup\u201d prints it again."

void setup_notice(struct page_call *call)
{
    html_put(&call->html, "<section>\n<p>This server belongs to nobody yet: the first person who signs in with its set-up code owns "
                          "it. " WHERE_THE_CODE_IS "</p>\n</section>\n");
}

void page_another(struct page_call *call)
{
    page_message(call, 403, "This address belongs to another account here",
                 "You are who you say you are, but the account on this server that has your e-mail address was opened by another "
                 "sign-in: another person\u2019s who had the address before, or one of yours that you have deleted. Nothing was changed. "
                 "Ask whoever runs this server; if it is yours, they can join the two (\u201chearthd account adopt\u201d).",
                 "/auth/signin", "Back to signing in");
}

void page_not_allowed(struct page_call *call)
{
    page_message(call, 403, "Not on this server",
                 "You are who you say you are, but this server does not take you in. Ask whoever runs it to allow your address "
                 "([auth] allow), or to make an account for you (\u201chearthd account add\u201d).",
                 "/auth/signin", "Back to signing in");
}

void signin_refused(struct page_call *call, enum signin_outcome outcome)
{
    if (outcome == SIGNIN_ANOTHER)
        page_another(call);
    else if (outcome == SIGNIN_SETUP_MISSING)
        page_message(call, 403, "The set-up code is missing",
                     "This server belongs to nobody yet, and takes its first person only with the set-up code. " WHERE_THE_CODE_IS,
                     "/auth/signin", "Back to signing in");
    else if (outcome == SIGNIN_SETUP_WRONG)
        page_message(
            call, 403, "That is not the set-up code",
            "This server belongs to nobody yet, and the code that came with your sign-in is not its set-up code. " WHERE_THE_CODE_IS,
            "/auth/signin", "Back to signing in");
    else
        page_not_allowed(call);
}
