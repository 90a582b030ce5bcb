/* hearthd serve: brings up what the roles need, waits for signals, takes it down again in the opposite order. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/log.h"
#include "main/app.h"
#include "main/control.h"
#include "main/version.h"
#include "pages/pages.h"
#include "pool/pool.h"
#include "search/search.h"

enum {
    ROLE_WEB = 1,
    ROLE_WORKER = 2,
    ROLE_SCHEDULER = 4,
    ROLE_ALL = 7,
    LISTENERS_MAX = 15,
    PROXIES_MAX = 32,
    POOL_QUEUE = 4096,
    SIGNIN_THREADS = 4,
    SIGNIN_QUEUE = 64
};

struct daemon {
    struct app app;
    unsigned roles;
    int lock;
    struct jobs *jobs;
    struct search *search;
    struct api *api;
    struct pool *pool;
    struct signin *signin; /* signing in: role web only */
    struct pool *signin_pool;
    struct pages *pages;
    struct http_server *http;
    _Atomic(struct http_server *) listens; /* the same, for the events thread, which runs before the server does */
    struct http_route *routes, *internal_routes;
    char spool[4096], control[4200];
};

static int parse_roles(const char *text, unsigned *ret, struct err *err)
{
    static const struct {
        const char *name;
        unsigned role;
    } names[] = {{"web", ROLE_WEB}, {"worker", ROLE_WORKER}, {"scheduler", ROLE_SCHEDULER}};
    unsigned roles = 0;
    for (const char *p = text; *p != '\0';) {
        p += strspn(p, " ,");
        size_t n = strcspn(p, " ,"), i = 0;
        while (i < 3 && (strlen(names[i].name) != n || memcmp(names[i].name, p, n) != 0))
            i++;
        if (n == 0)
            break;
        if (i == 3)
            return err_set(err, HEARTH_ERR_INVALID, "there is no role %.*s; there are web, worker, scheduler", (int)n, p);
        roles |= names[i].role;
        p += n;
    }
    *ret = roles;
    return roles != 0 ? 0 : err_set(err, HEARTH_ERR_INVALID, "no role was given; there are web, worker, scheduler");
}

static int check_shared(const struct plug *plug, struct err *err)
{
    const struct hearth_plugin *plugin = plug_descriptor(plug);
    if ((plugin->capabilities & HEARTH_SHARED) != 0)
        return 0;
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s-%s cannot be shared by several processes, so all roles must run in one: use roles = web worker scheduler, "
                   "or another %s plugin",
                   plug_kind_name(plugin->kind), plugin->name, plug_kind_name(plugin->kind));
}

/* Roles in processes of their own need backends that processes can share. */
static int check_split(const struct daemon *d, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && d->roles != ROLE_ALL && i < d->app.nodes.count; i++)
        r = check_shared(d->app.nodes.items[i].storage, err);
    if (r == 0 && d->roles != ROLE_ALL)
        r = check_shared(d->app.queue, err);
    if (r == 0 && (d->roles & ROLE_WEB) != 0 && d->app.nodes.count > 1 && conf_get_text(d->app.conf, "web", "node") == NULL)
        r = err_set(err, HEARTH_ERR_INVALID, "there are %zu nodes: say which one's people this process serves, in [web] node = NAME",
                    d->app.nodes.count);
    return r;
}

/* In a fleet a node that is down for now does not keep the others' processes from starting: who needs it tries again. */
static int connect_node(struct daemon *d, size_t node, struct err *err)
{
    struct err why = {0};
    int r = app_use_node(&d->app, node, &why);
    bool later = r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT;
    if (r == 0 || !app_is_fleet(&d->app) || !later) {
        *err = why;
        return r;
    }
    log_error("main", "the storage does not answer yet: %s", why.text);
    return 0;
}

/* The databases are looked at before anything starts; those that this process brings up have their schema when it says that it is ready. */
static int connect_storage(struct daemon *d, struct err *err)
{
    const struct nodes *nodes = &d->app.nodes;
    int r = 0;
    for (size_t i = 0; r == 0 && i < nodes->count; i++)
        if (nodes->items[i].migrates && i != nodes->own)
            r = connect_node(d, i, err);
    return r == 0 ? connect_node(d, nodes->own, err) : r;
}

/* One daemon for each state directory; its lock tells the command line that it runs. */
static int take_lock(struct daemon *d, struct err *err)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/hearthd.lock", d->app.state_dir);
    d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock < 0)
        return err_errno(err, errno, "cannot open %s", path);
    for (int i = 0; i < 20; i++) { /* a command line that looks holds it for a moment */
        if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
            return 0;
        struct timespec pause = {0, 10 * 1000000};
        nanosleep(&pause, NULL);
    }
    return err_set(err, HEARTH_ERR_CONFLICT, "another hearthd runs on %s", d->app.state_dir);
}

/* --- jobs ------------------------------------------------------------------------------------------------------------------------- */

static void on_event(void *ctx, const char *account, const char *text)
{
    struct daemon *d = ctx;
    if (account[0] == '\0') { /* some were lost: nothing that is remembered can be trusted */
        if (d->api != NULL)
            api_forget(d->api, NULL);
        return;
    }
    json_t *event = json_loads(text, 0, NULL);
    const char *name = json_string_value(json_object_get(event, "event"));
    int64_t generation = json_integer_value(json_object_get(event, "generation"));
    if (name != NULL && d->api != NULL) {
        bool changed = strcmp(name, "changed") == 0;
        if (changed)
            api_changed(d->api, account, generation);
        json_object_del(event, "event");
        char *data = json_dumps(event, JSON_COMPACT);
        struct http_server *http = d->listens;
        if (data != NULL && http != NULL)
            http_publish(http, account, changed ? generation : 0, changed ? "changed" : "sync", data);
        free(data);
    }
    json_decref(event);
}

static int start_jobs(struct daemon *d, struct err *err)
{
    const struct conf *conf = d->app.conf;
    const struct conf_section *scheduler = conf_section(conf, "scheduler", 0), *worker = conf_section(conf, "worker", 0);
    struct jobs_provider providers[APP_PROVIDERS_MAX];
    for (size_t i = 0; i < d->app.provider_count; i++)
        providers[i] = (struct jobs_provider){d->app.provider_names[i], plug_ops(d->app.providers[i]), plug_self(d->app.providers[i])};
    struct jobs_options options = {
        .scheduler = (d->roles & ROLE_SCHEDULER) != 0,
        .worker = (d->roles & ROLE_WORKER) != 0,
        .nodes = &d->app.nodes,
        .queue = plug_ops(d->app.queue),
        .queue_self = plug_self(d->app.queue),
        .providers = providers,
        .provider_count = d->app.provider_count,
        .parallel = (int)conf_number(worker, "parallel"),
        .lease = conf_number(worker, "lease"),
        .tick = conf_number(scheduler, "tick"),
        .claim = conf_number(scheduler, "claim"),
        .batch = conf_number(scheduler, "batch"),
        .on_event = on_event,
        .event_ctx = d,
    };
    app_sync_context(&d->app, &options.sync, d->spool);
    return jobs_start(&options, &d->jobs, err);
}

/* --- web -------------------------------------------------------------------------------------------------------------------------- */

static int open_worker(void *ctx, void **ret_worker, struct err *err)
{
    struct daemon *d = ctx;
    struct node_stores *stores = malloc(sizeof(*stores));
    if (stores == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    node_stores_init(stores, &d->app.nodes);
    *ret_worker = stores;
    return 0;
}

static void close_worker(void *worker)
{
    node_stores_close(worker);
    free(worker);
}

static void interrupt_worker(void *worker)
{
    node_stores_interrupt(worker);
}

static int request_sync(void *ctx, const char *account, struct err *err)
{
    return jobs_request(((struct daemon *)ctx)->jobs, account, err);
}

static void note_seen(void *ctx, struct store *store, const char *account)
{
    jobs_note_seen(((struct daemon *)ctx)->jobs, store, account);
}

static bool is_syncing(void *ctx, const char *account)
{
    return jobs_is_syncing(((struct daemon *)ctx)->jobs, account);
}

static void account_removed(void *ctx, const char *account)
{
    struct daemon *d = ctx;
    for (size_t i = 0; i < d->app.provider_count; i++) {
        const struct hearth_sync *ops = plug_ops(d->app.providers[i]);
        ops->forget(plug_self(d->app.providers[i]), account);
    }
}

/* People of a node need its database; workers and schedulers serve all nodes, and are of use while one answers. */
static int ping_storage(struct daemon *d, struct store *store, struct err *err)
{
    if ((d->roles & ROLE_WEB) == 0)
        return jobs_ping_storages(d->jobs, err);
    return store == NULL ? err_set(err, HEARTH_ERR_UNAVAILABLE, "no session") : STORE(store, err, ping);
}

static void not_ready(void *ctx, struct store *store, struct buf *reasons)
{
    struct daemon *d = ctx;
    struct err err = {0};
    if (ping_storage(d, store, &err) < 0)
        buf_printf(reasons, "The storage does not answer (%s).", err_text(err.code));
    err.code = 0;
    if (jobs_ping(d->jobs, &err) < 0)
        buf_printf(reasons, "%sThe queue does not answer (%s).", reasons->size > 0 ? " " : "", err_text(err.code));
}

static int create_api(struct daemon *d, struct err *err)
{
    const struct conf_section *web = conf_section(d->app.conf, "web", 0);
    struct search_config config = {.memory = (size_t)conf_number(web, "search_memory")};
    int r = search_create(&config, &d->search, err);
    if (r < 0)
        return r;
    json_t *version = version_json(&d->app);
    char *text = json_dumps(version, JSON_COMPACT);
    struct api_options options = {
        .nodes = &d->app.nodes,
        .search = d->search,
        .storage_timeout = conf_number(web, "storage_timeout"),
        .cache_memory = (size_t)conf_number(web, "cache_memory"),
        .base_url = conf_text(web, "base_url"),
        .sessions = app_session_limits(&d->app),
        .public_metrics = conf_number(web, "metrics") != 0,
        .version = text == NULL ? "{}" : text,
        .request_sync = request_sync,
        .note_seen = note_seen,
        .is_syncing = is_syncing,
        .account_removed = account_removed,
        .not_ready = not_ready,
        .ctx = d,
    };
    r = api_create(&options, &d->api, err);
    free(text);
    json_decref(version);
    return r;
}

static int create_pool(struct daemon *d, struct err *err)
{
    struct pool_options options = {
        .name = "storage",
        .threads = (d->roles & ROLE_WEB) != 0 ? (int)conf_get_number(d->app.conf, "web", "storage_threads") : 1,
        .queue_limit = POOL_QUEUE,
        .open = open_worker,
        .close = close_worker,
        .interrupt = interrupt_worker,
        .ctx = d,
    };
    return pool_create(&options, &d->pool, err);
}

/* --- signing in ----------------------------------------------------------------------------------------------------------------------- */

static int open_signin_worker(void *ctx, void **ret_worker, struct err *err)
{
    struct daemon *d = ctx;
    struct pages_worker *worker = malloc(sizeof(*worker));
    if (worker == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    node_stores_init(&worker->stores, &d->app.nodes);
    signin_worker_init(&worker->signin, d->signin);
    *ret_worker = worker;
    return 0;
}

static void close_signin_worker(void *worker)
{
    struct pages_worker *w = worker;
    signin_worker_close(&w->signin);
    node_stores_close(&w->stores);
    free(w);
}

static void interrupt_signin_worker(void *worker)
{
    struct pages_worker *w = worker;
    signin_worker_interrupt(&w->signin);
    node_stores_interrupt(&w->stores);
}

static void signed_in(void *ctx, const char *account, size_t node)
{
    struct daemon *d = ctx;
    struct err err = {0};
    account_removed(d, account);
    api_forget(d->api, account);
    if (node == d->app.nodes.own && jobs_request(d->jobs, account, &err) < 0)
        log_warning("main", "the first sync waits for the schedule: %s", err.text);
}

static int create_pages(struct daemon *d, struct err *err)
{
    struct pool_options pool = {.name = "signin",
                                .threads = SIGNIN_THREADS,
                                .queue_limit = SIGNIN_QUEUE,
                                .open = open_signin_worker,
                                .close = close_signin_worker,
                                .interrupt = interrupt_signin_worker,
                                .ctx = d};
    if ((d->roles & ROLE_WEB) == 0)
        return 0;
    int r = app_create_signin(&d->app, &d->signin, err);
    if (r == 0)
        r = pool_create(&pool, &d->signin_pool, err);
    struct pages_options options = {
        .nodes = &d->app.nodes,
        .api = d->api,
        .signin = d->signin,
        .base_url = conf_get_text(d->app.conf, "web", "base_url"),
        .sessions = app_session_limits(&d->app),
        .signin_pool = {d->signin_pool, pool_run},
        .storage_timeout = conf_get_number(d->app.conf, "web", "storage_timeout"),
        .signed_in = signed_in,
        .ctx = d,
    };
    return r == 0 ? pages_create(&options, &d->pages, err) : r;
}

/* What people reach: the services and the pages; without the role web only what watches. */
static int join_routes(struct daemon *d, size_t *ret_count, struct err *err)
{
    size_t services, pages = 0;
    const struct http_route *of_api = (d->roles & ROLE_WEB) != 0 ? api_routes(d->api, &services) : api_watch_routes(d->api, &services);
    const struct http_route *of_pages = d->pages == NULL ? NULL : pages_routes(d->pages, &pages);
    d->routes = calloc(services + pages, sizeof(*d->routes));
    if (d->routes == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(d->routes, of_api, services * sizeof(*of_api));
    if (pages > 0)
        memcpy(d->routes + services, of_pages, pages * sizeof(*of_pages));
    *ret_count = services + pages;
    return 0;
}

static size_t fill_listeners(struct daemon *d, struct http_listener *ret)
{
    const struct conf_section *section;
    size_t n = 0;
    for (size_t i = 0; n < LISTENERS_MAX && (section = conf_section(d->app.conf, "listen", i)) != NULL; i++) {
        bool internal = conf_number(section, "internal") != 0;
        if (!internal && (d->roles & ROLE_WEB) == 0)
            continue; /* without the role web nobody is served but those who watch */
        ret[n++] = (struct http_listener){
            .name = conf_section_name(section),
            .address = conf_text(section, "address"),
            .certificate = conf_text(section, "tls_certificate"),
            .key = conf_text(section, "tls_key"),
            .internal = internal,
        };
    }
    char path[4096];
    if (control_path(d->app.state_dir, path, sizeof(path))) {
        snprintf(d->control, sizeof(d->control), "unix:%s", path);
        ret[n++] = (struct http_listener){.name = "control", .address = d->control, .internal = true, .mode = 0600};
    } else {
        log_warning("main", "the path of the control socket in %s is too long: hearthd queue and healthcheck will not work",
                    d->app.state_dir);
    }
    return n;
}

static size_t split(const char *text, char *copy, size_t size, const char **ret, size_t max)
{
    size_t n = 0;
    snprintf(copy, size, "%s", text);
    for (char *p = copy; *p != '\0' && n < max;) {
        p += strspn(p, " ,");
        if (*p == '\0')
            break;
        ret[n++] = p;
        p += strcspn(p, " ,");
        if (*p != '\0')
            *p++ = '\0';
    }
    return n;
}

static const char *lower_case(const char *text, char *copy, size_t size)
{
    if (text == NULL)
        return NULL;
    snprintf(copy, size, "%s", text);
    for (char *p = copy; *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    return copy;
}

static int start_http(struct daemon *d, struct err *err)
{
    const struct conf_section *web = conf_section(d->app.conf, "web", 0);
    struct http_listener listeners[LISTENERS_MAX + 1];
    const char *proxies[PROXIES_MAX];
    char proxy_text[1024], header[64];
    size_t count;
    const struct http_route *internal = api_internal_routes(d->api, &count);
    d->internal_routes = calloc(count + control_route_count, sizeof(*d->internal_routes));
    if (d->internal_routes == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (count > 0)
        memcpy(d->internal_routes, internal, count * sizeof(*internal));
    memcpy(d->internal_routes + count, control_routes, control_route_count * sizeof(*control_routes));
    control_set_jobs(d->jobs);
    struct http_options options = {
        .listeners = listeners,
        .listener_count = fill_listeners(d, listeners),
        .internal_routes = d->internal_routes,
        .internal_route_count = count + control_route_count,
        .pool = {d->pool, pool_run},
        .threads = (int)conf_number(web, "threads"),
        .trusted_proxies = proxies,
        .identity_header = lower_case(conf_get_text(d->app.conf, "auth", "proxy_header"), header, sizeof(header)),
        .trusted_proxy_count = split(conf_text(web, "trusted_proxies"), proxy_text, sizeof(proxy_text), proxies, PROXIES_MAX),
        .request_timeout = conf_number(web, "request_timeout"),
        .idle_timeout = conf_number(web, "idle_timeout"),
        .stall_timeout = conf_number(web, "stall_timeout"),
        .drain_timeout = conf_number(web, "drain_timeout"),
        .max_connections = (size_t)conf_number(web, "max_connections"),
        .max_connections_per_address = (size_t)conf_number(web, "max_connections_per_address"),
        .max_jobs = (size_t)conf_number(web, "max_jobs"),
        .max_jobs_per_connection = (size_t)conf_number(web, "max_jobs_per_connection"),
        .before = api_before,
        .auth_free = api_auth_free,
        .ctx = d->api,
    };
    int r = join_routes(d, &options.route_count, err);
    if (r < 0)
        return r;
    options.routes = d->routes;
    if ((d->roles & ROLE_WEB) == 0)
        options.threads = 1;
    r = http_start(&options, &d->http, err);
    d->listens = d->http;
    return r;
}

/* --- life ------------------------------------------------------------------------------------------------------------------------- */

static int start(struct daemon *d, const struct cli *cli, struct err *err)
{
    int r = parse_roles(cli->role != NULL ? cli->role : conf_get_text(d->app.conf, "hearth", "roles"), &d->roles, err);
    if (r == 0)
        r = app_open_nodes(&d->app, d->roles == ROLE_ALL ? APP_MIGRATE_ALL : APP_MIGRATE_NEVER, err);
    if (r == 0)
        r = take_lock(d, err);
    if (r == 0)
        r = app_open_queue(&d->app, err);
    if (r == 0)
        r = check_split(d, err);
    if (r == 0)
        r = connect_storage(d, err);
    if (r == 0)
        r = app_open_vault(&d->app, err);
    if (r == 0)
        r = app_open_providers(&d->app, err);
    if (r == 0)
        r = create_api(d, err);
    if (r == 0)
        r = start_jobs(d, err);
    if (r == 0)
        r = create_pool(d, err);
    if (r == 0)
        r = create_pages(d, err);
    if (r == 0)
        r = start_http(d, err);
    return r;
}

static void stop(struct daemon *d)
{
    sd_notify(0, "STOPPING=1");
    if (d->http != NULL)
        http_stop(d->http);
    if (d->pool != NULL)
        pool_stop(d->pool);
    if (d->signin_pool != NULL)
        pool_stop(d->signin_pool);
    if (d->app.net != NULL)
        net_stop(d->app.net); /* running pulls end at once; they are taken up again at the next start */
    if (d->jobs != NULL)
        jobs_stop(d->jobs);
    http_destroy(d->http);
    pool_destroy(d->pool);
    pool_destroy(d->signin_pool);
    pages_destroy(d->pages);
    signin_destroy(d->signin);
    jobs_destroy(d->jobs);
    api_destroy(d->api);
    search_destroy(d->search);
    free(d->internal_routes);
    free(d->routes);
    app_fini(&d->app);
    if (d->lock >= 0)
        close(d->lock);
}

static void say_ready(const struct daemon *d)
{
    printf("ready");
    const char *address;
    for (size_t i = 0; d->http != NULL && (address = http_address(d->http, i)) != NULL; i++)
        if (strncmp(address, "http+unix:", 10) != 0 || strcmp(address + 10, d->control + 5) != 0)
            printf(" %s", address);
    printf("\n");
    fflush(stdout);
    sd_notify(0, "READY=1");
    log_event(HEARTH_LOG_INFO, "main", "ready", "version", HEARTH_VERSION, "address", d->http == NULL ? NULL : http_address(d->http, 0),
              "state_dir", d->app.state_dir, NULL);
}

static void reload(struct daemon *d)
{
    struct err err = {0};
    if (d->http != NULL && http_reload(d->http, &err) < 0)
        log_error("main", "the certificates were not reloaded, the old ones stay: %s", err.text);
    else
        log_event(HEARTH_LOG_INFO, "main", "reloaded", NULL);
}

static void wait_for_end(struct daemon *d, const sigset_t *signals)
{
    uint64_t watchdog = 0;
    bool watched = sd_watchdog_enabled(0, &watchdog) > 0;
    for (;;) {
        struct timespec pause = {.tv_sec = watched ? (time_t)(watchdog / 3000000) : 3600,
                                 .tv_nsec = watched ? (long)(watchdog / 3 % 1000000) * 1000 : 0};
        int signal = sigtimedwait(signals, NULL, &pause);
        if (watched)
            sd_notify(0, "WATCHDOG=1");
        if (signal == SIGHUP)
            reload(d);
        else if (signal > 0)
            break;
    }
}

int cmd_serve(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("[--config DIR] [--role web,worker,scheduler] [serve]");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread exists; the main thread waits for them */
    struct daemon d = {.lock = -1};
    struct err err = {0};
    int r = app_init(&d.app, cli, &err);
    if (r == 0)
        r = start(&d, cli, &err);
    if (r == 0) {
        if (getenv("HEARTH_KEEP_STDERR") == NULL) /* sanitizers report there */
            log_take_stderr();
        say_ready(&d);
        wait_for_end(&d, &signals);
        log_event(HEARTH_LOG_INFO, "main", "stopping", NULL);
    }
    stop(&d);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
