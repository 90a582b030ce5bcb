/* What a person reads who has shown who they are, and is not let in; and how a server gets its
 * first person. */
#include <string.h>

#include "pages/internal.h"

void pages_setup_notice(struct view_call *call)
{
    buf_add_text(&call->html, "<section>\n");
    pages_html_paragraph(call, pages_says_setup());
    buf_add_text(&call->html, "</section>\n");
}

static void refuse_person(struct view_call *call, struct hearth_sentence title,
                          struct hearth_sentence text)
{
    pages_html_message(call, 403, title, text, "/auth/signin", "Back to signing in");
}

void pages_html_another(struct view_call *call)
{
    refuse_person(call, pages_says_title_another(), pages_says_another());
}

void pages_html_not_allowed(struct view_call *call)
{
    refuse_person(call, pages_says_title_not_allowed(), pages_says_not_allowed());
}

void pages_signin_refused(struct view_call *call, enum signin_outcome outcome)
{
    if (outcome == SIGNIN_ANOTHER)
        pages_html_another(call);
    else if (outcome == SIGNIN_SETUP_MISSING)
        refuse_person(call, pages_says_title_setup_missing(), pages_says_setup_missing());
    else if (outcome == SIGNIN_SETUP_WRONG)
        refuse_person(call, pages_says_title_setup_wrong(), pages_says_setup_wrong());
    else
        pages_html_not_allowed(call);
}
