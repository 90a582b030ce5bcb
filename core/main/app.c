#include "main/app.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "base/owner.h"
#include "base/plain_file.h"
#include "base/str.h"
#include "signin/allow.h"

_Static_assert((int)CONF_NODE_MAX <= (int)NODES_MAX &&
                   CONF_NAME_SIZE <= (int)sizeof(((struct node *)0)->name),
               "every [node] has its place");

enum {
    QUEUE_PATIENCE = 5000 /* ms */,
    CA_FILE_MAX = 16 << 20 /* a system's authorities have a quarter of a megabyte */
};

static const char *const default_config = "/etc/hearth/conf.d";

static void init_log(const struct app *app)
{
    const struct conf_section *hearth = conf_section(app->conf, "hearth", 0);
    log_init(strcmp(conf_text(hearth, "log"), "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
             (enum hearth_log_level)conf_number(hearth, "log_level"));
    log_set_audit(conf_number(hearth, "audit") != 0);
    log_set_access(conf_get_number(app->conf, "web", "access_log") != 0);
}

int main_app_read_conf(const struct cli *cli, struct findings *findings, struct conf **ret_conf,
                       struct err *err)
{
    const char *dir = cli->config;
    if (dir == NULL && access(default_config, F_OK) == 0)
        dir = default_config;
    struct conf_sources sources = {.dir = dir,
                                   .environment = (const char *const *)environ,
                                   .roles = cli->role,
                                   .log = cli->log};
    return conf_load(&sources, findings, ret_conf, err);
}

int main_app_load(struct app *app, const struct cli *cli, struct findings *findings,
                  struct err *err)
{
    int r = main_app_read_conf(cli, findings, &app->conf, err);
    if (r < 0)
        return r;
    app->state_dir = conf_get_text(app->conf, "hearth", "state_dir");
    app->allow = signin_allow_create(conf_list(conf_section(app->conf, "auth", 0), "allow"));
    init_log(app);
    return app->allow == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
}

int main_app_init(struct app *app, const struct cli *cli, struct err *err)
{
    struct findings findings = {0};
    int r = main_app_load(app, cli, &findings, err);
    if (r < 0)
        main_cli_findings(&findings, err);
    findings_fini(&findings);
    return r;
}

int main_app_init_other(struct app *app, const char *dir, struct err *err)
{
    struct findings findings = {0};
    struct conf_sources sources = {.dir = dir};
    int r = conf_load(&sources, &findings, &app->conf, err);
    if (r == 0)
        app->state_dir = conf_get_text(app->conf, "hearth", "state_dir");
    else
        main_cli_findings(&findings, err);
    findings_fini(&findings);
    return r;
}

int main_app_check_state_dir(const struct app *app, struct err *err)
{
    const char *dir = app->state_dir;
    struct stat st;
    if (stat(dir, &st) != 0)
        return errno == ENOENT
                   ? err_set(err, HEARTH_ERR_NOT_FOUND,
                             "there is no state directory %s yet (state_dir in [hearth]): start "
                             "the daemon, or run \"hearthd "
                             "migrate\" as its user",
                             dir)
                   : err_errno(err, errno,
                               "cannot use the state directory %s (set state_dir in [hearth])",
                               dir);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, HEARTH_ERR_IO,
                       "the state directory %s is not a folder: move that file away, or set "
                       "state_dir in [hearth]",
                       dir);
    if (access(dir, R_OK | W_OK | X_OK) == 0)
        return 0;
    int why = errno;
    struct passwd *owner = getpwuid(st.st_uid);
    char advice[128];
    if (why == EROFS)
        snprintf(advice, sizeof(advice), "mount it to be written");
    else if (st.st_uid == geteuid())
        snprintf(advice, sizeof(advice), "it has mode %04o: run chmod u+rwx on it",
                 st.st_mode & 07777u);
    else if (owner == NULL)
        snprintf(advice, sizeof(advice), "it belongs to user number %u: run hearthd as that one",
                 (unsigned)st.st_uid);
    else
        snprintf(advice, sizeof(advice), "it belongs to user %.60s: run hearthd as that one",
                 owner->pw_name);
    err_errno(err, why, "cannot use the state directory %s", dir); /* the code that suits */
    return err_set(err, err == NULL ? HEARTH_ERR_IO : err->code,
                   "cannot use the state directory %s: %s; %s, or set state_dir in [hearth]", dir,
                   strerror(why), advice);
}

static int look_at_state_dir(const struct app *app, struct err *err)
{
    if (main_app_is_fleet(app) && app->makes != APP_MAKES_ALL)
        return 0; /* only daemons keep something in it */
    if (app->makes != APP_MAKES_NOTHING && mkdir(app->state_dir, 0700) != 0 && errno != EEXIST)
        return err_errno(err, errno,
                         "cannot make the state directory %s (set state_dir in [hearth])",
                         app->state_dir);
    return main_app_check_state_dir(app, err);
}

int main_app_load_plugin(struct app *app, int kind, const struct conf_section *section,
                         struct plug **ret_plug, const struct hearth_config_value **ret_values,
                         struct err *err)
{
    const char *const *directories;
    size_t count = plug_directories(conf_get_text(app->conf, "hearth", "plugin_dir"), &directories);
    struct plug *plug;
    int r = plug_load(kind, conf_text(section, "plugin"), directories, count, &plug, err);
    if (r < 0)
        return r;
    const struct hearth_plugin *descriptor = plug_descriptor(plug);
    r = conf_plugin_values(app->conf, section, descriptor->config, descriptor->config_count,
                           app->findings, ret_values, err);
    if (r == 0)
        *ret_plug = plug;
    return r;
}

static int host_fetch_http(const struct hearth_host *host, struct hearth_call *call,
                           const struct hearth_http_request *request)
{
    return net_fetch(plug_host_of(host)->http_data, call, request);
}

static int host_begin_http(const struct hearth_host *host, struct hearth_call *call,
                           const struct hearth_http_request *request, void **ret_exchange)
{
    struct net_exchange *exchange;
    int r = net_begin(plug_host_of(host)->http_data, call, request, &exchange);
    if (r == 0)
        *ret_exchange = exchange;
    return r;
}

static int host_finish_http(const struct hearth_host *host, struct hearth_call *call,
                            void *exchange, const struct hearth_http_request *request)
{
    (void)host;
    return net_finish(exchange, call, request);
}

static void host_cancel_http(const struct hearth_host *host, struct hearth_call *call,
                             void *exchange)
{
    (void)host, (void)call;
    net_cancel(exchange);
}

static const struct hearth_host_ahead host_ahead = {.struct_size = sizeof(host_ahead),
                                                    .begin = host_begin_http,
                                                    .finish = host_finish_http,
                                                    .cancel = host_cancel_http};

/* The same, and opens it. */
static int open_plugin(struct app *app, int kind, const struct conf_section *section,
                       host_http_fn http, void *http_data, struct plug **ret_plug,
                       const struct hearth_config_value **ret_values, struct err *err)
{
    struct plug *plug;
    const struct hearth_config_value *values;
    int r = main_app_load_plugin(app, kind, section, &plug, &values, err);
    if (r == 0 && app->makes == APP_MAKES_NOTHING)
        plug_forbid_creation(plug);
    if (r == 0 && app->looks)
        plug_look_only(plug);
    if (r == 0 && kind == HEARTH_SYNC && app->changes != NULL) {
        struct changes_ear *ear = &app->ears[app->provider_count];
        *ear = (struct changes_ear){app->changes, conf_section_name(section)};
        plug_listen(plug, &jobs_changes_extension, ear);
    }
    if (r == 0 && http != NULL)
        plug_allow_ahead(plug, &host_ahead);
    if (r == 0)
        r = plug_open(plug, values, http, http_data, err);
    if (r == 0) {
        *ret_plug = plug;
        *ret_values = values;
    }
    return r;
}

/* Where a storage that has files keeps them: its key `path`. NULL: it has none. */
static const char *storage_path_of(const struct plug *plug,
                                   const struct hearth_config_value *values)
{
    const struct hearth_plugin *descriptor = plug_descriptor(plug);
    for (size_t i = 0; i < descriptor->config_count; i++)
        if (descriptor->config[i].type == HEARTH_CONFIG_PATH &&
            strcmp(descriptor->config[i].name, "path") == 0)
            return values[i].present ? values[i].text : NULL;
    return NULL;
}

static const struct conf_section *storage_section(const struct app *app, const char *name)
{
    const struct conf_section *section;
    for (size_t i = 0; (section = conf_section(app->conf, "storage", i)) != NULL; i++)
        if (name == NULL || strcmp(conf_section_name(section), name) == 0)
            return section;
    return NULL;
}

bool main_app_is_fleet(const struct app *app)
{
    return conf_section(app->conf, "node", 0) != NULL;
}

const struct conf_section *main_app_storage_of(const struct app *app,
                                               const struct conf_section *node)
{
    const char *storage = node == NULL ? NULL : conf_text(node, "storage");
    return storage_section(app,
                           node != NULL && storage == NULL ? conf_section_name(node) : storage);
}

const char *main_app_base_path(const struct app *app)
{
    return conf_base_path(conf_get_text(app->conf, "web", "base_url"));
}

int main_app_add_node(struct app *app, const struct conf_section *section, bool migrate,
                      struct err *err)
{
    struct nodes *nodes = &app->nodes;
    struct node *node = &nodes->items[nodes->count];
    const char *name = section == NULL ? "" : conf_section_name(section);
    const char *url =
        section == NULL ? conf_get_text(app->conf, "web", "base_url") : conf_text(section, "url");
    const struct conf_section *source = main_app_storage_of(app, section);
    if (url != NULL && strcmp(conf_base_path(url), main_app_base_path(app)) != 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "[node %s]: the path of url has to be that of [web] base_url, which is %s/",
                       name, main_app_base_path(app));
    *node = (struct node){.url = url == NULL ? "" : url,
                          .weight = section == NULL ? 1 : conf_number(section, "weight"),
                          .migrates = migrate};
    str_copy(node->name, sizeof(node->name), name);
    nodes_node_init(node);
    const struct hearth_config_value *values;
    int r = open_plugin(app, HEARTH_STORAGE, source, NULL, NULL, &node->storage, &values, err);
    if (r == 0)
        node->place = storage_path_of(node->storage, values);
    if (r < 0 && section != NULL)
        return err_prefix(err, "node %s", name);
    nodes->count += r == 0;
    return r;
}

int main_app_open_nodes(struct app *app, enum app_migrate how, struct err *err)
{
    bool migrate = how == APP_MIGRATE_ALL || (how == APP_MIGRATE_SINGLE && !main_app_is_fleet(app));
    const struct conf_section *section;
    int r = look_at_state_dir(app, err);
    if (r == 0 && !main_app_is_fleet(app))
        r = main_app_add_node(app, NULL, migrate, err);
    for (size_t i = 0; r == 0 && (section = conf_section(app->conf, "node", i)) != NULL; i++)
        r = main_app_add_node(app, section, migrate, err);
    const char *own = conf_get_text(app->conf, "web", "node");
    app->nodes.own = own == NULL || r < 0 ? 0 : nodes_find(&app->nodes, own);
    nodes_storages_init(&app->storages, &app->nodes);
    return r;
}

int main_app_use_node(struct app *app, size_t node, struct err *err)
{
    struct storage *storage = nodes_storages_get(&app->storages, node, err);
    if (storage == NULL)
        return err == NULL ? HEARTH_ERR_UNAVAILABLE : err->code;
    app->storage = storage;
    app->node = node;
    return 0;
}

int main_app_open_storage(struct app *app, enum app_migrate migrate, struct err *err)
{
    int r = main_app_open_nodes(app, migrate, err);
    return r < 0 || main_app_is_fleet(app) ? r : main_app_use_node(app, app->nodes.own, err);
}

int main_app_each_node(struct app *app, int (*run)(struct app *app, void *ctx, struct err *err),
                       void *ctx, struct err *err)
{
    int first = 0;
    for (size_t i = 0; i < app->nodes.count; i++) {
        struct err why = {0};
        int r = main_app_use_node(app, i, &why);
        if (r == 0) {
            r = run(app, ctx, &why);
            plug_storage_reset(app->storage);
        }
        if (r < 0 && first == 0) {
            first = r;
            *err = why;
        }
    }
    return first;
}

int main_app_check_ca_file(const struct app *app, struct err *err)
{
    return main_app_check_ca(conf_get_text(app->conf, "worker", "ca_file"), err);
}

int main_app_check_ca(const char *file, struct err *err)
{
    X509_STORE *storage = file == NULL ? NULL : X509_STORE_new();
    if (storage == NULL)
        return 0;
    /* OpenSSL and libcurl open it by name */
    int r = plain_file_check(file, CA_FILE_MAX, NULL, err);
    if (r == 0 && X509_STORE_load_file(storage, file) != 1)
        r = err_set(err, HEARTH_ERR_INVALID, "%s is no PEM file with certificates", file);
    X509_STORE_free(storage);
    ERR_clear_error();
    return r;
}

int main_app_add_provider(struct app *app, const struct conf_section *section, struct err *err)
{
    const struct conf_section *worker = conf_section(app->conf, "worker", 0);
    struct net_options options = {.max_connections_per_host =
                                      (int)conf_number(worker, "connections_per_host"),
                                  .ca_file = conf_text(worker, "ca_file")};
    const struct hearth_config_value *values;
    int r = app->net != NULL ? 0 : net_start(&options, &app->net, err);
    if (r == 0)
        r = open_plugin(app, HEARTH_SYNC, section, host_fetch_http, app->net,
                        &app->providers[app->provider_count], &values, err);
    if (r == 0)
        app->provider_names[app->provider_count++] = conf_section_name(section);
    return r;
}

int main_app_open_providers(struct app *app, struct err *err)
{
    const struct conf_section *section;
    int r = main_app_check_ca_file(app, err);
    while (r == 0 && (section = conf_section(app->conf, "sync", app->provider_count)) != NULL) {
        r = main_app_add_provider(app, section, err);
        if (r < 0) /* a plugin may have several sections */
            err_prefix(err, "[sync %s]", conf_section_name(section));
    }
    return r;
}

int main_app_open_queue(struct app *app, struct err *err)
{
    const struct hearth_config_value *values;
    return open_plugin(app, HEARTH_QUEUE, conf_section(app->conf, "queue", 0), NULL, NULL,
                       &app->queue, &values, err);
}

int main_app_open_queue_handle(struct app *app, struct call *ret_call, void **ret_handle,
                               struct err *err)
{
    const struct hearth_queue *ops = plug_ops(app->queue);
    plug_call_init(ret_call, NULL, QUEUE_PATIENCE, 0);
    int r = plug_call_check(
        ret_call, ops->handle_open(plug_self(app->queue), &ret_call->hearth, ret_handle), err);
    ret_call->hearth.deadline = 0;
    if (r < 0)
        plug_call_fini(ret_call);
    if (r == HEARTH_ERR_TIMEOUT)
        err_prefix(err, "the queue was asked for %d seconds", QUEUE_PATIENCE / 1000);
    return r;
}

bool main_app_storage_is_away(const struct node *node, int code)
{
    /* a file of this machine is there, or it is not */
    bool shared = (plug_descriptor(node->storage)->capabilities & HEARTH_SHARED) != 0;
    return shared && (code == HEARTH_ERR_UNAVAILABLE || code == HEARTH_ERR_TIMEOUT);
}

void main_app_fini(struct app *app)
{
    if (app->nodes.count > 0)
        nodes_storages_close(&app->storages);
    if (app->net != NULL)
        net_stop(app->net);
    for (size_t i = 0; i < app->provider_count; i++)
        plug_close(app->providers[i]);
    jobs_changes_destroy(app->changes);
    net_destroy(app->net);
    plug_close(app->queue);
    for (size_t i = 0; i < app->nodes.count; i++) {
        plug_close(app->nodes.items[i].storage);
        nodes_node_fini(&app->nodes.items[i]);
    }
    auth_vault_close(app->vault);
    signin_allow_destroy(app->allow);
    conf_free(app->conf);
    *app = (struct app){0};
}

int main_app_account(struct app *app, const char *email, struct hearth_account *ret_account,
                     struct err *err)
{
    size_t node = 0;
    int r = nodes_storages_by_email(&app->storages, email, &node, ret_account, err);
    if (r < 0)
        return r;
    return main_app_use_node(app, node, err);
}

static void host_pause(void *net, const char *host, int64_t ms)
{
    net_pause_host(net, host, ms);
}

void main_app_sync_context(const struct app *app, struct sync_context *ret_context)
{
    const struct conf_section *scheduler = conf_section(app->conf, "scheduler", 0);
    *ret_context = (struct sync_context){
        .vault = app->vault,
        .spool_directory = app->state_dir,
        .pause_host = host_pause,
        .pause_ctx = app->net,
        .timeout = conf_get_number(app->conf, "worker", "timeout"),
        .limits = {.pages = conf_get_number(app->conf, "limits", "pages"),
                   .bookmarks = conf_get_number(app->conf, "limits", "bookmarks"),
                   .space = conf_get_number(app->conf, "limits", "space"),
                   .free_space = conf_get_number(app->conf, "limits", "free_space")},
        .schedule =
            {
                .interval = conf_number(scheduler, "interval"),
                .interval_week = conf_number(scheduler, "interval_week"),
                .interval_month = conf_number(scheduler, "interval_month"),
                .dormant_after = conf_number(scheduler, "dormant_after"),
                .retry = conf_number(scheduler, "retry"),
                .retry_max = conf_number(scheduler, "retry_max"),
                .signin_retry = conf_number(scheduler, "signin_retry"),
                .signin_retry_max = conf_number(scheduler, "signin_retry_max"),
                .jitter = (int)conf_number(scheduler, "jitter"),
            },
    };
}

int main_app_check_allowed(const struct app *app, const char *email, struct err *err)
{
    if (signin_allow_admits(app->allow, email))
        return 0;
    return err_set(err, HEARTH_ERR_DENIED,
                   "[auth] allow does not name %s, so nothing lets this person in; add the address "
                   "there and reload the daemon first",
                   email);
}

int main_app_create_signin(struct app *app, struct signin **ret_signin, struct err *err)
{
    struct signin_options options = {
        .nodes = &app->nodes,
        .vault = app->vault,
        .allow = app->allow,
        .password = conf_get_number(app->conf, "auth", "password") != 0,
        .step_timeout = conf_get_number(app->conf, "auth", "step_timeout"),
    };
    for (size_t i = 0; i < app->provider_count; i++)
        options.providers[options.provider_count++] = (struct signin_provider){
            .name = app->provider_names[i],
            .ops = plug_ops(app->providers[i]),
            .signin = plug_extension(app->providers[i], PLUG_SYNC_SIGNIN),
            .describe = plug_extension(app->providers[i], PLUG_SYNC_DESCRIBE),
            .self = plug_self(app->providers[i])};
    return signin_create(&options, ret_signin, err);
}

struct session_limits main_app_session_limits(const struct app *app)
{
    return (struct session_limits){.idle = conf_get_number(app->conf, "auth", "session_idle"),
                                   .life = conf_get_number(app->conf, "auth", "session_life")};
}

int main_app_take_lock(const struct app *app, int *ret_fd, struct err *err)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/hearthd.lock", app->state_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0)
        owner_give(fd, path);
    else if (errno == EEXIST)
        fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    for (int i = 0; i < 20; i++) { /* a command line that looks holds it for a moment */
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            *ret_fd = fd;
            return 0;
        }
        struct timespec pause = {0, 10 * 1000000};
        nanosleep(&pause, NULL);
    }
    close(fd);
    return err_set(err, HEARTH_ERR_CONFLICT, "another hearthd runs on %s", app->state_dir);
}

int main_app_restore(struct app *app, const char *path, bool replace, hearth_text_cb cb, void *ctx,
                     struct err *err)
{
    struct plug *plug;
    const struct hearth_config_value *values;
    int lock = -1;
    if (main_app_is_fleet(app))
        return err_set(err, HEARTH_ERR_UNSUPPORTED,
                       "a fleet's databases are restored with the tools of the databases");
    app->makes = APP_MAKES_DATABASE;
    int r = look_at_state_dir(app, err);
    if (r == 0)
        r = main_app_take_lock(app, &lock, err);
    if (r == HEARTH_ERR_CONFLICT)
        return err_set(
            err, r,
            "another hearthd runs on %s: stop it first, and restore then; nothing was changed",
            app->state_dir);
    if (r == 0)
        r = main_app_load_plugin(app, HEARTH_STORAGE, storage_section(app, NULL), &plug, &values,
                                 err);
    if (r == 0)
        r = plug_restore(plug, values, path, replace, cb, ctx, err);
    if (lock >= 0)
        close(lock);
    return r;
}

bool main_app_daemon_runs(const struct app *app)
{
    return main_app_lock_is_held(app->state_dir);
}

bool main_app_lock_is_held(const char *state_dir)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/hearthd.lock", state_dir);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}
