/* hearthd serve: brings up what the roles need, waits for signals, takes it down again in the
 * opposite order. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "auth/oidc.h"
#include "base/log.h"
#include "main/address.h"
#include "main/check.h"
#include "main/serve.h"
#include "main/version.h"
#include "signin/owner.h"

_Static_assert(ROLE_WEB == 1 && ROLE_WORKER == 2 && ROLE_SCHEDULER == 4, "the order of CONF_ROLES");

int main_serve_check_shared(const struct hearth_plugin *plugin, struct err *err)
{
    if ((plugin->capabilities & HEARTH_SHARED) != 0)
        return 0;
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s-%s cannot be shared by several processes, so all roles must run in one: use "
                   "roles = web worker scheduler, "
                   "or another %s plugin",
                   plug_kind_name(plugin->kind), plugin->name, plug_kind_name(plugin->kind));
}

int main_serve_check_own_node(const struct daemon *d, struct err *err)
{
    size_t count = 0;
    while (conf_section(d->app.conf, "node", count) != NULL)
        count++;
    if ((d->roles & ROLE_WEB) == 0 || count < 2 ||
        conf_get_text(d->app.conf, "web", "node") != NULL)
        return 0;
    return err_set(
        err, HEARTH_ERR_INVALID,
        "there are %zu nodes: say which one's people this process serves, in [web] node = NAME",
        count);
}

/* Roles in processes of their own need backends that processes can share. */
int main_serve_check_split(const struct daemon *d, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && d->roles != ROLE_ALL && i < d->app.nodes.count; i++)
        r = main_serve_check_shared(plug_descriptor(d->app.nodes.items[i].storage), err);
    if (r == 0 && d->roles != ROLE_ALL && d->app.queue != NULL)
        r = main_serve_check_shared(plug_descriptor(d->app.queue), err);
    return r;
}

/* A database that is down for now keeps no process from starting, on a single node or in a
 * fleet: who needs it tries again. */
static int connect_node(struct daemon *d, size_t node, struct err *err)
{
    struct err why = {0};
    int r = main_app_use_node(&d->app, node, &why);
    if (r == 0 || !main_app_storage_is_away(&d->app.nodes.items[node], r)) {
        *err = why;
        return r;
    }
    log_event(HEARTH_LOG_DEBUG, "main", "storage away",
              LOG_TEXT("node", d->app.nodes.items[node].name),
              LOG_TEXT("error", why.text)); /* its probe tells it, once for all */
    return 0;
}

/* The databases are looked at before anything starts; those that this process brings up have
 * their schema when it says that it is ready. */
static int connect_storage(struct daemon *d, struct err *err)
{
    struct nodes *nodes = &d->app.nodes;
    int r = 0;
    for (size_t i = 0; i < nodes->count; i++)
        plug_breaker_expect_watch(&nodes->items[i].breaker);
    for (size_t i = 0; r == 0 && i < nodes->count; i++)
        if (nodes->items[i].migrates && i != nodes->own)
            r = connect_node(d, i, err);
    return r == 0 ? connect_node(d, nodes->own, err) : r;
}

/* --- jobs --- */

static void daemon_on_event(void *ctx, const char *account, const char *text)
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
    if (name != NULL && d->api != NULL && strcmp(name, "ended") == 0) {
        api_heard_end(d->api, account, json_is_true(json_object_get(event, "data")));
    } else if (name != NULL && strcmp(name, "ended") == 0 &&
               json_is_true(json_object_get(event, "data"))) {
        /* without the role web nobody else remembers anything */
        main_serve_account_removed(d, account);
    } else if (name != NULL && d->api != NULL) {
        bool changed = strcmp(name, "changed") == 0;
        if (changed)
            api_changed(d->api, account, generation);
        json_object_del(event, "event");
        char *data = json_dumps(event, JSON_COMPACT);
        struct http_server *http = d->listens;
        if (data != NULL && http != NULL)
            http_publish(http, account, changed ? generation : 0, changed ? "changed" : "sync",
                         data);
        free(data);
    }
    json_decref(event);
}

static void daemon_on_changed(void *ctx, const char *account, int64_t generation)
{
    struct daemon *d = ctx;
    if (d->api != NULL)
        api_changed(d->api, account, generation);
    push_note(d->push, account);
}

static int start_jobs(struct daemon *d, struct err *err)
{
    const struct conf *conf = d->app.conf;
    const struct conf_section *scheduler = conf_section(conf, "scheduler", 0),
                              *worker = conf_section(conf, "worker", 0);
    struct jobs_provider providers[APP_PROVIDERS_MAX];
    for (size_t i = 0; i < d->app.provider_count; i++)
        providers[i] =
            (struct jobs_provider){d->app.provider_names[i], plug_ops(d->app.providers[i]),
                                   plug_self(d->app.providers[i])};
    struct jobs_options options = {
        .scheduler = (d->roles & ROLE_SCHEDULER) != 0,
        .worker = (d->roles & ROLE_WORKER) != 0,
        .nodes = &d->app.nodes,
        .queue = plug_ops(d->app.queue),
        .queue_self = plug_self(d->app.queue),
        .queue_shared = (plug_descriptor(d->app.queue)->capabilities & HEARTH_SHARED) != 0,
        .queue_breaker = &d->queue_breaker,
        .changes = d->app.changes,
        .held = true,
        .providers = providers,
        .provider_count = d->app.provider_count,
        .parallel = (int)conf_number(worker, "parallel"),
        .lease = conf_number(worker, "lease"),
        .tick = conf_number(scheduler, "tick"),
        .account_lease = conf_number(scheduler, "lease"),
        .batch = conf_number(scheduler, "batch"),
        .on_event = daemon_on_event,
        .event_ctx = d,
    };
    main_app_sync_context(&d->app, &options.sync);
    options.sync.changed = daemon_on_changed;
    options.sync.changed_ctx = d;
    return jobs_start(&options, &d->jobs, err);
}

/* --- life --- */

static int start_nodes(struct daemon *d, struct err *err)
{
    return main_app_open_nodes(&d->app, d->roles == ROLE_ALL ? APP_MIGRATE_ALL : APP_MIGRATE_NEVER,
                               err);
}

/* With fewer a library ends the process in the middle of the start. */
int main_serve_check_files(const struct daemon *d, struct err *err)
{
    const rlim_t least = 96 + 8 * (rlim_t)conf_get_number(d->app.conf, "web", "threads");
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= least)
        return 0;
    if (limit.rlim_max >= least) {
        /* the rest of it is taken when it is known how many connections there may be */
        limit.rlim_cur = least;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return 0;
    }
    return err_set(err, HEARTH_ERR_FULL,
                   "this process may have %llu files open, and needs %llu before anybody comes: "
                   "raise the limit (LimitNOFILE= in the unit, "
                   "ulimit -n in a shell)",
                   (unsigned long long)limit.rlim_cur, (unsigned long long)least);
}

static int start_files(struct daemon *d, struct err *err)
{
    return main_serve_check_files(d, err);
}

static int start_lock(struct daemon *d, struct err *err)
{
    return main_app_take_lock(&d->app, &d->lock, err);
}

static int start_queue(struct daemon *d, struct err *err)
{
    int r = main_app_open_queue(&d->app, err);
    if (r == 0)
        main_serve_measure_backends(d);
    return r;
}

static int start_split(struct daemon *d, struct err *err)
{
    int r = main_serve_check_split(d, err);
    return r == 0 ? main_serve_check_own_node(d, err) : r;
}

static int start_vault(struct daemon *d, struct err *err)
{
    return main_app_open_vault(&d->app, err);
}

/* Where pulls run, providers know accounts and can say of one that something changed. */
static int start_providers(struct daemon *d, struct err *err)
{
    if ((d->roles & ROLE_WORKER) != 0 && (d->app.changes = jobs_changes_create()) == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return main_app_open_providers(&d->app, err);
}

static int start_work(struct daemon *d, struct err *err)
{
    int r = d->push == NULL ? 0 : push_start(d->push, err);
    return r < 0 ? r : jobs_begin(d->jobs, err);
}

const struct start_step main_start_steps[] = {
    {start_files, main_check_files},
    {start_nodes, main_check_nodes},
    {start_lock, main_check_state_dir},
    {start_queue, main_check_queue},
    {start_split, main_check_split},
    {connect_storage, main_check_storage},
    {start_vault, main_check_vault},
    {start_providers, main_check_providers},
    {main_serve_create_export_pool, main_check_nothing},
    {main_serve_create_push, main_check_push},
    {main_serve_create_api, main_check_nothing},
    {start_jobs, main_check_nothing},
    {main_serve_create_pool, main_check_nothing},
    {main_serve_create_pages, main_check_pages},
    {main_serve_start_probes, main_check_nothing},
    {main_serve_start_http, main_check_http},
    {start_work, main_check_nothing}, /* last: who cannot listen has taken no job */
};
const size_t main_start_step_count = sizeof(main_start_steps) / sizeof(main_start_steps[0]);

static int daemon_start(struct daemon *d, struct err *err)
{
    struct findings findings = {0};
    int r = conf_check_secrets(d->app.conf, &findings);
    if (r < 0)
        findings_first(&findings, err);
    findings_fini(&findings);
    d->roles = (unsigned)conf_get_number(d->app.conf, "hearth", "roles");
    if (r == 0)
        main_serve_measure(d);
    for (size_t i = 0; r == 0 && i < main_start_step_count; i++)
        r = main_start_steps[i].start(d, err);
    return r;
}

/* Does a finding ("FILE:LINE: sentence") say the same? */
static bool is_reported(const struct findings *findings, const struct err *err)
{
    for (size_t i = 0; i < findings->count; i++) {
        const char *sentence = strstr(findings->items[i].text, ": ");
        if (strstr(findings->items[i].text, err->text) != NULL ||
            (sentence != NULL && strstr(err->text, sentence + 2) != NULL))
            return true;
    }
    return false;
}

/* One fault has ended the start. Whoever mends it wants to hear of the others as well, so
 * everything is looked at as `hearthd check` does, when nothing of this process is open any
 * more. */
static int report_all_faults(const struct cli *cli, struct err *err)
{
    struct daemon d = {.lock = -1};
    struct findings findings = {0};
    struct err why = {0};
    if (main_app_load(&d.app, cli, &findings, &why) == 0)
        main_check_all(&d, &findings);
    if (!is_reported(&findings, err))
        findings_add_err(&findings, err);
    main_cli_findings(&findings, err);
    main_check_fini(&d);
    findings_fini(&findings);
    return main_cli_fail(err);
}

/* True: all threads have ended. */
static bool stop_threads(struct daemon *d)
{
    main_serve_stop_step("answers that are under way");
    if (d->http != NULL)
        http_stop(d->http);
    main_serve_stop_drained();
    main_serve_stop_step("requests that are worked on");
    if (d->pool != NULL)
        pool_stop(d->pool);
    main_serve_stop_step("exports that are made");
    if (d->export_pool != NULL)
        pool_stop(d->export_pool);
    main_serve_stop_step("people who sign in");
    if (d->signin_pool != NULL)
        pool_stop(d->signin_pool);
    main_serve_stop_step("search blocks that are brought up to date");
    api_refresher_stop(d->refresher, d->search);
    main_serve_stop_step("push messages");
    push_stop(d->push);
    main_serve_stop_step("requests to other servers");
    /* running pulls end at once; they are taken up again at the next start */
    if (d->app.net != NULL)
        net_stop(d->app.net);
    main_serve_stop_step("syncs that run");
    if (d->jobs != NULL)
        jobs_stop(d->jobs);
    main_serve_stop_step("probes of the databases and the queue");
    return plug_probes_stop(d->probes); /* last: they know the others */
}

static void daemon_destroy(struct daemon *d)
{
    main_serve_stop_step("its own tidying up");
    http_destroy(d->http);
    pool_destroy(d->pool);
    pool_destroy(d->export_pool);
    pool_destroy(d->signin_pool);
    pages_destroy(d->pages);
    pages_app_destroy(d->web_app);
    signin_destroy(d->signin);
    main_serve_fini_sso(d);
    jobs_destroy(d->jobs);
    api_destroy(d->api);
    push_destroy(d->push);
    search_destroy(d->search);
    api_refresher_destroy(d->refresher);
    free(d->routes);
    main_app_fini(&d->app);
    conf_free(d->reloaded);
    plug_breaker_fini(&d->queue_breaker);
    if (d->lock >= 0)
        close(d->lock);
}

/* drain: ms for answers under way. */
static void daemon_stop(struct daemon *d, int64_t drain)
{
    sd_notify(0, "STOPPING=1");
    main_serve_stop_guard(drain, main_serve_interrupt_people, d);
    if (!stop_threads(d)) {
        log_event(HEARTH_LOG_ERROR, "main", "ping hangs",
                  LOG_TEXT("hint", "a ping of a database or the queue does not come back: the "
                                   "process ends without waiting for it"));
        _exit(EXIT_FAILURE);
    }
    daemon_destroy(d);
    main_serve_stop_done();
}

/* A server that belongs to nobody yet says how it gets its first person; one of an older release
 * with accounts notes that it is owned. */
static void print_setup_address(struct daemon *d)
{
    struct err err = {0};
    bool owned = true;
    const char *base = conf_get_text(d->app.conf, "web", "base_url");
    struct address address;
    if ((d->roles & ROLE_WEB) == 0)
        return;
    if (signin_owner_find(&d->app.storages, &owned, &err) < 0)
        log_event(log_level_of(&err, HEARTH_LOG_WARNING), "main", "owner not read",
                  LOG_TEXT("error", err.text));
    nodes_storages_reset(&d->app.storages);
    if (owned || conf_get_text(d->app.conf, "auth", "allow") != NULL)
        return;
    int r = base != NULL ? main_address_find(&d->app, base, &address, &err)
                         : main_address_of_listener(d->people_come_to, &address, &err);
    if (r < 0)
        log_event(
            HEARTH_LOG_WARNING, "main", "set-up code not shown", LOG_TEXT("error", err.text),
            LOG_TEXT("hint", "this server belongs to nobody yet: hearthd setup shows the code"));
    else
        main_setup_print(&d->app, address.text);
}

/* To the log before it is said to whoever waits for it: what that one does next stands behind it
 * there. */
static void print_ready(struct daemon *d)
{
    log_event(HEARTH_LOG_INFO, "main", "ready", LOG_TEXT("version", HEARTH_VERSION),
              LOG_TEXT("listen", d->http == NULL ? NULL : http_address(d->http, 0)),
              LOG_TEXT("state_dir", d->app.state_dir));
    printf("ready");
    const char *address;
    for (size_t i = 0; d->http != NULL && (address = http_address(d->http, i)) != NULL; i++)
        if (strncmp(address, "http+unix:", 10) != 0 || strcmp(address + 10, d->control + 5) != 0)
            printf(" %s", address);
    printf("\n");
    print_setup_address(d);
    fflush(stdout);
    sd_notify(0, "READY=1");
}

static void wait_for_end(struct daemon *d, const struct cli *cli, const sigset_t *signals)
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
            main_serve_reload(d, cli);
        else if (signal > 0)
            break;
    }
}

int main_cmd_serve(struct cli *cli)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    /* before any thread exists; the main thread waits for them */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct daemon d = {.lock = -1};
    plug_breaker_init(&d.queue_breaker, "the queue");
    plug_breaker_expect_watch(&d.queue_breaker);
    struct err err = {0};
    int r = main_app_init(&d.app, cli, &err);
    bool loaded = r == 0;
    d.app.makes = APP_MAKES_ALL;
    if (r == 0)
        r = daemon_start(&d, &err);
    if (r == 0) {
        if (getenv("HEARTH_KEEP_STDERR") == NULL) { /* sanitizers report there, and about aborts */
            log_take_stderr();
            log_last_word();
        }
        print_ready(&d);
        wait_for_end(&d, cli, &signals);
        log_event(HEARTH_LOG_INFO, "main", "stopping");
    }
    daemon_stop(&d, d.app.conf == NULL ? 0 : conf_get_number(d.app.conf, "web", "drain_timeout"));
    if (r < 0)
        return loaded ? report_all_faults(cli, &err) : main_cli_fail(&err);
    return CLI_OK;
}
