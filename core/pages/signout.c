/* /auth/signout */
#include <string.h>

#include "auth/fresh.h"
#include "base/log.h"
#include "pages/internal.h"

void pages_forget_browser(struct view_call *call)
{
    pages_set_cookie(call, SESSION_COOKIE, "", 0, "Lax");
    if (http_cookie(call->request, FRESH_COOKIE) != NULL)
        pages_set_cookie(call, FRESH_COOKIE, "", 0, "Strict");
    http_clear_site(call->request, call->reply);
}

void pages_signout_get(struct view_call *call)
{
    pages_html_begin(call, pages_html_words(call, pages_says_title_signout()), -1, NULL);
    pages_html_paragraph(call, pages_says_signout());
    pages_form_begin(call, "/auth/signout", pages_form_next(http_parameter(call->request, "next")));
    pages_form_end(call, "Sign out");
    pages_html_end(call, 200);
}

void pages_signout_post(struct view_call *call)
{
    const struct pages_options *options = &call->pages->options;
    struct api_person person;
    if (!pages_form_read(call))
        return;
    int r = api_who(options->api, call->request, call->storages, &person, &call->err);
    /* signed out already; a storage that says so below has not done it */
    if (r == HEARTH_ERR_DENIED || r == API_BARRED)
        r = HEARTH_ERR_NOT_FOUND;
    if (r == 0 && person.session[0] == '\0') {
        pages_html_message(call, 409, pages_says_title_elsewhere(), pages_says_elsewhere(), "/",
                           "Back");
        return;
    }
    if (r == 0) {
        struct storage *storage = nodes_storages_get(call->storages, person.node, &call->err);
        r = storage == NULL
                ? call->err.code
                : auth_session_remove(storage, person.account, person.session, &call->err);
        api_forget_tokens(options->api, person.account);
        if (r == 0)
            log_audit("signed out", LOG_TEXT("address", call->request->remote),
                      LOG_TEXT("account", person.account), LOG_TEXT("session", person.session));
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        pages_html_error(call);
        return;
    }
    pages_forget_browser(call);
    pages_html_message(call, 200, pages_says_title_signed_out(), pages_says_signed_out(),
                       "/auth/signin", "Sign in again");
}
