#include "pages/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pages/internal.h"

enum { FORM_MAX = 16 * 1024, ATTEMPTS_MAX = 1000, WINDOW = 15 * 60 * 1000 };
/* From one address in a window; docs/signing-in.md#limits says them. */
enum { STEPS_MAX = 300, WRONG_ANSWERS_MAX = 30, WRONG_CODES_MAX = 10, NOTED_MAX = 100 };

/* GET /auth/style.css */
static void pages_style_get(struct view_call *call)
{
    call->reply->status = 200;
    call->reply->content_type = "text/css; charset=utf-8";
    call->reply->fixed = pages_style;
    call->reply->fixed_size = strlen(pages_style);
    http_reply_header(call->reply, "cache-control", "public, max-age=3600");
}

static const struct {
    const char *path;
    unsigned method;
    void (*run)(struct view_call *call);
    enum view_where where;
    bool open; /* the same for everybody: nothing in it is a secret */
} table[] = {
    {"/opensearch.xml", HTTP_GET, pages_opensearch_get, VIEW_INLINE},
    {"/basic/", HTTP_GET, pages_basic_home_get, VIEW_STORAGE},
    {"/basic", HTTP_GET, pages_basic_home_get, VIEW_STORAGE},
    {"/basic/tabs", HTTP_GET, pages_basic_tabs_get, VIEW_STORAGE},
    {"/basic/bookmarks", HTTP_GET, pages_basic_bookmarks_get, VIEW_STORAGE},
    {"/basic/history", HTTP_GET, pages_basic_history_get, VIEW_STORAGE},
    {"/basic/search", HTTP_GET, pages_basic_search_get, VIEW_STORAGE},
    {"/auth/signin", HTTP_GET, pages_signin_get, VIEW_STORAGE},
    {"/auth/style.css", HTTP_GET, pages_style_get, VIEW_INLINE, true},
    {"/auth/start", HTTP_POST, pages_start_post, VIEW_SIGNIN},
    {"/auth/step", HTTP_GET, pages_step_get, VIEW_SIGNIN},
    {"/auth/step", HTTP_POST, pages_step_post, VIEW_SIGNIN},
    {"/auth/callback", HTTP_GET, pages_callback_get, VIEW_SIGNIN},
    {"/auth/oidc/*", HTTP_GET, pages_sso_get, VIEW_SIGNIN},
    {"/auth/oidc/callback", HTTP_GET, pages_sso_callback_get, VIEW_SIGNIN},
    {"/auth/cancel", HTTP_POST, pages_cancel_post, VIEW_STORAGE},
    {"/auth/link", HTTP_GET, pages_link_get, VIEW_STORAGE},
    {"/auth/link", HTTP_POST, pages_link_post, VIEW_STORAGE},
    {"/auth/code", HTTP_GET, pages_code_get, VIEW_INLINE},
    {"/auth/code", HTTP_POST, pages_code_post, VIEW_STORAGE},
    {"/auth/account", HTTP_GET, pages_account_get, VIEW_STORAGE},
    {"/auth/account/link", HTTP_POST, pages_account_link_post, VIEW_STORAGE},
    {"/auth/account/browser", HTTP_POST, pages_account_browser_post, VIEW_STORAGE},
    {"/auth/account/device", HTTP_POST, pages_account_device_post, VIEW_STORAGE},
    {"/auth/account/everywhere", HTTP_POST, pages_account_everywhere_post, VIEW_STORAGE},
    {"/auth/remove", HTTP_GET, pages_remove_get, VIEW_STORAGE},
    {"/auth/remove", HTTP_POST, pages_remove_post, VIEW_STORAGE},
    {"/auth/removals", HTTP_GET, pages_removals_get, VIEW_STORAGE},
    {"/auth/removals/allow", HTTP_POST, pages_removals_allow_post, VIEW_STORAGE},
    {"/auth/signout", HTTP_GET, pages_signout_get, VIEW_INLINE},
    {"/auth/signout", HTTP_POST, pages_signout_post, VIEW_STORAGE},
};

enum { ROUTES = sizeof(table) / sizeof(table[0]) };

void pages_renew_deadline(struct view_call *call)
{
    nodes_storages_deadline(call->storages,
                            clock_monotonic() + call->pages->options.storage_timeout);
}

static void view_handle(struct http_request *request, struct http_reply *reply, void *worker)
{
    const struct view_endpoint *endpoint = request->route_data;
    struct view_call call = {.pages = endpoint->pages, .request = request, .reply = reply};
    if (endpoint->where == VIEW_SIGNIN && worker != NULL) {
        call.storages = &((struct pages_worker *)worker)->storages;
        call.signin = &((struct pages_worker *)worker)->signin;
    } else if (endpoint->where == VIEW_STORAGE) {
        call.storages = worker;
    }
    /* the time that it waited for a thread counts */
    if (endpoint->where == VIEW_STORAGE && call.storages != NULL)
        nodes_storages_deadline(call.storages,
                                request->received + call.pages->options.storage_timeout);
    else if (call.storages != NULL)
        pages_renew_deadline(&call);
    if (call.storages == NULL && endpoint->where != VIEW_INLINE) {
        err_set(&call.err, HEARTH_ERR_UNAVAILABLE, "no thread for it");
        pages_html_error(&call);
    } else {
        endpoint->run(&call);
    }
    if (call.storages != NULL) {
        nodes_storages_deadline(call.storages, 0);
        nodes_storages_reset(call.storages);
    }
    buf_fini(&call.html);
}

static void view_make_routes(struct pages *pages)
{
    for (size_t i = 0; i < ROUTES; i++) {
        pages->endpoints[i] = (struct view_endpoint){pages, table[i].run, table[i].where};
        pages->routes[i] = (struct http_route){
            .path = table[i].path,
            .methods = table[i].method,
            .kind = table[i].where == VIEW_INLINE ? HTTP_INLINE : HTTP_POOLED,
            .handler = view_handle,
            .data = &pages->endpoints[i],
            .max_body = table[i].method == HTTP_POST ? FORM_MAX : 0,
            .pool = table[i].where == VIEW_SIGNIN ? &pages->options.signin_pool : NULL,
            .secret = !table[i].open,
        };
    }
    pages->route_count = ROUTES;
}

int pages_create(const struct pages_options *options, struct pages **ret_pages, struct err *err)
{
    struct pages *pages = calloc(1, sizeof(*pages));
    if (pages == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    pages->options = *options;
    for (size_t i = 0; i < PAGES_SSO_MAX; i++)
        signin_gate_init(&pages->sso_gates[i], options->step_timeout / GATE_PART);
    pages->pending_signins =
        signin_pending_table_create(signin_vault(options->signin), ATTEMPTS_MAX, options->shelf);
    pages->steps = rate_create(STEPS_MAX, WINDOW);
    pages->answers = signin_guesses_create(WRONG_ANSWERS_MAX);
    pages->codes = signin_guesses_create(WRONG_CODES_MAX);
    pages->noted = rate_create(NOTED_MAX, WINDOW);
    pages->routes = calloc(ROUTES, sizeof(*pages->routes));
    pages->endpoints = calloc(ROUTES, sizeof(*pages->endpoints));
    if (pages->pending_signins == NULL || pages->steps == NULL || pages->answers == NULL ||
        pages->codes == NULL || pages->noted == NULL || pages->routes == NULL ||
        pages->endpoints == NULL) {
        pages_destroy(pages);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    view_make_routes(pages);
    *ret_pages = pages;
    return 0;
}

void pages_destroy(struct pages *pages)
{
    if (pages == NULL)
        return;
    signin_pending_table_destroy(pages->pending_signins);
    for (size_t i = 0; i < PAGES_SSO_MAX; i++)
        signin_gate_fini(&pages->sso_gates[i]);
    rate_destroy(pages->steps);
    signin_guesses_destroy(pages->answers);
    signin_guesses_destroy(pages->codes);
    rate_destroy(pages->noted);
    free(pages->routes);
    free(pages->endpoints);
    free(pages);
}

const struct http_route *pages_routes(const struct pages *pages, size_t *ret_count)
{
    *ret_count = pages->route_count;
    return pages->routes;
}
