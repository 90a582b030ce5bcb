/* /auth/account: signed-in browsers, and another device. For those who have the app there is a
 * nicer view of the same. */
#include <string.h>

#include "auth/link.h"
#include "base/clock.h"
#include "base/log.h"
#include "pages/basic.h"

/* Every form here changes something for a signed-in person: the form's own cookie is checked by
 * pages_form_read(), the session by pages_basic_open(). */

static void put_browsers(struct basic *basic, const json_t *sessions)
{
    struct view_call *call = basic->call;
    const json_t *session;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)sessions, i, session)
    {
        bool current = json_is_true(json_object_get(session, "current")) ||
                       strcmp(pages_basic_text(session, "id"), basic->person.session) == 0;
        int64_t used = json_integer_value(json_object_get(session, "last_used"));
        pages_form_begin(call, "/auth/account/browser", NULL);
        pages_html_put(&call->html, "<p><b>%s</b>%s<br>\n", pages_basic_text(session, "name"),
                       current ? " (this one)" : "");
        if (used != 0)
            pages_html_put(&call->html, "<small>%s</small><br>\n",
                           pages_html_words(call, pages_says_last_used(hearth_time_of(used))));
        pages_html_put(&call->html,
                       "<button type=\"submit\" class=\"quiet\" name=\"id\" value=\"%s\">Sign "
                       "out</button></p>\n</form>\n",
                       pages_basic_text(session, "id"));
    }
    if (json_array_size(sessions) == 0)
        pages_html_paragraph(call, pages_says_no_browsers());
}

static void put_exports(struct buf *out)
{
    static const char *const exports[][2] = {{"bookmarks.html", "Bookmarks, for any browser"},
                                             {"bookmarks.json", "Bookmarks, Firefox backup"},
                                             {"history.json", "History, JSON"},
                                             {"history.csv", "History, table"},
                                             {"tabs.html", "Open tabs, as bookmarks"},
                                             {"tabs.json", "Open tabs, JSON"}};
    buf_add_text(out, "</section>\n<section>\n<h2>Take it with you</h2>\n<ul>\n");
    for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++)
        pages_html_put(out, "<li><a href=\"/api/v1/export/%s\">%s</a></li>\n", exports[i][0],
                       exports[i][1]);
    buf_add_text(out, "</ul>\n");
}

void pages_account_get(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open(call, &basic))
        return;
    json_t *me = pages_basic_request(&basic, "/api/v1/me", NULL, NULL);
    json_t *sessions =
        me == NULL ? NULL : pages_basic_request(&basic, "/api/v1/sessions", NULL, NULL);
    json_t *devices = sessions == NULL ? NULL
                                       : pages_basic_request(&basic, "/api/v1/devices", NULL,
                                                             "hidden", "1", NULL);
    if (devices != NULL) {
        pages_html_begin(call, pages_html_words(call, pages_says_title_account()), -1, NULL);
        pages_html_put(&call->html, "<p>%s</p>\n<section>\n<h2>Another device</h2>\n",
                       pages_basic_text(json_object_get(me, "account"), "email"));
        pages_form_begin(call, "/auth/account/link", NULL);
        pages_form_end(call, "Add another device");
        pages_account_put_devices(&basic, devices);
        put_exports(&call->html);
        pages_html_put(&call->html, "</section>\n<section>\n<h2>Signed-in browsers</h2>\n");
        put_browsers(&basic, json_object_get(sessions, "sessions"));
        pages_form_begin(call, "/auth/account/everywhere", NULL);
        pages_html_put(&call->html, "<p><button type=\"submit\" class=\"quiet\">Sign out "
                                    "everywhere</button></p>\n</form>\n</section>\n"
                                    "<p><a href=\"/\">Back</a></p>\n");
        pages_html_end(call, 200);
    }
    json_decref(me);
    json_decref(sessions);
    json_decref(devices);
}

/* The QR code is an image of its own text: the policy of these pages allows data: for images. */
static int put_link(struct view_call *call, const struct link *link)
{
    char *base = http_base_url(call->request, call->pages->options.base_url);
    char *url = arena_printf(&call->request->arena, "%s/auth/link?t=%s", base == NULL ? "" : base,
                             link->secret);
    struct buf svg = {0};
    int r = url == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
                        : auth_link_qr_svg(url, &svg, &call->err);
    if (r == 0) {
        pages_html_begin(call, pages_html_words(call, pages_says_title_add_device()), -1, NULL);
        pages_html_paragraph(call, pages_says_add_scan(hearth_duration_of(LINK_LIFE)));
        pages_html_put(
            &call->html,
            "<p><img class=\"qr\" alt=\"QR code of the link\" src=\"data:image/svg+xml,");
        pages_html_query_value(&call->html, svg.data);
        pages_html_put(&call->html, "\"></p>\n<p class=\"address\"><code>%s</code></p>\n", url);
        pages_html_paragraph(call,
                             pages_says_add_type(arena_printf(&call->request->arena, "%s/auth/code",
                                                              base == NULL ? "" : base)));
        pages_html_put(&call->html,
                       "<p class=\"shown-code\"><code>%s</code></p>\n<p><a "
                       "href=\"/auth/account\">Back</a></p>\n",
                       link->code);
        pages_html_end(call, 200);
    }
    buf_fini(&svg);
    return r;
}

void pages_account_link_post(struct view_call *call)
{
    struct basic basic;
    struct link link;
    if (!pages_basic_open_form(call, &basic))
        return;
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL ? call->err.code
                            : auth_link_create(storage, basic.person.account, &basic.person.door,
                                               &link, &call->err);
    if (r == 0) {
        log_audit("link made", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", basic.person.account));
        r = put_link(call, &link);
        auth_link_wipe(&link);
    }
    if (r == HEARTH_ERR_NOT_FOUND)
        pages_redirect(call, "/auth/signin?next=/auth/account");
    else if (r < 0)
        pages_html_error(call);
}

struct wanted {
    const char *id;
    bool found;
};

static int wanted_on_token(void *ctx, const struct hearth_token *row)
{
    struct wanted *wanted = ctx;
    wanted->found = row->scope == HEARTH_TOKEN_BROWSER && strcmp(row->id, wanted->id) == 0;
    return wanted->found;
}

void pages_account_browser_post(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open_form(call, &basic))
        return;
    const char *id = http_parameter(call->request, "id");
    struct wanted wanted = {.id = id == NULL ? "" : id};
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL ? call->err.code
                            : STORAGE(storage, &call->err, token_list, basic.person.account,
                                      wanted_on_token, &wanted);
    if (r == 0 && wanted.found)
        r = auth_session_remove(storage, basic.person.account, wanted.id, &call->err);
    if (r == 0 && wanted.found)
        log_audit("signed out", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", basic.person.account), LOG_TEXT("session", wanted.id));
    api_forget_tokens(call->pages->options.api, basic.person.account);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        pages_html_error(call);
        return;
    }
    if (wanted.found && strcmp(wanted.id, basic.person.session) == 0)
        pages_forget_browser(call);
    pages_redirect(call, "/auth/account");
}

void pages_account_everywhere_post(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open_form(call, &basic))
        return;
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL
                ? call->err.code
                : auth_session_remove_all(storage, basic.person.account, NULL, &call->err);
    api_forget_tokens(call->pages->options.api, basic.person.account);
    if (r < 0) {
        pages_html_error(call);
        return;
    }
    log_audit("signed out everywhere", LOG_TEXT("address", call->request->remote),
              LOG_TEXT("account", basic.person.account));
    pages_forget_browser(call);
    pages_html_message(call, 200, pages_says_title_everywhere(), pages_says_everywhere(),
                       "/auth/signin", "Sign in again");
}
