/* The role web: the services, the pages, signing in, and the listeners. Without the role only
 * listeners for metrics are opened. */
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <openssl/sha.h>

#include "auth/oidc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "codec/codec.h"
#include "main/control.h"
#include "main/control_serve.h"
#include "main/forget.h"
#include "main/serve.h"
#include "main/version.h"
#include "signin/gate.h"

enum { POOL_QUEUE = 4096, SIGNIN_SPARE = 2, SIGNIN_QUEUE = 64, EXPORT_QUEUE = 256 };

_Static_assert((int)CONF_OIDC_MAX <= (int)PAGES_SSO_MAX, "every [oidc] section has its place");

static int web_open_worker(void *ctx, void **ret_worker, struct err *err)
{
    struct daemon *d = ctx;
    struct node_storages *storages = malloc(sizeof(*storages));
    if (storages == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    nodes_storages_init(storages, &d->app.nodes);
    *ret_worker = storages;
    return 0;
}

static void web_close_worker(void *worker)
{
    nodes_storages_close(worker);
    free(worker);
}

static void web_interrupt_worker(void *worker)
{
    nodes_storages_interrupt(worker);
}

static int request_sync(void *ctx, const char *account, struct err *err)
{
    return jobs_request(((struct daemon *)ctx)->jobs, account, err);
}

static void touch_last_seen(void *ctx, const char *account, const char *token)
{
    jobs_note_seen(((struct daemon *)ctx)->jobs, account, token);
}

static bool is_syncing(void *ctx, const char *account)
{
    return jobs_is_syncing(((struct daemon *)ctx)->jobs, account);
}

void main_serve_account_removed(void *ctx, const char *account)
{
    struct daemon *d = ctx;
    for (size_t i = 0; i < d->app.provider_count; i++) {
        const struct hearth_sync *ops = plug_ops(d->app.providers[i]);
        ops->forget(plug_self(d->app.providers[i]), account);
    }
}

static struct hearth_sentence explain_next(void *ctx, const struct hearth_account *account)
{
    return jobs_explain_next(((struct daemon *)ctx)->jobs, account);
}

static void authority_ended(void *ctx, const char *account)
{
    struct daemon *d = ctx;
    if (d->http != NULL)
        http_end_events(d->http, account);
}

static int notify_others(void *ctx, const char *account, const char *event, struct err *err)
{
    return jobs_send_event(((struct daemon *)ctx)->jobs, account, event, err);
}

static void notify_all(void *ctx, const char *account, const char *event)
{
    jobs_event(((struct daemon *)ctx)->jobs, account, event);
}

int main_serve_create_api(struct daemon *d, struct err *err)
{
    const struct conf_section *web = conf_section(d->app.conf, "web", 0);
    int r = api_refresher_create(&d->app.nodes, conf_number(web, "storage_timeout"), &d->refresher,
                                 err);
    struct search_config config = {.memory = (size_t)conf_number(web, "search_memory"),
                                   .refresh = api_refresh,
                                   .refresh_ctx = d->refresher};
    if (r == 0)
        r = search_create(&config, &d->search, err);
    if (r < 0)
        return r;
    json_t *version = main_version_json(&d->app);
    char *text = json_dumps(version, JSON_COMPACT);
    struct api_options options = {
        .nodes = &d->app.nodes,
        .search = d->search,
        .storage_timeout = conf_number(web, "storage_timeout"),
        .export_timeout = conf_number(web, "export_timeout"),
        .export_pool = {d->export_pool, pool_run_until},
        .cache_memory = (size_t)conf_number(web, "cache_memory"),
        .base_url = conf_text(web, "base_url"),
        .sessions = main_app_session_limits(&d->app),
        .allow = d->app.allow,
        .version = text == NULL ? "{}" : text,
        .request_sync = request_sync,
        .touch_last_seen = touch_last_seen,
        .is_syncing = is_syncing,
        .explain_next = explain_next,
        .account_removed = main_serve_account_removed,
        .authority_ended = authority_ended,
        .notify_others = notify_others,
        .notify_all = notify_all,
        .push = d->push,
        .readiness = main_serve_readiness,
        .ctx = d,
    };
    r = api_create(&options, &d->api, err);
    free(text);
    json_decref(version);
    return r;
}

int main_serve_create_pool(struct daemon *d, struct err *err)
{
    struct pool_options options = {
        .name = "storage",
        .threads = (d->roles & ROLE_WEB) != 0
                       ? (int)conf_get_number(d->app.conf, "web", "storage_threads")
                       : 1,
        .queue_limit = POOL_QUEUE,
        .open = web_open_worker,
        .close = web_close_worker,
        .interrupt = web_interrupt_worker,
        .ctx = d,
    };
    return pool_create(&options, &d->pool, err);
}

/* Before the services, whose routes name it. */
int main_serve_create_export_pool(struct daemon *d, struct err *err)
{
    struct pool_options options = {
        .name = "export",
        .threads = (int)conf_get_number(d->app.conf, "web", "export_threads"),
        .queue_limit = EXPORT_QUEUE,
        .open = web_open_worker,
        .close = web_close_worker,
        .interrupt = web_interrupt_worker,
        .ctx = d,
    };
    return (d->roles & ROLE_WEB) == 0 ? 0 : pool_create(&options, &d->export_pool, err);
}

/* --- signing in --- */

static int open_signin_worker(void *ctx, void **ret_worker, struct err *err)
{
    struct daemon *d = ctx;
    struct pages_worker *worker = malloc(sizeof(*worker));
    if (worker == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    nodes_storages_init(&worker->storages, &d->app.nodes);
    signin_worker_init(&worker->signin, d->signin);
    *ret_worker = worker;
    return 0;
}

static void close_signin_worker(void *worker)
{
    struct pages_worker *w = worker;
    signin_worker_close(&w->signin);
    nodes_storages_close(&w->storages);
    free(w);
}

static void interrupt_signin_worker(void *worker)
{
    struct pages_worker *w = worker;
    signin_worker_interrupt(&w->signin);
    nodes_storages_interrupt(&w->storages);
}

void main_serve_interrupt_people(void *ctx)
{
    struct daemon *d = ctx;
    struct pool *const pools[] = {d->pool, d->export_pool, d->signin_pool};
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
        if (pools[i] != NULL)
            pool_interrupt(pools[i]);
}

static void signed_in(void *ctx, const char *account, size_t node)
{
    struct daemon *d = ctx;
    struct err err = {0};
    api_forget(d->api, account);
    if (node == d->app.nodes.own && jobs_request(d->jobs, account, &err) < 0)
        log_event(log_level_of(&err, HEARTH_LOG_WARNING), "main", "first sync put off",
                  LOG_TEXT("account", account), LOG_TEXT("error", err.text));
}

int main_serve_add_sso(struct daemon *d, const struct conf_section *section, struct err *err)
{
    struct oidc_config config = {
        .name = conf_section_name(section),
        .issuer = conf_text(section, "issuer"),
        .client_id = conf_text(section, "client_id"),
        .client_secret = conf_text(section, "client_secret"),
        .scopes = conf_text(section, "scopes"),
        .insecure_http = conf_number(section, "insecure_http") != 0,
        .private_addresses = conf_number(section, "private_addresses") != 0,
    };
    const char *title = conf_text(section, "title");
    struct pages_sso *sso = &d->sso[d->sso_count];
    int r = auth_oidc_create(&config, d->app.net, &sso->oidc, err);
    if (r < 0)
        return r;
    sso->name = config.name;
    sso->title = title == NULL ? config.name : title;
    d->sso_count++;
    return 0;
}

void main_serve_fini_sso(struct daemon *d)
{
    for (size_t i = 0; i < d->sso_count; i++)
        auth_oidc_destroy(d->sso[i].oidc);
    d->sso_count = 0;
}

static int create_sso(struct daemon *d, struct err *err)
{
    const struct conf_section *section;
    int r = 0;
    for (size_t i = 0; r == 0 && (section = conf_section(d->app.conf, "oidc", i)) != NULL; i++)
        r = main_serve_add_sso(d, section, err);
    return r;
}

/* As many as may wait for servers elsewhere, and a few that never do: all those servers may hang
 * at once. A thread costs little until it is used. */
static int signin_threads(const struct daemon *d)
{
    return SIGNIN_THREADS * (int)d->app.provider_count + GATE_THREADS * (int)d->sso_count +
           SIGNIN_SPARE;
}

static void add_to_likeness(void *ctx, const char *section, const char *key, const char *value,
                            const char *origin, bool reloaded)
{
    struct buf *text = ctx;
    (void)origin;
    (void)reloaded;
    if (str_starts(section, "sync ") || str_starts(section, "oidc "))
        buf_printf(text, "\n%s\n%s\n%s", section, key, value);
}

/* Release and providers: what numbers and states of a pending sign-in mean. */
static int signin_likeness(const struct conf *conf, char likeness[SIGNIN_SHELF_LIKENESS_SIZE],
                           struct err *err)
{
    struct buf text = {0};
    uint8_t digest[SHA256_DIGEST_LENGTH];
    buf_add_text(&text, HEARTH_VERSION);
    conf_each(conf, add_to_likeness, &text);
    int r = buf_failed(&text) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    if (r == 0) {
        SHA256((const uint8_t *)text.data, text.size, digest);
        codec_hex_encode(digest, sizeof(digest), likeness);
    }
    buf_fini(&text);
    return r;
}

int main_serve_create_pages(struct daemon *d, struct err *err)
{
    if ((d->roles & ROLE_WEB) == 0)
        return 0;
    int r = main_app_create_signin(&d->app, &d->signin, err);
    if (r == 0)
        r = create_sso(d, err);
    struct pool_options pool = {.name = "signin",
                                .threads = signin_threads(d),
                                .queue_limit = SIGNIN_QUEUE,
                                .open = open_signin_worker,
                                .close = close_signin_worker,
                                .interrupt = interrupt_signin_worker,
                                .ctx = d};
    if (r == 0)
        r = pool_create(&pool, &d->signin_pool, err);
    d->shelf = (struct signin_shelf){
        .self = d->jobs, .put = jobs_keep_put, .take = jobs_keep_take, .remove = jobs_keep_remove};
    if (r == 0)
        r = signin_likeness(d->app.conf, d->shelf.likeness, err);
    struct pages_options options = {
        .nodes = &d->app.nodes,
        .api = d->api,
        .signin = d->signin,
        .sso = d->sso,
        .sso_count = d->sso_count,
        .shelf = plug_extension(d->app.queue, PLUG_QUEUE_KEEP) == NULL ? NULL : &d->shelf,
        .base_url = conf_get_text(d->app.conf, "web", "base_url"),
        .sessions = main_app_session_limits(&d->app),
        .signin_pool = {d->signin_pool, pool_run_until},
        .storage_timeout = conf_get_number(d->app.conf, "web", "storage_timeout"),
        .step_timeout = conf_get_number(d->app.conf, "auth", "step_timeout"),
        .signed_in = signed_in,
        .ctx = d,
    };
    if (r == 0)
        r = pages_app_create(conf_get_text(d->app.conf, "web", "app_dir"),
                             main_app_base_path(&d->app), &d->web_app, err);
    return r == 0 ? pages_create(&options, &d->pages, err) : r;
}

/* Services say themselves for whom they are; pages and files are people's, control routes the
 * command line's, whatever their tables say. */
static int join_routes(struct daemon *d, size_t *ret_count, struct err *err)
{
    struct {
        const struct http_route *routes;
        size_t count;
        unsigned audience; /* 0: as the routes say */
    } parts[4] = {{main_control_routes, main_control_route_count, HTTP_CONTROL},
                  {.audience = HTTP_PEOPLE},
                  {.audience = 0},
                  {.audience = HTTP_PEOPLE}};
    size_t n = 0;
    /* before what is ours, which wins where the app has a file of the same path */
    if (d->web_app != NULL)
        parts[1].routes = pages_app_routes(d->web_app, &parts[1].count);
    parts[2].routes = api_routes(d->api, &parts[2].count);
    if (d->pages != NULL)
        parts[3].routes = pages_routes(d->pages, &parts[3].count);
    d->routes = calloc(parts[0].count + parts[1].count + parts[2].count + parts[3].count,
                       sizeof(*d->routes));
    if (d->routes == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < parts[i].count; k++, n++) {
            d->routes[n] = parts[i].routes[k];
            d->routes[n].audience =
                parts[i].audience != 0 ? parts[i].audience : d->routes[n].audience;
        }
    *ret_count = n;
    return 0;
}

enum { SERVES_PEOPLE, SERVES_METRICS }; /* in the order of the schema */

size_t main_serve_listeners(struct daemon *d, struct http_listener *ret)
{
    const struct conf_section *section;
    size_t n = 0;
    for (size_t i = 0; (section = conf_section(d->app.conf, "listen", i)) != NULL; i++) {
        enum http_audience audience =
            conf_number(section, "serves") == SERVES_METRICS ? HTTP_METRICS : HTTP_PEOPLE;
        if (audience == HTTP_PEOPLE && (d->roles & ROLE_WEB) == 0)
            continue; /* there are no people's pages without the role web */
        ret[n++] = (struct http_listener){
            .name = conf_section_name(section),
            .address = conf_text(section, "address"),
            .certificate = conf_text(section, "tls_certificate"),
            .key = conf_text(section, "tls_key"),
            .audience = audience,
        };
    }
    char path[4096];
    if (main_control_path(d->app.state_dir, path, sizeof(path))) {
        snprintf(d->control, sizeof(d->control), "unix:%s", path);
        ret[n++] = (struct http_listener){
            .name = "control", .address = d->control, .audience = HTTP_CONTROL, .mode = 0600};
    } else {
        log_event(HEARTH_LOG_WARNING, "main", "no control socket",
                  LOG_TEXT("state_dir", d->app.state_dir),
                  LOG_TEXT("hint", "its path is too long, so hearthd queue and healthcheck do not "
                                   "work: choose a shorter one"));
    }
    return n;
}

void main_serve_certificate_words(const char *file, int64_t ends, struct buf *ret_words)
{
    time_t seconds = (time_t)(ends / 1000);
    struct tm tm;
    char day[32] = "?";
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(day, sizeof(day), "%Y-%m-%d", &tm);
    buf_printf(ret_words,
               ends <= clock_now()
                   ? "%s: the certificate has ended on %s, so browsers refuse it: renew it"
                   : "%s: the certificate ends on %s",
               file, day);
}

/* Served all the same: a certificate that has just ended must not be the reason why nothing
 * comes up again. */
static void warn_of_certificates(const struct http_listener *listeners, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf words = {0};
        int64_t ends;
        bool of_key;
        if (listeners[i].certificate == NULL ||
            http_certificate_ends(listeners[i].certificate, listeners[i].key, &ends, &of_key,
                                  NULL) < 0)
            continue;
        main_serve_certificate_words(listeners[i].certificate, ends, &words);
        if (ends - clock_now() < 14LL * 24 * 3600 * 1000)
            log_event(HEARTH_LOG_WARNING, "main", "certificate ends", LOG_TEXT("error", words.data),
                      LOG_TEXT("hint", "renew it, then hearthd reload"));
        buf_fini(&words);
    }
}

/* The host of "https://host:port/", in lower case; NULL: none. */
static char *host_of_url(struct arena *arena, const char *url)
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL)
        return NULL;
    char *name = arena_strndup(arena, host + 3, strcspn(host + 3, ":/"));
    codec_lower_text(name);
    return name;
}

/* The names that people reach this server by. */
static const char *const *known_hosts(struct daemon *d, struct arena *arena, size_t *ret_count)
{
    const struct conf_list *listed = conf_hosts(conf_section(d->app.conf, "web", 0), "hosts");
    const char **hosts =
        arena_alloc(arena, (listed->count + d->app.nodes.count + 1) * sizeof(*hosts));
    size_t n = 0;
    for (size_t i = 0; hosts != NULL && i < listed->count; i++)
        hosts[n++] = listed->items[i];
    for (size_t i = 0; hosts != NULL && i <= d->app.nodes.count; i++) {
        const char *url = i < d->app.nodes.count ? d->app.nodes.items[i].url
                                                 : conf_get_text(d->app.conf, "web", "base_url");
        const char *host = host_of_url(arena, url);
        if (host != NULL)
            hosts[n++] = host;
    }
    *ret_count = n;
    return hosts;
}

/* The path alone: links and what a provider sends back are in queries. */
static void note_access(const struct http_request *request, const char *account, int status,
                        size_t bytes, int64_t ms, void *ctx)
{
    (void)ctx;
    if (!log_access_is_on())
        return;
    log_access(LOG_TEXT("address", request->remote),
               LOG_TEXT("method", http_method_name(request->method)),
               LOG_TEXT("path", request->path), LOG_INT("status", status), LOG_INT("bytes", bytes),
               LOG_INT("ms", ms), LOG_TEXT("account", account));
}

/* What a socket unit has opened (systemd.socket(5)), with the names to free. */
static size_t take_over_sockets(struct http_inherited ret_sockets[CONF_LISTEN_MAX],
                                char ***ret_names)
{
    int count = sd_listen_fds_with_names(0, ret_names);
    size_t n = 0;
    for (int i = 0; i < count && n < CONF_LISTEN_MAX; i++)
        ret_sockets[n++] =
            (struct http_inherited){.fd = SD_LISTEN_FDS_START + i, .name = (*ret_names)[i]};
    return n;
}

static void free_names(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}

void main_serve_limits(const struct conf *conf, struct http_options *options)
{
    const struct conf_section *web = conf_section(conf, "web", 0);
    options->stall_timeout = conf_number(web, "stall_timeout");
    options->event_interval = conf_number(web, "event_interval");
    options->max_connections = (size_t)conf_number(web, "max_connections");
    options->max_connections_per_address = (size_t)conf_number(web, "max_connections_per_address");
    options->max_pending_requests = (size_t)conf_number(web, "max_pending_requests");
    options->max_pending_requests_per_connection =
        (size_t)conf_number(web, "max_pending_requests_per_connection");
    options->max_pending_requests_per_account =
        (size_t)conf_number(web, "max_pending_requests_per_account");
    options->unsent_per_connection = (size_t)conf_number(web, "unsent_per_connection");
    options->unsent_per_account = (size_t)conf_number(web, "unsent_per_account");
    options->unsent_total = (size_t)conf_number(web, "unsent_total");
    options->export_space = (size_t)conf_number(web, "export_space");
    options->exports_per_account = (size_t)conf_number(web, "exports_per_account");
}

/* Where clients come, for `hearthd healthcheck`. */
static void tell_listeners(const struct daemon *d, const struct http_listener *listeners,
                           size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (listeners[i].audience != HTTP_CONTROL)
            json_array_append_new(list, json_pack("{s:s, s:s}", "name", listeners[i].name, "url",
                                                  http_address(d->http, i)));
    char *text = json_dumps(list, JSON_COMPACT);
    if (text != NULL)
        main_control_serve_listeners(text);
    free(text);
    json_decref(list);
}

int main_serve_start_http(struct daemon *d, struct err *err)
{
    const struct conf_section *web = conf_section(d->app.conf, "web", 0);
    const struct conf_networks *proxies = conf_networks(web, "trusted_proxies");
    struct http_listener listeners[CONF_LISTEN_MAX + 1];
    struct http_inherited sockets[CONF_LISTEN_MAX];
    char **names = NULL;
    struct arena arena; /* http_start() copies what is in it */
    size_t host_count = 0;
    main_control_serve_jobs(d->jobs);
    main_forget_set_api(d->api);
    arena_init(&arena, 0);
    const char *const *hosts = known_hosts(d, &arena, &host_count);
    struct http_options options = {
        .listeners = listeners,
        .listener_count = main_serve_listeners(d, listeners),
        .inherited = sockets,
        .inherited_count = take_over_sockets(sockets, &names),
        .pool = {d->pool, pool_run_until},
        .threads = (int)conf_number(web, "threads"),
        .trusted_proxies = proxies->items,
        .trusted_proxy_count = proxies->count,
        .hosts = hosts,
        .host_count = host_count,
        .base_url = conf_text(web, "base_url"),
        .base_path = main_app_base_path(&d->app),
        .identity_header = conf_get_text(d->app.conf, "auth", "proxy_header"),
        .request_timeout = conf_number(web, "request_timeout"),
        .idle_timeout = conf_number(web, "idle_timeout"),
        .drain_timeout = conf_number(web, "drain_timeout"),
        .pending_timeout = conf_number(web, "storage_timeout"),
        .spool_dir = d->app.state_dir,
        .after = note_access,
        .auth_free = api_auth_free,
        .ctx = d->api,
    };
    main_serve_limits(d->app.conf, &options);
    int r = join_routes(d, &options.route_count, err);
    options.routes = d->routes;
    if ((d->roles & ROLE_WEB) == 0)
        options.threads = 1;
    if (r == 0)
        r = http_start(&options, &d->http, err);
    free_names(names);
    arena_fini(&arena);
    if (r < 0)
        return r;
    warn_of_certificates(listeners, options.listener_count);
    for (size_t i = 0; d->people_come_to == NULL && i < options.listener_count; i++)
        if (listeners[i].audience == HTTP_PEOPLE && strncmp(listeners[i].address, "unix:", 5) != 0)
            d->people_come_to = http_address(d->http, i);
    main_control_serve_address(d->people_come_to);
    tell_listeners(d, listeners, options.listener_count);
    d->listens = d->http;
    return r;
}
