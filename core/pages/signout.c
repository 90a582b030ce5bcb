/* /auth/signout */
#include <string.h>

#include "auth/fresh.h"
#include "base/log.h"
#include "pages/internal.h"

void page_forget_browser(struct page_call *call)
{
    page_cookie(call, session_cookie_name(call->request->tls), "", 0, "Lax");
    if (http_cookie(call->request, fresh_cookie_name(call->request->tls)) != NULL)
        page_cookie(call, fresh_cookie_name(call->request->tls), "", 0, "Strict");
    http_reply_header(call->reply, "clear-site-data", "\"cache\", \"storage\"");
}

void signout_page(struct page_call *call)
{
    page_begin(call, page_words(call, pages_says_title_signout()), -1, NULL);
    page_paragraph(call, pages_says_signout());
    form_begin(call, "/auth/signout", form_next(http_parameter(call->request, "next")));
    form_end(call, "Sign out");
    page_end(call, 200);
}

void signout_post(struct page_call *call)
{
    const struct pages_options *options = &call->pages->options;
    struct api_person person;
    if (!form_read(call))
        return;
    int r = api_who(options->api, call->request, call->stores, &person, &call->err);
    if (r == HEARTH_ERR_DENIED || r == API_BARRED) /* signed out already; a storage that says so below has not done it */
        r = HEARTH_ERR_NOT_FOUND;
    if (r == 0 && person.session[0] == '\0') {
        page_message(call, 409, pages_says_title_elsewhere(), pages_says_elsewhere(), "/", "Back");
        return;
    }
    if (r == 0) {
        struct store *store = node_stores_get(call->stores, person.node, &call->err);
        r = store == NULL ? call->err.code : session_remove(store, person.account, person.session, &call->err);
        api_forget_tokens(options->api, person.account);
        if (r == 0)
            log_audit("signed out", LOG_TEXT("address", call->request->remote), LOG_TEXT("account", person.account),
                      LOG_TEXT("session", person.session));
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        page_error(call);
        return;
    }
    page_forget_browser(call);
    page_message(call, 200, pages_says_title_signed_out(), pages_says_signed_out(), "/auth/signin", "Sign in again");
}
