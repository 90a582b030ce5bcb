#include "main/check.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "auth/oidc.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/http.h"
#include "main/app_key.h"

enum { DAY_MS = 24 * 3600 * 1000 };

void main_check_nothing(struct daemon *d, struct findings *findings)
{
    (void)d, (void)findings;
}

static void add_at(struct daemon *d, struct findings *findings, const struct conf_section *section,
                   const char *key, const struct err *err)
{
    findings_add(findings, err->code, "%s: %s", conf_where(d->app.conf, section, key), err->text);
}

/* At the key that the sentence is about. */
static void add_where_it_says(struct daemon *d, struct findings *findings,
                              const struct conf_section *section, const char *key,
                              const struct err *err)
{
    findings_add(findings, err->code, "%s: %s", conf_where_in(d->app.conf, section, err->text, key),
                 err->text);
}

/* --- the place --- */

enum { START_ROOM = 64 * 1024 }; /* what a start makes beside a database: locks, an index, a key */

/* Is there room for what the first start makes in the folder of this path? */
static void check_disk_room(const char *path, const char *where, struct findings *findings)
{
    char above[CONF_PATH_MAX + 8];
    struct statvfs disk;
    str_folder(path, above, sizeof(above));
    if (statvfs(above, &disk) == 0 && disk.f_blocks > 0 &&
        (geteuid() == 0 ? disk.f_bfree : disk.f_bavail) * disk.f_frsize < START_ROOM)
        findings_add(findings, HEARTH_ERR_FULL, "%s: cannot make %s: the disk is full: make room",
                     where, path);
}

/* A folder that is not there yet: the one above it must let this user make it. */
static void check_above(struct daemon *d, const char *dir, const char *where,
                        struct findings *findings)
{
    char above[CONF_PATH_MAX + 8];
    str_folder(dir, above, sizeof(above));
    if (access(above, W_OK | X_OK) != 0)
        findings_add(findings, HEARTH_ERR_IO, "%s: cannot make the state directory %s: %s: %s",
                     where, dir, above, strerror(errno));
    else
        main_check_note(d, "the state directory %s will be made at the first start", dir);
    check_disk_room(dir, where, findings);
}

static void note_other_owner(struct daemon *d, const char *dir)
{
    struct stat st;
    if (stat(dir, &st) != 0 || geteuid() == st.st_uid)
        return;
    const struct passwd *owner = getpwuid(st.st_uid);
    char number[24];
    snprintf(number, sizeof(number), "number %u", (unsigned)st.st_uid);
    main_check_note(d,
                    "the state directory %s belongs to user %s, so hearthd is to run as that one",
                    dir, owner == NULL ? number : owner->pw_name);
}

void main_check_state_dir(struct daemon *d, struct findings *findings)
{
    const char *dir = d->app.state_dir,
               *where =
                   conf_where(d->app.conf, conf_section(d->app.conf, "hearth", 0), "state_dir");
    struct err err = {0};
    int r = main_app_check_state_dir(&d->app, &err);
    if (r == HEARTH_ERR_NOT_FOUND) {
        check_above(d, dir, where, findings);
        return;
    }
    if (r < 0)
        findings_add(findings, r, "%s: %s", where, err.text);
    else
        note_other_owner(d, dir);
    d->check_runs = main_app_daemon_runs(&d->app);
    if (d->check_runs)
        main_check_note(d, "a hearthd runs on %s", dir);
}

/* --- plugins --- */

/* Its descriptor; NULL: it is not good. ret_values: of its keys. */
static const struct hearth_plugin *load_plugin(struct daemon *d, int kind,
                                               const struct conf_section *section,
                                               const struct hearth_config_value **ret_values,
                                               struct findings *findings)
{
    struct plug *plug;
    struct err err = {0};
    size_t before = findings->count + findings->more;
    if (main_app_load_plugin(&d->app, kind, section, &plug, ret_values, &err) == 0)
        return plug_descriptor(plug);
    /* else it was the section's values, which are there already */
    if (findings->count + findings->more == before)
        add_at(d, findings, section, "plugin", &err);
    return NULL;
}

static bool plugin_is_good(struct daemon *d, int kind, const struct conf_section *section,
                           struct findings *findings)
{
    const struct hearth_config_value *values;
    return load_plugin(d, kind, section, &values, findings) != NULL;
}

/* Has the plugin a file in the state directory, which the first start makes? */
static bool lives_in_state_dir(const struct daemon *d, const struct hearth_plugin *plugin,
                               const struct hearth_config_value *values)
{
    char above[CONF_PATH_MAX + 8];
    for (size_t i = 0; i < plugin->config_count; i++) {
        if (plugin->config[i].type != HEARTH_CONFIG_PATH || !values[i].present)
            continue;
        str_folder(values[i].text, above, sizeof(above));
        if (strcmp(above, d->app.state_dir) == 0)
            return true;
    }
    return false;
}

static void check_node(struct daemon *d, const struct conf_section *node, struct findings *findings)
{
    struct err err = {0};
    const struct conf_section *storage = main_app_storage_of(&d->app, node);
    const struct hearth_config_value *values;
    const struct hearth_plugin *plugin = load_plugin(d, HEARTH_STORAGE, storage, &values, findings);
    if (plugin == NULL)
        return;
    /* also of a database that is not there yet */
    if (d->roles != ROLE_ALL && main_serve_check_shared(plugin, &err) < 0)
        add_at(d, findings, conf_section(d->app.conf, "hearth", 0), "roles", &err);
    err = (struct err){0};
    int r = lives_in_state_dir(d, plugin, values) ? main_app_check_state_dir(&d->app, &err) : 0;
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) /* main_check_state_dir() says it */
        return;
    r = r < 0 ? r : main_app_add_node(&d->app, node, false, &err);
    if (r == HEARTH_ERR_NOT_FOUND)
        main_check_note(d, "[storage %s] has no database yet: it will be made at the first start",
                        conf_section_name(storage));
    else if (r < 0)
        add_where_it_says(d, findings, storage, NULL, &err);
}

void main_check_nodes(struct daemon *d, struct findings *findings)
{
    const struct conf_section *section;
    d->app.findings = findings;
    if (!main_app_is_fleet(&d->app))
        check_node(d, NULL, findings);
    for (size_t i = 0; (section = conf_section(d->app.conf, "node", i)) != NULL; i++)
        check_node(d, section, findings);
    nodes_storages_init(&d->app.storages, &d->app.nodes);
}

void main_check_files(struct daemon *d, struct findings *findings)
{
    struct err err = {0};
    if (main_serve_check_files(d, &err) < 0)
        findings_add_err(findings, &err);
}

static int ping_queue(struct app *app, struct err *err)
{
    const struct hearth_queue *ops = plug_ops(app->queue);
    struct call call;
    void *handle = NULL;
    int r = main_app_open_queue_handle(app, &call, &handle, err);
    if (r < 0)
        return r;
    r = plug_call_check(&call, ops->ping(handle, &call.hearth), err);
    ops->handle_close(handle);
    plug_call_fini(&call);
    return r;
}

void main_check_queue(struct daemon *d, struct findings *findings)
{
    const struct conf_section *section = conf_section(d->app.conf, "queue", 0);
    struct err err = {0};
    if (!plugin_is_good(d, HEARTH_QUEUE, section, findings))
        return;
    if (main_app_open_queue(&d->app, &err) < 0 || ping_queue(&d->app, &err) < 0)
        add_where_it_says(d, findings, section, NULL, &err);
}

void main_check_split(struct daemon *d, struct findings *findings)
{
    struct err err = {0};
    if (main_serve_check_split(d, &err) < 0)
        add_at(d, findings, conf_section(d->app.conf, "hearth", 0), "roles", &err);
    err = (struct err){0};
    if (main_serve_check_own_node(d, &err) < 0)
        add_at(d, findings, conf_section(d->app.conf, "web", 0), "node", &err);
}

void main_check_push(struct daemon *d, struct findings *findings)
{
    const struct conf_section *push = conf_section(d->app.conf, "push", 0);
    struct err err = {0};
    if (main_app_check_ca(conf_text(push, "ca_file"), &err) < 0)
        add_at(d, findings, push, "ca_file", &err);
}

void main_check_providers(struct daemon *d, struct findings *findings)
{
    const struct conf_section *section, *worker = conf_section(d->app.conf, "worker", 0);
    struct err err = {0};
    if (main_app_check_ca_file(&d->app, &err) < 0)
        add_at(d, findings, worker, "ca_file", &err);
    for (size_t i = 0; (section = conf_section(d->app.conf, "sync", i)) != NULL; i++) {
        err = (struct err){0};
        if (plugin_is_good(d, HEARTH_SYNC, section, findings) &&
            main_app_add_provider(&d->app, section, &err) < 0)
            add_where_it_says(d, findings, section, NULL, &err);
    }
}

/* --- databases and keys --- */

static void check_node_schema(struct daemon *d, size_t i, struct storage *storage,
                              struct findings *findings)
{
    struct node *node = &d->app.nodes.items[i];
    struct err err = {0};
    int64_t has = -1, wants = 0;
    if (STORAGE(storage, &err, schema_version, &has, &wants) < 0)
        findings_add_err(findings, &err);
    else if (has > wants)
        findings_add(
            findings, HEARTH_ERR_UNSUPPORTED,
            "the database%s%s has schema %lld, this hearthd knows %lld: use a newer hearthd",
            node->name[0] == '\0' ? "" : " of node ", node->name, (long long)has, (long long)wants);
    else if (has < wants && d->roles == ROLE_ALL)
        main_check_note(
            d, "the database has schema %lld and will be brought to %lld at the first start",
            (long long)has, (long long)wants);
    else if (has < wants)
        findings_add(findings, HEARTH_ERR_UNSUPPORTED,
                     "the database%s%s has schema %lld, %lld is needed: run hearthd migrate",
                     node->name[0] == '\0' ? "" : " of node ", node->name, (long long)has,
                     (long long)wants);
    d->check_ready[i] = has == wants;
    plug_storage_reset(storage);
}

static int check_open_storage(struct daemon *d, size_t i, struct storage *ret_storage,
                              struct err *err)
{
    struct node *node = &d->app.nodes.items[i];
    struct opened_storage opened = plug_storage(node->storage);
    int r = plug_storage_open(ret_storage, &opened, NULL, err);
    return r < 0 && node->name[0] != '\0' ? err_prefix(err, "node %s", node->name) : r;
}

/* What reads and cannot be written, say: the daemon starts, and is not ready. */
static void check_use(struct daemon *d, size_t i, struct storage *storage,
                      struct findings *findings)
{
    const struct node *node = &d->app.nodes.items[i];
    struct err err = {0};
    if (d->check_ready[i] && STORAGE(storage, &err, ping) < 0)
        findings_add(findings, 0, "%s%s%sthe storage answers, but cannot be used in full: %s",
                     node->name[0] == '\0' ? "" : "node ", node->name,
                     node->name[0] == '\0' ? "" : ": ", err.text);
    plug_storage_reset(storage);
}

void main_check_storage(struct daemon *d, struct findings *findings)
{
    for (size_t i = 0; i < d->app.nodes.count; i++) {
        struct storage storage;
        struct err err = {0};
        if (check_open_storage(d, i, &storage, &err) < 0) {
            findings_add_err(findings, &err);
            continue;
        }
        check_node_schema(d, i, &storage, findings);
        check_use(d, i, &storage, findings);
        plug_storage_close(&storage);
    }
}

static int check_count_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(size_t *)ctx;
    return 0;
}

static int count_accounts(struct daemon *d, size_t i, struct err *err)
{
    struct storage storage;
    int r = check_open_storage(d, i, &storage, err);
    if (r < 0)
        return r;
    r = STORAGE(&storage, err, account_list, check_count_account, &d->check_accounts);
    plug_storage_close(&storage);
    return r;
}

/* The key of another machine opens nothing: better found now than by every sync. */
void main_check_vault(struct daemon *d, struct findings *findings)
{
    const struct conf_section *hearth = conf_section(d->app.conf, "hearth", 0);
    const char *path = conf_text(hearth, "key_file");
    struct err err = {0};
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    if (!missing && main_app_read_key(&d->app, &d->app.vault, &err) < 0) {
        add_at(d, findings, hearth, "key_file", &err);
        return;
    }
    bool sealed = false;
    for (size_t i = 0; i < d->app.nodes.count; i++) {
        err = (struct err){0};
        if (d->check_ready[i] &&
            (count_accounts(d, i, &err) < 0 || main_app_check_key_on(&d->app, i, &err) < 0)) {
            add_at(d, findings, hearth, "key_file", &err);
            sealed = true;
        }
    }
    if (missing && !sealed) {
        main_check_note(d, "the key file %s will be made at the first start", path);
        check_disk_room(path, conf_where(d->app.conf, hearth, "key_file"), findings);
    }
}

/* --- people --- */

void main_check_pages(struct daemon *d, struct findings *findings)
{
    const struct conf_section *section;
    struct err err = {0};
    if ((d->roles & ROLE_WEB) == 0)
        return;
    if (pages_app_check(conf_get_text(d->app.conf, "web", "app_dir"), &err) < 0)
        add_at(d, findings, conf_section(d->app.conf, "web", 0), "app_dir", &err);
    for (size_t i = 0; (section = conf_section(d->app.conf, "oidc", i)) != NULL; i++) {
        err = (struct err){0};
        if (main_serve_add_sso(d, section, &err) < 0)
            add_where_it_says(d, findings, section, "issuer", &err);
    }
}

static void check_certificate(struct daemon *d, const struct conf_section *section,
                              const struct http_listener *listener, struct findings *findings)
{
    struct err err = {0};
    struct buf words = {0};
    int64_t ends;
    bool of_key = false;
    if (http_certificate_ends(listener->certificate, listener->key, &ends, &of_key, &err) < 0) {
        /* both may be in one file */
        of_key = of_key && strcmp(listener->key, listener->certificate) != 0;
        add_at(d, findings, section, of_key ? "tls_key" : "tls_certificate", &err);
        return;
    }
    main_serve_certificate_words(listener->certificate, ends, &words);
    if (ends <= clock_now())
        findings_add(findings, HEARTH_ERR_DENIED, "%s: %s",
                     conf_where(d->app.conf, section, "tls_certificate"), words.data);
    else if (ends - clock_now() < 14LL * DAY_MS)
        findings_add(findings, 0, "%s: %s", conf_where(d->app.conf, section, "tls_certificate"),
                     words.data);
    else
        main_check_note(d, "%s", words.data);
    buf_fini(&words);
}

/* The folder of a unix socket by its real name, with the name of the socket; "": it is none, or
 * has no folder. */
static void real_name(const struct http_listener *listener, char ret_name[CONF_PATH_MAX + 8])
{
    char above[CONF_PATH_MAX + 8];
    ret_name[0] = '\0';
    if (strncmp(listener->address, "unix:", 5) != 0 || strrchr(listener->address, '/') == NULL)
        return;
    str_folder(listener->address + 5, above, sizeof(above));
    char *real = realpath(above[0] == '\0' ? "/" : above, NULL);
    if (real != NULL)
        snprintf(ret_name, CONF_PATH_MAX + 8, "%s%s", real, strrchr(listener->address, '/'));
    free(real);
}

/* Sockets by one path under two names: the second would find the first one. */
static int check_path(const struct http_listener *listeners, size_t i, struct err *err)
{
    char own[CONF_PATH_MAX + 8], other[CONF_PATH_MAX + 8];
    real_name(&listeners[i], own);
    for (size_t k = 0; own[0] != '\0' && k < i; k++) {
        real_name(&listeners[k], other);
        if (strcmp(own, other) == 0)
            return err_set(
                err, HEARTH_ERR_CONFLICT,
                "[listen %s]: cannot listen on %s: [listen %s] has that path; choose another one",
                listeners[i].name, listeners[i].address + 5, listeners[k].name);
    }
    return 0;
}

/* All at once, as the server has them: what is bound stays so until the last one was tried. */
static void check_addresses(struct daemon *d, const struct http_listener *listeners, size_t count,
                            struct findings *findings)
{
    int fds[CONF_LISTEN_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        bool control = listeners[i].address == d->control;
        const struct conf_section *section =
            control ? conf_section(d->app.conf, "hearth", 0)
                    : conf_section_named(d->app.conf, "listen", listeners[i].name);
        fds[i] = -1;
        /* main_check_state_dir() says it */
        if (control && main_app_check_state_dir(&d->app, &err) < 0)
            continue;
        if (http_try_address(&listeners[i], &fds[i], &err) < 0 ||
            check_path(listeners, i, &err) < 0)
            add_at(d, findings, section, control ? "state_dir" : "address", &err);
    }
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* The address that people use is of a proxy: without its word all they do looks like http. */
static void note_proxy(struct daemon *d, const struct http_listener *listeners, size_t count)
{
    const struct conf_section *web = conf_section(d->app.conf, "web", 0);
    const char *base = conf_text(web, "base_url");
    bool tls = false;
    for (size_t i = 0; i < count; i++)
        tls = tls || listeners[i].certificate != NULL;
    if (base != NULL && strncasecmp(base, "https:", 6) == 0 && !tls &&
        conf_networks(web, "trusted_proxies")->count == 0)
        main_check_note(d, "[web] base_url begins with https, and no listener has a certificate: "
                           "name the proxy in front in [web] trusted_proxies");
}

void main_check_http(struct daemon *d, struct findings *findings)
{
    struct http_listener listeners[CONF_LISTEN_MAX + 1];
    size_t count = main_serve_listeners(d, listeners);
    for (size_t i = 0; i < count; i++)
        if (listeners[i].certificate != NULL)
            check_certificate(d, conf_section_named(d->app.conf, "listen", listeners[i].name),
                              &listeners[i], findings);
    note_proxy(d, listeners, count);
    if (d->check_runs)
        main_check_note(d, "the addresses were not tried, as the daemon that runs has them");
    else
        check_addresses(d, listeners, count, findings);
}

void main_check_all(struct daemon *d, struct findings *findings)
{
    conf_check_secrets(d->app.conf, findings);
    d->roles = (unsigned)conf_get_number(d->app.conf, "hearth", "roles");
    d->app.looks = true;
    for (size_t i = 0; i < main_start_step_count; i++)
        main_start_steps[i].check(d, findings);
}

void main_check_fini(struct daemon *d)
{
    buf_fini(&d->check_notes);
    main_serve_fini_sso(d);
    main_app_fini(&d->app);
}
