#include "pages/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pages/internal.h"

enum { FORM_MAX = 16 * 1024, ATTEMPTS_MAX = 1000, WINDOW = 15 * 60 * 1000 };
/* From one address in a window; docs/signing-in.md#limits says them. */
enum { STEPS_MAX = 300, WRONG_ANSWERS_MAX = 30, WRONG_CODES_MAX = 10, NOTED_MAX = 100 };

/* GET /auth/style.css */
static void style_sheet(struct page_call *call)
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
    void (*run)(struct page_call *call);
    enum page_where where;
    bool open; /* the same for everybody: nothing in it is a secret */
} table[] = {
    {"/opensearch.xml", HTTP_GET, opensearch, PAGE_INLINE},
    {"/basic/", HTTP_GET, basic_home, PAGE_STORAGE},
    {"/basic", HTTP_GET, basic_home, PAGE_STORAGE},
    {"/basic/tabs", HTTP_GET, basic_tabs, PAGE_STORAGE},
    {"/basic/bookmarks", HTTP_GET, basic_bookmarks, PAGE_STORAGE},
    {"/basic/history", HTTP_GET, basic_history, PAGE_STORAGE},
    {"/basic/search", HTTP_GET, basic_search, PAGE_STORAGE},
    {"/auth/signin", HTTP_GET, signin_page, PAGE_STORAGE},
    {"/auth/style.css", HTTP_GET, style_sheet, PAGE_INLINE, true},
    {"/auth/start", HTTP_POST, signin_begin_post, PAGE_SIGNIN},
    {"/auth/step", HTTP_GET, signin_step_page, PAGE_SIGNIN},
    {"/auth/step", HTTP_POST, signin_step_post, PAGE_SIGNIN},
    {"/auth/callback", HTTP_GET, signin_callback, PAGE_SIGNIN},
    {"/auth/oidc/*", HTTP_GET, sso_begin, PAGE_SIGNIN},
    {"/auth/oidc/callback", HTTP_GET, sso_callback, PAGE_SIGNIN},
    {"/auth/cancel", HTTP_POST, signin_cancel_post, PAGE_STORAGE},
    {"/auth/link", HTTP_GET, link_page, PAGE_STORAGE},
    {"/auth/link", HTTP_POST, link_post, PAGE_STORAGE},
    {"/auth/code", HTTP_GET, code_page, PAGE_INLINE},
    {"/auth/code", HTTP_POST, code_post, PAGE_STORAGE},
    {"/auth/account", HTTP_GET, account_page, PAGE_STORAGE},
    {"/auth/account/link", HTTP_POST, account_link_post, PAGE_STORAGE},
    {"/auth/account/browser", HTTP_POST, account_browser_post, PAGE_STORAGE},
    {"/auth/account/everywhere", HTTP_POST, account_everywhere_post, PAGE_STORAGE},
    {"/auth/signout", HTTP_GET, signout_page, PAGE_INLINE},
    {"/auth/signout", HTTP_POST, signout_post, PAGE_STORAGE},
};

enum { ROUTES = sizeof(table) / sizeof(table[0]) };

void page_renew_deadline(struct page_call *call)
{
    node_stores_deadline(call->stores, clock_monotonic() + call->pages->options.storage_timeout);
}

static void handle(struct http_request *request, struct http_reply *reply, void *worker)
{
    const struct page_endpoint *endpoint = request->route_data;
    struct page_call call = {.pages = endpoint->pages, .request = request, .reply = reply};
    if (endpoint->where == PAGE_SIGNIN && worker != NULL) {
        call.stores = &((struct pages_worker *)worker)->stores;
        call.signin = &((struct pages_worker *)worker)->signin;
    } else if (endpoint->where == PAGE_STORAGE) {
        call.stores = worker;
    }
    if (endpoint->where == PAGE_STORAGE && call.stores != NULL) /* the time that it waited for a thread counts */
        node_stores_deadline(call.stores, request->received + call.pages->options.storage_timeout);
    else if (call.stores != NULL)
        page_renew_deadline(&call);
    if (call.stores == NULL && endpoint->where != PAGE_INLINE) {
        err_set(&call.err, HEARTH_ERR_UNAVAILABLE, "no thread for it");
        page_error(&call);
    } else {
        endpoint->run(&call);
    }
    if (call.stores != NULL) {
        node_stores_deadline(call.stores, 0);
        node_stores_reset(call.stores);
    }
    buf_fini(&call.html);
}

static void make_routes(struct pages *pages)
{
    for (size_t i = 0; i < ROUTES; i++) {
        pages->endpoints[i] = (struct page_endpoint){pages, table[i].run, table[i].where};
        pages->routes[i] = (struct http_route){
            .path = table[i].path,
            .methods = table[i].method,
            .kind = table[i].where == PAGE_INLINE ? HTTP_INLINE : HTTP_POOLED,
            .handler = handle,
            .data = &pages->endpoints[i],
            .max_body = table[i].method == HTTP_POST ? FORM_MAX : 0,
            .pool = table[i].where == PAGE_SIGNIN ? &pages->options.signin_pool : NULL,
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
        gate_init(&pages->sso_gates[i], options->step_timeout / GATE_PART);
    pages->attempts = attempts_create(signin_vault(options->signin), ATTEMPTS_MAX);
    pages->steps = rate_create(STEPS_MAX, WINDOW);
    pages->answers = guesses_create(WRONG_ANSWERS_MAX);
    pages->codes = guesses_create(WRONG_CODES_MAX);
    pages->noted = rate_create(NOTED_MAX, WINDOW);
    pages->routes = calloc(ROUTES, sizeof(*pages->routes));
    pages->endpoints = calloc(ROUTES, sizeof(*pages->endpoints));
    if (pages->attempts == NULL || pages->steps == NULL || pages->answers == NULL || pages->codes == NULL || pages->noted == NULL ||
        pages->routes == NULL || pages->endpoints == NULL) {
        pages_destroy(pages);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    make_routes(pages);
    *ret_pages = pages;
    return 0;
}

void pages_destroy(struct pages *pages)
{
    if (pages == NULL)
        return;
    attempts_destroy(pages->attempts);
    for (size_t i = 0; i < PAGES_SSO_MAX; i++)
        gate_fini(&pages->sso_gates[i]);
    rate_destroy(pages->steps);
    guesses_destroy(pages->answers);
    guesses_destroy(pages->codes);
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
