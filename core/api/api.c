/* Routes, and the way of every request: who asks, is it unchanged, is it in the cache, else the
 * resource's function. */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/outage.h"
#include "search/search.h"

enum {
    BODY_MAX = 16 * 1024,
    REFUSED_MAX = 20,
    REFUSED_WINDOW = 15 * 60 * 1000,
    VOUCHED_WINDOW = 60 * 60 * 1000
};

/* Devices with tabs; pages are told with the bookmarks they have, and bookmarks with visits. */
enum {
    ON_TABS = API_ON_TABS,
    ON_BOOKMARKS = MERGE_CHANGED(HEARTH_BOOKMARKS),
    ON_HISTORY = MERGE_CHANGED(HEARTH_HISTORY),
    ON_PAGES = ON_BOOKMARKS | ON_HISTORY,
    ON_ALL = ON_TABS | ON_PAGES
};

static const struct {
    const char *path;
    unsigned methods;
    int (*run)(struct api_call *call);
    unsigned flags;
    unsigned audience; /* of enum http_audience; 0: people */
    unsigned reads;
    void (*ask)(struct api_call *call);
} table[] = {
    {"/api/v1/node", HTTP_GET, api_node_get, API_OPEN},
    {"/api/v1/me", HTTP_GET, api_me_get, 0},
    {"/api/v1/me", HTTP_DELETE, api_me_delete, API_CHANGES},
    {"/api/v1/sync", HTTP_POST, api_sync_post, API_CHANGES},
    {"/api/v1/devices", HTTP_GET, api_devices_get, .reads = ON_TABS, .ask = api_devices_ask},
    {"/api/v1/devices/*", HTTP_PATCH, api_device_patch, API_CHANGES},
    {"/api/v1/tabs", HTTP_GET, api_tabs_get, .reads = ON_TABS, .ask = api_tabs_ask},
    {"/api/v1/bookmarks", HTTP_GET, api_bookmarks_get, .reads = ON_PAGES, .ask = api_bookmarks_ask},
    {"/api/v1/bookmarks/*", HTTP_GET, api_bookmark_get, .reads = ON_PAGES},
    {"/api/v1/tags", HTTP_GET, api_tags_get, .reads = ON_BOOKMARKS},
    {"/api/v1/history", HTTP_GET, api_history_get, .reads = ON_PAGES, .ask = api_history_ask},
    {"/api/v1/history/days", HTTP_GET, api_history_days_get, .reads = ON_HISTORY},
    {"/api/v1/history/sites", HTTP_GET, api_history_sites_get, .reads = ON_PAGES},
    {"/api/v1/pages/*", HTTP_GET, api_page_get, .reads = ON_PAGES, .ask = api_page_ask},
    {"/api/v1/changes", HTTP_GET, api_changes_get, .reads = ON_ALL},
    {"/api/v1/search", HTTP_GET, api_search_get, API_PICKED, .reads = ON_ALL},
    {"/api/v1/search/picked", HTTP_POST, api_search_picked_post, API_CHANGES},
    {"/api/v1/suggest", HTTP_GET, api_suggest_get, API_PICKED | API_SUGGESTS, .reads = ON_ALL},
    {"/api/v1/events", HTTP_GET, api_events_get, 0},
    {"/api/v1/settings", HTTP_GET, api_settings_get, 0},
    {"/api/v1/settings", HTTP_PATCH, api_settings_patch, API_CHANGES},
    {"/api/v1/session", HTTP_DELETE, api_own_session_delete, 0},
    {"/api/v1/sessions", HTTP_GET, api_sessions_get, 0},
    {"/api/v1/sessions", HTTP_DELETE, api_sessions_delete, API_CHANGES},
    {"/api/v1/sessions/*", HTTP_DELETE, api_session_delete, API_CHANGES},
    {"/api/v1/links", HTTP_POST, api_links_post, API_CHANGES | API_SECRET},
    {"/api/v1/tokens", HTTP_GET, api_tokens_get, 0},
    {"/api/v1/tokens", HTTP_POST, api_tokens_post, API_CHANGES | API_SECRET},
    {"/api/v1/tokens/*", HTTP_DELETE, api_token_delete, API_CHANGES},
    {"/api/v1/removals", HTTP_GET, api_removals_get, 0},
    {"/api/v1/removals", HTTP_POST, api_removals_post, API_CHANGES},
    {"/api/v1/removals/*", HTTP_DELETE, api_removal_delete, API_CHANGES},
    {"/api/v1/push", HTTP_GET, api_push_get, 0},
    {"/api/v1/push", HTTP_POST, api_push_post, API_SECRET},
    {"/api/v1/push/*", HTTP_DELETE, api_push_delete, 0},
    {"/api/v1/export/*", HTTP_GET, api_export_get, API_EXPORTS, .reads = ON_ALL},
    {"/healthz", HTTP_GET, api_healthz_get, API_OPEN | API_AT_ONCE,
     HTTP_PEOPLE | HTTP_METRICS | HTTP_CONTROL},
    {"/readyz", HTTP_GET, api_readyz_get, API_OPEN | API_AT_ONCE,
     HTTP_PEOPLE | HTTP_METRICS | HTTP_CONTROL},
    {"/version", HTTP_GET, api_version_get, API_OPEN | API_AT_ONCE, HTTP_PEOPLE},
    {"/metrics", HTTP_GET, api_metrics_get, API_OPEN | API_AT_ONCE, HTTP_METRICS | HTTP_CONTROL},
};

enum { ENDPOINTS = sizeof(table) / sizeof(table[0]) };

/* What a person is told of an error whose details are none of theirs. */
static int problem_of_error(const struct err *err, struct hearth_sentence *ret_sentence)
{
    switch (err->code) {
    case HEARTH_ERR_NOT_FOUND:
        *ret_sentence = api_says_not_found();
        return 404;
    case HEARTH_ERR_INVALID:
        *ret_sentence = api_says_refused(err->text);
        return 400;
    case HEARTH_ERR_UNAVAILABLE:
        *ret_sentence = api_says_unavailable();
        return 503;
    case HEARTH_ERR_TIMEOUT:
        *ret_sentence = api_says_unavailable_slow();
        return 503;
    case HEARTH_ERR_CANCELLED:
        *ret_sentence = api_says_unavailable_stopping();
        return 503;
    case HEARTH_ERR_FULL:
        *ret_sentence = api_says_full();
        return 503;
    case HEARTH_ERR_DENIED:
        *ret_sentence = api_says_storage_refused();
        return 500;
    case HEARTH_ERR_IO:
        *ret_sentence = api_says_storage_failed();
        return 500;
    case HEARTH_ERR_CORRUPT:
        *ret_sentence = api_says_damaged();
        return 500;
    case HEARTH_ERR_UNCERTAIN:
        *ret_sentence = api_says_uncertain();
        return 500;
    default:
        *ret_sentence = api_says_internal();
        return 500;
    }
}

static void reply_error(struct api_call *call)
{
    struct hearth_sentence sentence;
    int status = problem_of_error(&call->err, &sentence);
    if (status >= 500)
        log_event(outage_level_of_request(&call->err, HEARTH_LOG_ERROR), "api", "request failed",
                  LOG_TEXT("path", call->request->path), LOG_TEXT("error", call->err.text));
    if (status == 503)
        http_reply_header(call->reply, "retry-after", "5");
    http_reply_problem(call->reply, status, sentence);
}

static int endpoint_find_account(struct api_call *call, const struct api_endpoint *endpoint)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    if (endpoint->reads != 0 && plug_storage_ask_begin(call->storage)) {
        STORAGE_ASK(call->storage, account_get, call->account, &account);
        api_generations_ask(call);
        if (endpoint->ask != NULL)
            endpoint->ask(call);
        plug_storage_ask_end(call->storage);
    }
    int r = STORAGE(call->storage, &call->err, account_get, call->account, &account);
    if (r == 0 && endpoint->reads != 0) {
        struct account_generations of;
        r = api_generations_read(call, account.generation, &of);
        if (r == 0)
            api_generations_set(call->api->generations, call->account, &of);
        call->newest = api_generations_newest(&of, endpoint->reads);
    }
    if (r < 0)
        return r;
    call->generation = account.generation;
    api_auth_touch_last_seen(call->api, call->who);
    return 0;
}

static int run_authenticated(struct api_call *call, const struct api_endpoint *endpoint,
                             struct identity *identity)
{
    struct proof proof;
    if (!api_auth_proof(call->request, &proof))
        return AUTH_NOBODY;
    int r = api_auth_look_up(call, &proof, identity);
    if (r < 0)
        return r;
    if (identity->node != call->api->options.nodes->own)
        return api_node_elsewhere(call, identity->node);
    call->who = identity;
    call->account = identity->account;
    call->reply->account = arena_strdup(&call->request->arena, identity->account);
    if ((endpoint->flags & API_CHANGES) != 0 && identity->read_only)
        return api_problem(call, 403, api_says_read_only());
    r = endpoint_find_account(call, endpoint);
    if (r == HEARTH_ERR_NOT_FOUND) { /* removed, or moved to another node */
        api_token_cache_clear(call->api->tokens);
        r = api_node_of_proof(call, &proof, &identity->node);
        return r == 0 ? api_node_elsewhere(call, identity->node) : r;
    }
    if (r < 0)
        return r;
    api_node_set_cookie(call, identity->node);
    if (endpoint->reads != 0 &&
        api_validate_from_cache(endpoint, call->request, call->account, call->newest, call->reply))
        return 0;
    r = endpoint->run(call);
    if (r == 0 && endpoint->reads != 0 && call->reply->stream == NULL)
        api_validate_keep(call, endpoint);
    else if (r == 0 && endpoint->reads == 0 &&
             (call->request->method & (HTTP_GET | HTTP_HEAD)) != 0)
        api_validate_content(call);
    return r;
}

static void endpoint_handle(struct http_request *request, struct http_reply *reply, void *worker)
{
    const struct api_endpoint *endpoint = request->route_data;
    struct api_call call = {.api = endpoint->api,
                            .request = request,
                            .reply = reply,
                            .storages = worker,
                            .now = clock_now()};
    struct identity identity;
    int r = 0;
    lock_border("a request is handled");
    if (worker != NULL) { /* since it came: the time that it waited for a thread counts */
        nodes_storages_deadline(worker, request->received + endpoint->api->options.storage_timeout);
        call.storage = nodes_storages_get(worker, endpoint->api->options.nodes->own, &call.err);
    }
    if (call.storage == NULL && (endpoint->flags & API_OPEN) == 0)
        r = call.err.code != 0
                ? call.err.code
                : err_set(&call.err, HEARTH_ERR_UNAVAILABLE, "no handle of the storage");
    else if ((endpoint->flags & API_OPEN) != 0)
        r = endpoint->run(&call);
    else
        r = run_authenticated(&call, endpoint, &identity);
    if (r == AUTH_NOBODY || r == API_BARRED) {
        api_audit_refused(endpoint->api, request, r);
        if (r == API_BARRED)
            api_auth_refuse_barred(reply);
        else
            api_auth_refuse(reply);
    } else if (r < 0)
        reply_error(&call);
    /* A download is made after this, on the same thread. */
    if (worker != NULL)
        nodes_storages_deadline(
            worker,
            reply->stream != NULL ? clock_monotonic() + endpoint->api->options.export_timeout : 0);
    if (call.storage != NULL && reply->stream == NULL)
        plug_storage_reset(call.storage);
}

/* On the loop, for those routes that are about an account. */
static bool filter_request(struct http_request *request, struct http_reply *reply)
{
    const struct api_endpoint *endpoint = request->route_data;
    struct api *api = endpoint->api;
    struct identity identity;
    struct proof proof;
    lock_border("a request is looked at");
    if (!api_auth_proof(request, &proof)) {
        api_audit_refused(api, request, AUTH_NOBODY);
        api_auth_refuse(reply);
        return true;
    }
    if (api_auth_is_forged(api, request, &proof)) {
        api_auth_refuse_forged(reply);
        return true;
    }
    if (!api_token_cache_get(api->tokens, proof.hash, &identity))
        return false;
    reply->account = arena_strdup(&request->arena, identity.account);
    struct account_generations of;
    return endpoint->reads != 0 && api_generations_get(api->generations, identity.account, &of) &&
           api_validate_from_cache(endpoint, request, identity.account,
                                   api_generations_newest(&of, endpoint->reads), reply);
}

const struct api_endpoint *api_endpoint_by_path(const struct api *api, const char *path)
{
    size_t found = 0;
    while (found < ENDPOINTS &&
           (strcmp(table[found].path, path) != 0 || (table[found].methods & HTTP_GET) == 0))
        found++;
    ASSERT(found < ENDPOINTS);
    return &api->endpoints[found];
}

int api_who(struct api *api, struct http_request *request, struct node_storages *storages,
            struct api_person *ret_person, struct err *err)
{
    struct api_call call = {.api = api, .request = request, .storages = storages};
    struct identity identity;
    struct proof proof;
    if (!api_auth_proof(request, &proof)) {
        api_audit_refused(api, request, AUTH_NOBODY);
        return HEARTH_ERR_DENIED;
    }
    call.storage = nodes_storages_get(storages, api->options.nodes->own, err);
    if (call.storage == NULL)
        return err->code;
    int r = api_auth_look_up(&call, &proof, &identity);
    if (r == AUTH_NOBODY || r == API_BARRED) {
        api_audit_refused(api, request, r);
        return r == API_BARRED ? r : HEARTH_ERR_DENIED;
    }
    /* by the storage: another thing than being nobody, and none of the person's */
    if (r == HEARTH_ERR_DENIED)
        r = call.err.code = HEARTH_ERR_IO;
    if (r < 0) {
        *err = call.err;
        return r;
    }
    if (identity.node == api->options.nodes->own)
        api_auth_touch_last_seen(api, &identity);
    *ret_person = (struct api_person){.node = identity.node, .read_only = identity.read_only};
    memcpy(ret_person->account, identity.account, sizeof(ret_person->account));
    if (identity.kind == PROOF_BROWSER)
        memcpy(ret_person->session, identity.token, sizeof(ret_person->session));
    return api_auth_door(request, &identity, &ret_person->door, err);
}

void api_auth_free(void *auth)
{
    free(auth);
}

static void *cached_ref(void *shared)
{
    return http_shared_ref(shared);
}

static void cached_unref(void *shared)
{
    http_shared_unref(shared);
}

static void api_make_routes(struct api *api)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        unsigned flags = table[i].flags;
        api->endpoints[i] =
            (struct api_endpoint){api, table[i].run, table[i].ask, flags, table[i].reads};
        api->routes[i] = (struct http_route){
            .path = table[i].path,
            .methods = table[i].methods,
            .kind = (flags & API_AT_ONCE) != 0 ? HTTP_INLINE : HTTP_POOLED,
            .filter = (flags & API_OPEN) != 0 ? NULL : filter_request,
            .handler = endpoint_handle,
            .data = &api->endpoints[i],
            .pool = (flags & API_EXPORTS) != 0 ? &api->options.export_pool : NULL,
            .audience = table[i].audience == 0 ? (unsigned)HTTP_PEOPLE : table[i].audience,
            .max_body = (table[i].methods & (HTTP_POST | HTTP_PATCH)) != 0 ? BODY_MAX : 0,
            .secret = (flags & API_SECRET) != 0,
            .any_host = (table[i].audience & HTTP_METRICS) != 0,
        };
    }
}

int api_create(const struct api_options *options, struct api **ret_api, struct err *err)
{
    struct api *api = calloc(1, sizeof(*api));
    if (api == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    api->options = *options;
    api->routes = calloc(ENDPOINTS, sizeof(*api->routes));
    api->endpoints = calloc(ENDPOINTS, sizeof(*api->endpoints));
    api->cache = api_response_cache_create(options->cache_memory, cached_ref, cached_unref);
    api->tokens = api_token_cache_create();
    api->generations = api_generations_create();
    api->asked = backoff_create();
    api->refused = rate_create(REFUSED_MAX, REFUSED_WINDOW);
    api->vouched = rate_create(1, VOUCHED_WINDOW);
    api->version = strdup(options->version);
    if (api->routes == NULL || api->endpoints == NULL || api->cache == NULL ||
        api->tokens == NULL || api->generations == NULL || api->asked == NULL ||
        api->refused == NULL || api->vouched == NULL || api->version == NULL) {
        api_destroy(api);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    api_make_routes(api);
    *ret_api = api;
    return 0;
}

void api_destroy(struct api *api)
{
    if (api == NULL)
        return;
    api_response_cache_destroy(api->cache);
    api_token_cache_destroy(api->tokens);
    api_generations_destroy(api->generations);
    backoff_destroy(api->asked);
    rate_destroy(api->refused);
    rate_destroy(api->vouched);
    free(api->routes);
    free(api->endpoints);
    free(api->version);
    free(api);
}

const struct http_route *api_routes(struct api *api, size_t *ret_count)
{
    *ret_count = ENDPOINTS;
    return api->routes;
}

void api_changed(struct api *api, const char *account, int64_t generation)
{
    api_generations_outdate(api->generations, account, generation);
    search_changed(api->options.search, account, generation);
}
