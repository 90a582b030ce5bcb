#include "plug/loader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/magic.h"
#include "base/str.h"
#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"
#include "plug/call.h"
#include "plug/descriptor.h"
#include "plug/guard.h"
#include "plug/object.h"
#include "plug/operations.h"
#include "plug/places.h"
#include "plug/trial.h"
#include "plug/trusted.h"

enum { PLUG_MAGIC = 0x91060001 };

struct plug {
    uint32_t magic;
    char *file;
    /* copied: as much as the plugin has; its keys, too, so that they are an array of this host's */
    struct hearth_plugin descriptor;
    struct hearth_config_key *keys;
    struct hearth_limits limits;       /* copied likewise */
    void *table;                       /* copied likewise */
    void *extensions[PLUG_EXTENSIONS]; /* likewise; NULL: it has not */
    struct host host;
    uint64_t opening; /* enum hearth_opening */
    const struct hearth_host_changes *changes;
    void *changes_data;
    const struct hearth_host_ahead *ahead;
    void *self;
    struct plug *next; /* every plug ever loaded: their code stays, so they do */
};

static struct plug *loaded;
static int64_t patience = 10000; /* ms: a thousand times what a plugin needs */

const char *plug_kind_name(int kind)
{
    static const char *const names[] = {"unknown", "storage", "queue", "sync"};
    return kind >= HEARTH_STORAGE && kind <= HEARTH_SYNC ? names[kind] : names[0];
}

/* A table as this host has it: the plugin's part copied, every operation there. what: for an
 * error, behind the file's name. */
static int loader_copy_table(const char *shown, const char *what, const void *table,
                             const struct plug_operations *operations, void **ret_table,
                             struct err *err)
{
    enum { HEADER = 2 * sizeof(uint32_t) };
    uint32_t size = *(const uint32_t *)table;
    if (size < HEADER || size > 65536)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its %s has an impossible size, %u", shown,
                       what, size);
    void *copy = calloc(1, operations->size);
    if (copy == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(copy, table, size < operations->size ? size : operations->size);
    for (size_t i = 0; i < operations->count; i++) {
        void *operation;
        memcpy(&operation, (char *)copy + HEADER + i * sizeof(operation), sizeof(operation));
        if (operation == NULL && operations->names[i][0] != '?') {
            free(copy);
            return err_set(err, HEARTH_ERR_INVALID, "%s: its %s lacks the operation %s", shown,
                           what, operations->names[i]);
        }
    }
    *ret_table = copy;
    return 0;
}

static int copy_tables(const char *shown, const struct hearth_plugin *d, struct plug *plug,
                       struct err *err)
{
    int r = d->operations == NULL
                ? err_set(err, HEARTH_ERR_INVALID, "%s has no table of operations", shown)
                : loader_copy_table(shown, "table of operations", d->operations,
                                    plug_operations(d->kind), &plug->table, err);
    for (int i = 0; r == 0 && d->extension != NULL && i < PLUG_EXTENSIONS; i++) {
        const struct plug_extension *known = &plug_extensions[i];
        const void *table = known->kind == d->kind ? d->extension(known->name) : NULL;
        if (table != NULL)
            r = loader_copy_table(shown, known->name, table, &known->operations,
                                  &plug->extensions[i], err);
    }
    return r;
}

static int copy_keys(const struct hearth_plugin *d, struct plug *plug, struct err *err)
{
    plug->keys = calloc(d->config_count + 1, sizeof(*plug->keys));
    if (plug->keys == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < d->config_count; i++) {
        const struct hearth_config_key *key = HEARTH_AT(d->config, i);
        memcpy(&plug->keys[i], key,
               key->struct_size < sizeof(*key) ? key->struct_size : sizeof(*key));
        plug->keys[i].struct_size = sizeof(*key);
    }
    plug->descriptor.config = plug->keys;
    if (d->limits != NULL)
        memcpy(&plug->limits, d->limits,
               d->limits->struct_size < sizeof(plug->limits) ? d->limits->struct_size
                                                             : sizeof(plug->limits));
    return 0;
}

static void plug_free(struct plug *plug)
{
    free(plug->keys);
    for (int i = 0; i < PLUG_EXTENSIONS; i++)
        free(plug->extensions[i]);
    free(plug->table);
    free(plug->file);
    free(plug);
}

static int loader_make_plug(const char *file, const char *shown, const struct hearth_plugin *d,
                            struct plug **ret_plug, struct err *err)
{
    struct plug *plug = calloc(1, sizeof(*plug));
    if (plug == NULL || (plug->file = strdup(file)) == NULL) {
        free(plug);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    plug->magic = PLUG_MAGIC;
    plug->opening = HEARTH_OPEN_MAY_CREATE;
    memcpy(&plug->descriptor, d,
           d->struct_size < sizeof(plug->descriptor) ? d->struct_size : sizeof(plug->descriptor));
    int r = copy_keys(d, plug, err);
    if (r == 0)
        r = copy_tables(shown, d, plug, err);
    if (r < 0) {
        plug_free(plug);
        return r;
    }
    plug->next = loaded;
    loaded = plug;
    *ret_plug = plug;
    return 0;
}

/* --- from a file to a plug --- */

/* What the linker says, without the name that is said already, and what to do where that is
 * known. */
static int explain_link(const char *path, const char *shown, const char *why, struct err *err)
{
    static const char away[] = ": cannot open shared object file: No such file or directory",
                      undefined[] = "undefined symbol: ";
    struct statvfs system;
    size_t n = strlen(path), all = strlen(why);
    char words[2 * PLUG_SHOWN];
    if (strncmp(why, path, n) == 0 && strncmp(why + n, ": ", 2) == 0) {
        why += n + 2;
        all -= n + 2;
    }
    str_ends(words, sizeof(words) - 150, why);
    if (all > sizeof(away) && strcmp(why + all - (sizeof(away) - 1), away) == 0 && all < PLUG_SHOWN)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s needs %.*s, which is not installed: install it, or link without it",
                       shown, (int)(all - (sizeof(away) - 1)), why);
    if (str_starts(why, undefined))
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s uses %s, which nobody has: link it with what has that, and with "
                       "-Wl,-z,defs, so that the linker says so",
                       shown, words + sizeof(undefined) - 1);
    if (statvfs(path, &system) == 0 && (system.f_flag & ST_NOEXEC) != 0)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "%s cannot be loaded, because its file system is mounted noexec: move it elsewhere",
            shown);
    return err_set(err, HEARTH_ERR_INVALID, "%s cannot be loaded: %s", shown, words);
}

/* Runs code of the file. */
static int load_here(const char *path, const char *shown, int kind, struct plug **ret_plug,
                     struct err *err)
{
    char here[PATH_MAX];
    if (strchr(path, '/') == NULL && snprintf(here, sizeof(here), "./%s", path) < PATH_MAX)
        path = here; /* a mere name would be looked for among the libraries of the system */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        return explain_link(path, shown, dlerror(), err);
    hearth_plugin_entry entry;
    void *symbol = dlsym(handle, "hearth_plugin_v2");
    if (symbol == NULL && dlsym(handle, "hearth_plugin_v1") != NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s was built for ABI epoch 1, this hearthd has epoch %d: build it again "
                       "against its headers",
                       shown, HEARTH_ABI_EPOCH);
    if (symbol == NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s is not a Hearth plugin: it has no hearth_plugin_v2()", shown);
    memcpy(&entry, &symbol, sizeof(entry));
    const struct hearth_plugin *descriptor = entry();
    int r = plug_descriptor_check(path, shown, descriptor, kind, err);
    return r < 0 ? r : loader_make_plug(path, shown, descriptor, ret_plug, err);
}

struct attempt {
    const char *path, *shown;
    int kind;
};

static void attempt_load(void *ctx, struct trial_report *ret_report)
{
    const struct attempt *attempt = ctx;
    struct err err = {0};
    struct plug *plug;
    int r = load_here(attempt->path, attempt->shown, attempt->kind, &plug, &err);
    ret_report->code = r;
    if (r < 0) {
        str_cut(ret_report->text, sizeof(ret_report->text), err.text);
        return;
    }
    ret_report->kind = plug->descriptor.kind;
    str_cut(ret_report->name, sizeof(ret_report->name), plug->descriptor.name);
    str_cut(ret_report->version, sizeof(ret_report->version), plug->descriptor.version);
    str_cut(ret_report->description, sizeof(ret_report->description), plug->descriptor.description);
}

/* The file is looked at, then loaded in a child process. One that hung is not waited for a
 * second time by the same process: `serve` tries, and then says all that is wrong. */
static int try_file(const char *path, int kind, struct trial_report *ret_report, struct err *err)
{
    static char hung[4096];
    static struct err why;
    char shown[PLUG_SHOWN];
    struct attempt attempt = {path, str_ends(shown, sizeof(shown), path), kind};
    if (strcmp(path, hung) == 0)
        return err_set(err, why.code, "%s", why.text);
    /* before anything can wait for it, or worse */
    log_event(HEARTH_LOG_DEBUG, "plug", "plugin looked at", LOG_TEXT("file", path));
    int r = plug_object_check(path, err);
    if (r == 0)
        r = plug_trial_run(shown, patience, attempt_load, &attempt, ret_report, err);
    if (r == HEARTH_ERR_TIMEOUT && err != NULL && strlen(path) < sizeof(hung)) {
        str_copy(hung, sizeof(hung), path);
        why = *err;
    }
    return r;
}

int plug_load_tried(const char *path, int kind, struct plug **ret_plug, struct err *err)
{
    char shown[PLUG_SHOWN];
    plug_guard_begin(str_ends(shown, sizeof(shown), path));
    int r = load_here(path, shown, kind, ret_plug, err);
    plug_guard_end();
    return r;
}

int plug_load_file(const char *path, int kind, struct plug **ret_plug, struct err *err)
{
    struct trial_report report;
    int r = try_file(path, kind, &report, err);
    return r < 0 ? r : plug_load_tried(path, kind, ret_plug, err);
}

void plug_patience_for_test(int64_t ms)
{
    patience = ms;
}

int plug_load(int kind, const char *name, const char *const *directories, size_t count,
              struct plug **ret_plug, struct err *err)
{
    char path[4096], places[PLACES_SHOWN];
    struct stat st;
    if (!plug_descriptor_is_name(name))
        return err_set(err, HEARTH_ERR_INVALID, "\"%s\" is not a plugin's name", name);
    for (size_t i = 0; i < count; i++) {
        int n =
            snprintf(path, sizeof(path), "%s/%s-%s.so", directories[i], plug_kind_name(kind), name);
        errno = ENAMETOOLONG;
        /* also a link that leads nowhere */
        if (n >= 0 && (size_t)n < sizeof(path) && lstat(path, &st) == 0)
            return plug_load_file(path, kind, ret_plug, err);
        if (errno != ENOENT && errno != ENOTDIR)
            return err_errno(err, errno, "cannot look for %s-%s.so in %s", plug_kind_name(kind),
                             name, str_ends(places, PLUG_SHOWN, directories[i]));
    }
    return err_set(err, HEARTH_ERR_NOT_FOUND, "there is no %s-%s.so in %s", plug_kind_name(kind),
                   name, plug_places_shown(directories, count, places));
}

/* --- the instance --- */

static int loader_open_instance(struct plug *plug, struct hearth_call *call,
                                const struct hearth_config_value *values)
{
    const struct hearth_host *host = &plug->host.hearth;
    switch (plug->descriptor.kind) {
    case HEARTH_STORAGE:
        return ((const struct hearth_storage *)plug->table)->open(host, call, values, &plug->self);
    case HEARTH_SYNC:
        return ((const struct hearth_sync *)plug->table)->open(host, call, values, &plug->self);
    default:
        return ((const struct hearth_queue *)plug->table)->open(host, call, values, &plug->self);
    }
}

void plug_forbid_creation(struct plug *plug)
{
    plug->opening &= ~(uint64_t)HEARTH_OPEN_MAY_CREATE;
}

void plug_look_only(struct plug *plug)
{
    plug->opening = HEARTH_OPEN_LOOKS_ONLY;
}

void plug_listen(struct plug *plug, const struct hearth_host_changes *changes, void *data)
{
    plug->changes = changes;
    plug->changes_data = data;
}

void plug_allow_ahead(struct plug *plug, const struct hearth_host_ahead *ahead)
{
    plug->ahead = ahead;
}

int plug_open(struct plug *plug, const struct hearth_config_value *values, host_http_fn http,
              void *http_data, struct err *err)
{
    ASSERT(plug->magic == PLUG_MAGIC && plug->self == NULL);
    char module[64];
    snprintf(module, sizeof(module), "%s-%s", plug_kind_name(plug->descriptor.kind),
             plug->descriptor.name);
    plug_host_init(&plug->host, module, http, http_data);
    plug->host.hearth.opening = plug->opening;
    plug->host.changes = plug->changes;
    plug->host.changes_data = plug->changes_data;
    plug->host.ahead = plug->ahead;
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    int r = plug_call_check(&call, loader_open_instance(plug, &call.hearth, values), err);
    plug_call_fini(&call);
    return r < 0 ? err_prefix(err, "%s", module) : 0;
}

int plug_restore(struct plug *plug, const struct hearth_config_value *values, const char *path,
                 bool replace, hearth_text_cb cb, void *ctx, struct err *err)
{
    ASSERT(plug->magic == PLUG_MAGIC && plug->self == NULL &&
           plug->descriptor.kind == HEARTH_STORAGE);
    const struct hearth_storage_backup *backup = plug->extensions[PLUG_STORAGE_BACKUP];
    char module[64];
    struct call call;
    if (backup == NULL)
        return err_set(err, HEARTH_ERR_UNSUPPORTED,
                       "storage-%s restores nothing: use the tools of its database (for "
                       "PostgreSQL: psql or pg_restore)",
                       plug->descriptor.name);
    snprintf(module, sizeof(module), "storage-%s", plug->descriptor.name);
    plug_host_init(&plug->host, module, NULL, NULL);
    plug_call_init(&call, NULL, 0, 0);
    int r = plug_call_check(
        &call, backup->restore(&plug->host.hearth, &call.hearth, values, path, replace, cb, ctx),
        err);
    plug_call_fini(&call);
    return r < 0 ? err_prefix(err, "%s", module) : 0;
}

void plug_close(struct plug *plug)
{
    if (plug == NULL || plug->self == NULL)
        return;
    if (plug->descriptor.kind == HEARTH_STORAGE)
        ((const struct hearth_storage *)plug->table)->close(plug->self);
    else if (plug->descriptor.kind == HEARTH_SYNC)
        ((const struct hearth_sync *)plug->table)->close(plug->self);
    else
        ((const struct hearth_queue *)plug->table)->close(plug->self);
    plug->self = NULL;
}

const struct hearth_plugin *plug_descriptor(const struct plug *plug)
{
    return &plug->descriptor;
}

const char *plug_file(const struct plug *plug)
{
    return plug->file;
}

const void *plug_ops(const struct plug *plug)
{
    return plug->table;
}

const void *plug_extension(const struct plug *plug, enum plug_extension_id which)
{
    return plug->extensions[which];
}

struct opened_storage plug_storage(const struct plug *plug)
{
    ASSERT(plug->descriptor.kind == HEARTH_STORAGE);
    return (struct opened_storage){.ops = plug->table,
                                   .bulk = plug->extensions[PLUG_STORAGE_BULK],
                                   .ahead = plug->extensions[PLUG_STORAGE_AHEAD],
                                   .paths = plug->extensions[PLUG_STORAGE_PATHS],
                                   .push = plug->extensions[PLUG_STORAGE_PUSH],
                                   .changes = plug->extensions[PLUG_STORAGE_CHANGES],
                                   .backup = plug->extensions[PLUG_STORAGE_BACKUP],
                                   .limits = plug->descriptor.limits == NULL ? NULL : &plug->limits,
                                   .self = plug->self};
}

void *plug_self(const struct plug *plug)
{
    return plug->self;
}

/* --- listing --- */

static int is_plugin_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0 &&
           (str_starts(entry->d_name, "storage-") || str_starts(entry->d_name, "queue-") ||
            str_starts(entry->d_name, "sync-"));
}

static void list_file(const char *directory, const char *name, plug_list_cb cb, void *ctx)
{
    char path[4096];
    struct trial_report report;
    struct err err = {0};
    int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return; /* a folder that nobody can open */
    if (try_file(path, 0, &report, &err) < 0)
        cb(ctx, &(struct plug_found){.file = path, .why = err.text});
    else
        cb(ctx, &(struct plug_found){path, report.kind, report.name, report.version,
                                     report.description, NULL});
}

void plug_list(const char *const *directories, size_t count, plug_list_cb cb, void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        struct dirent **files;
        struct err err = {0};
        int n = scandir(directories[i], &files, is_plugin_file, alphasort);
        if (n < 0 && errno != ENOENT) {
            err_errno(&err, errno, "cannot look into this folder");
            cb(ctx, &(struct plug_found){.file = directories[i], .why = err.text});
        }
        for (int k = 0; k < n; k++) {
            list_file(directories[i], files[k]->d_name, cb, ctx);
            free(files[k]);
        }
        if (n >= 0)
            free(files);
    }
}
