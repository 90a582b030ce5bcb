#include "plug/loader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/magic.h"
#include "base/plain_file.h"
#include "base/str.h"
#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"
#include "plug/call.h"
#include "plug/operations.h"

enum { PLUG_MAGIC = 0x91060001, KEYS_MAX = 64 };
/* What structs had in the first release of the epoch: a plugin has no less. */
enum {
    DESCRIPTOR_MIN = offsetof(struct hearth_plugin, limits) + sizeof(void *),
    KEY_MIN = offsetof(struct hearth_config_key, required) + 8
};

struct plug {
    uint32_t magic;
    char *file;
    struct hearth_plugin descriptor; /* copied: as much as the plugin has; its keys, too, so that they are an array of this host's */
    struct hearth_config_key *keys;
    struct hearth_limits limits;       /* copied likewise */
    void *table;                       /* copied likewise */
    void *extensions[PLUG_EXTENSIONS]; /* likewise; NULL: it has not */
    struct host host;
    uint64_t opening; /* enum hearth_opening */
    const struct hearth_host_changes *changes;
    void *changes_data;
    void *self;
    struct plug *next; /* every plug ever loaded: their code stays, so they do */
};

static struct plug *loaded;

const char *plug_kind_name(int kind)
{
    static const char *const names[] = {"unknown", "storage", "queue", "sync"};
    return kind >= HEARTH_STORAGE && kind <= HEARTH_SYNC ? names[kind] : names[0];
}

/* dlopen() explains a text file or a foreign architecture badly; and a file that is no ELF must not reach it. */
static int check_elf(const char *file, struct err *err)
{
    Elf64_Ehdr header;
    int fd, r = plain_file_open(file, &fd, NULL, err);
    if (r < 0)
        return r;
    ssize_t n = read(fd, &header, sizeof(header));
    close(fd);
    if (n != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, HEARTH_ERR_INVALID, "%s is not a shared object", file);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN)
        return err_set(err, HEARTH_ERR_INVALID, "%s is not a shared object for this machine", file);
    return 0;
}

static int check_keys(const char *file, const struct hearth_plugin *d, struct err *err)
{
    if (d->config_count > KEYS_MAX || (d->config_count > 0 && d->config == NULL))
        return err_set(err, HEARTH_ERR_INVALID, "%s declares %zu configuration keys; at most %d are possible", file, d->config_count,
                       KEYS_MAX);
    for (size_t i = 0; i < d->config_count; i++) {
        const struct hearth_config_key *key = HEARTH_AT(d->config, i);
        if (key->struct_size < KEY_MIN || key->struct_size != d->config->struct_size || key->name == NULL || key->help == NULL ||
            key->type < HEARTH_CONFIG_STRING || key->type > HEARTH_CONFIG_ENUM || (key->type == HEARTH_CONFIG_ENUM && key->choices == NULL))
            return err_set(err, HEARTH_ERR_INVALID, "%s: configuration key %zu is malformed", file, i);
    }
    return 0;
}

static bool is_plugin_name(const char *name)
{
    size_t n = name == NULL ? 0 : strlen(name);
    return n > 0 && n < 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

/* The file must be called as the plugin calls itself. */
static int check_file_name(const char *file, const struct hearth_plugin *d, struct err *err)
{
    const char *base = strrchr(file, '/');
    char expected[80];
    snprintf(expected, sizeof(expected), "%s-%s.so", plug_kind_name(d->kind), d->name);
    base = base == NULL ? file : base + 1;
    if (strcmp(base, expected) != 0)
        return err_set(err, HEARTH_ERR_INVALID, "%s contains the plugin %s \"%s\" and must be called %s", file, plug_kind_name(d->kind),
                       d->name, expected);
    return 0;
}

static int check_descriptor(const char *file, const struct hearth_plugin *d, int kind, struct err *err)
{
    if (d == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: hearth_plugin_v2() returned nothing", file);
    if (d->struct_size < DESCRIPTOR_MIN || d->struct_size > 65536)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its descriptor has %u bytes, at least %d are needed", file, d->struct_size,
                       (int)DESCRIPTOR_MIN);
    if (d->abi_epoch != HEARTH_ABI_EPOCH)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s was built for ABI epoch %u, this hearthd has epoch %d: build it again against its headers", file, d->abi_epoch,
                       HEARTH_ABI_EPOCH);
    if (plug_operations(d->kind) == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: there is no plugin kind %d", file, d->kind);
    if (kind != 0 && d->kind != kind)
        return err_set(err, HEARTH_ERR_INVALID, "%s is a %s plugin, a %s plugin was needed", file, plug_kind_name(d->kind),
                       plug_kind_name(kind));
    if (!is_plugin_name(d->name) || d->version == NULL || d->description == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its descriptor lacks a name of a-z 0-9, a version or a description", file);
    int r = check_file_name(file, d, err);
    if (r == 0 && d->kind == HEARTH_STORAGE && d->data_model < HEARTH_DATA_MODEL)
        r = err_set(err, HEARTH_ERR_INVALID, "%s knows data model %u, this hearthd needs %d: fields would be lost", file, d->data_model,
                    HEARTH_DATA_MODEL);
    return r < 0 ? r : check_keys(file, d, err);
}

/* A table as this host has it: the plugin's part copied, every operation there. what: for an error, behind the file's name. */
static int copy_table(const char *file, const char *what, const void *table, const struct plug_operations *operations, void **ret_table,
                      struct err *err)
{
    enum { HEADER = 2 * sizeof(uint32_t) };
    uint32_t size = *(const uint32_t *)table;
    if (size < HEADER || size > 65536)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its %s has an impossible size, %u", file, what, size);
    void *copy = calloc(1, operations->size);
    if (copy == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(copy, table, size < operations->size ? size : operations->size);
    for (size_t i = 0; i < operations->count; i++) {
        void *operation;
        memcpy(&operation, (char *)copy + HEADER + i * sizeof(operation), sizeof(operation));
        if (operation == NULL && operations->names[i][0] != '?') {
            free(copy);
            return err_set(err, HEARTH_ERR_INVALID, "%s: its %s lacks the operation %s", file, what, operations->names[i]);
        }
    }
    *ret_table = copy;
    return 0;
}

static int copy_tables(const char *file, const struct hearth_plugin *d, struct plug *plug, struct err *err)
{
    int r = d->operations == NULL ? err_set(err, HEARTH_ERR_INVALID, "%s has no table of operations", file)
                                  : copy_table(file, "table of operations", d->operations, plug_operations(d->kind), &plug->table, err);
    for (int i = 0; r == 0 && d->extension != NULL && i < PLUG_EXTENSIONS; i++) {
        const struct plug_extension *known = &plug_extensions[i];
        const void *table = known->kind == d->kind ? d->extension(known->name) : NULL;
        if (table != NULL)
            r = copy_table(file, known->name, table, &known->operations, &plug->extensions[i], err);
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
        memcpy(&plug->keys[i], key, key->struct_size < sizeof(*key) ? key->struct_size : sizeof(*key));
        plug->keys[i].struct_size = sizeof(*key);
    }
    plug->descriptor.config = plug->keys;
    if (d->limits != NULL)
        memcpy(&plug->limits, d->limits, d->limits->struct_size < sizeof(plug->limits) ? d->limits->struct_size : sizeof(plug->limits));
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

static int remember(const char *file, const struct hearth_plugin *d, struct plug **ret_plug, struct err *err)
{
    struct plug *plug = calloc(1, sizeof(*plug));
    if (plug == NULL || (plug->file = strdup(file)) == NULL) {
        free(plug);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    plug->magic = PLUG_MAGIC;
    plug->opening = HEARTH_OPEN_MAY_CREATE;
    memcpy(&plug->descriptor, d, d->struct_size < sizeof(plug->descriptor) ? d->struct_size : sizeof(plug->descriptor));
    int r = copy_keys(d, plug, err);
    if (r == 0)
        r = copy_tables(file, d, plug, err);
    if (r < 0) {
        plug_free(plug);
        return r;
    }
    plug->next = loaded;
    loaded = plug;
    *ret_plug = plug;
    return 0;
}

int plug_load_file(const char *path, int kind, struct plug **ret_plug, struct err *err)
{
    int r = check_elf(path, err);
    if (r < 0)
        return r;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s cannot be loaded: %s", path, dlerror());
    hearth_plugin_entry entry;
    void *symbol = dlsym(handle, "hearth_plugin_v2");
    if (symbol == NULL && dlsym(handle, "hearth_plugin_v1") != NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s was built for ABI epoch 1, this hearthd has epoch %d: build it again against its headers", path,
                       HEARTH_ABI_EPOCH);
    if (symbol == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s is not a Hearth plugin: it has no hearth_plugin_v2()", path);
    memcpy(&entry, &symbol, sizeof(entry));
    const struct hearth_plugin *descriptor = entry();
    r = check_descriptor(path, descriptor, kind, err);
    return r < 0 ? r : remember(path, descriptor, ret_plug, err);
}

int plug_load(int kind, const char *name, const char *const *directories, size_t count, struct plug **ret_plug, struct err *err)
{
    char path[4096], tried[300] = "";
    if (!is_plugin_name(name))
        return err_set(err, HEARTH_ERR_INVALID, "\"%s\" is not a plugin's name", name);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s-%s.so", directories[i], plug_kind_name(kind), name);
        if (access(path, F_OK) == 0)
            return plug_load_file(path, kind, ret_plug, err);
        snprintf(tried + strlen(tried), sizeof(tried) - strlen(tried), "%s%s", i == 0 ? "" : ", ", directories[i]);
    }
    return err_set(err, HEARTH_ERR_NOT_FOUND, "there is no %s-%s.so in %s", plug_kind_name(kind), name, tried);
}

static int open_instance(struct plug *plug, struct hearth_call *call, const struct hearth_config_value *values)
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

int plug_open(struct plug *plug, const struct hearth_config_value *values, host_http_fn http, void *http_data, struct err *err)
{
    ASSERT(plug->magic == PLUG_MAGIC && plug->self == NULL);
    char module[64];
    snprintf(module, sizeof(module), "%s-%s", plug_kind_name(plug->descriptor.kind), plug->descriptor.name);
    host_init(&plug->host, module, http, http_data);
    plug->host.hearth.opening = plug->opening;
    plug->host.changes = plug->changes;
    plug->host.changes_data = plug->changes_data;
    struct call call;
    call_init(&call, NULL, 0, 0);
    int r = call_check(&call, open_instance(plug, &call.hearth, values), err);
    call_fini(&call);
    return r < 0 ? err_prefix(err, "%s", module) : 0;
}

int plug_restore(struct plug *plug, const struct hearth_config_value *values, const char *path, bool replace, hearth_text_cb cb, void *ctx,
                 struct err *err)
{
    ASSERT(plug->magic == PLUG_MAGIC && plug->self == NULL && plug->descriptor.kind == HEARTH_STORAGE);
    const struct hearth_storage_backup *backup = plug->extensions[PLUG_STORAGE_BACKUP];
    char module[64];
    struct call call;
    if (backup == NULL)
        return err_set(err, HEARTH_ERR_UNSUPPORTED,
                       "storage-%s restores nothing: use the tools of its database (for PostgreSQL: psql or pg_restore)",
                       plug->descriptor.name);
    snprintf(module, sizeof(module), "storage-%s", plug->descriptor.name);
    host_init(&plug->host, module, NULL, NULL);
    call_init(&call, NULL, 0, 0);
    int r = call_check(&call, backup->restore(&plug->host.hearth, &call.hearth, values, path, replace, cb, ctx), err);
    call_fini(&call);
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

struct storage plug_storage(const struct plug *plug)
{
    ASSERT(plug->descriptor.kind == HEARTH_STORAGE);
    return (struct storage){.ops = plug->table,
                            .bulk = plug->extensions[PLUG_STORAGE_BULK],
                            .backup = plug->extensions[PLUG_STORAGE_BACKUP],
                            .limits = plug->descriptor.limits == NULL ? NULL : &plug->limits,
                            .self = plug->self};
}

void *plug_self(const struct plug *plug)
{
    return plug->self;
}

static int is_plugin_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0 &&
           (str_starts(entry->d_name, "storage-") || str_starts(entry->d_name, "queue-") || str_starts(entry->d_name, "sync-"));
}

void plug_list(const char *const *directories, size_t count, plug_list_cb cb, void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        struct dirent **files;
        int n = scandir(directories[i], &files, is_plugin_file, alphasort);
        for (int k = 0; k < n; k++) {
            char path[4096];
            struct plug *plug = NULL;
            struct err err = {0};
            snprintf(path, sizeof(path), "%s/%s", directories[i], files[k]->d_name);
            plug_load_file(path, 0, &plug, &err);
            cb(ctx, path, plug, err.text);
            free(files[k]);
        }
        if (n >= 0)
            free(files);
    }
}

void plug_beside_program(const char *path, char *ret, size_t size)
{
    char program[3000];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL || path[0] == '/')
        str_copy(ret, size, path);
    else
        snprintf(ret, size, "%.*s/%s", (int)(slash - program), program, path);
}

size_t plug_directories(const char *first, const char *const **ret_directories)
{
    static const char *const places[] = {"plugins/storage-sqlite", "plugins/storage-pg", "plugins/queue-inproc", "plugins/queue-redis",
                                         "plugins/sync-fx",        HEARTH_PLUGIN_DIR}; /* in a build tree, and installed */
    enum { PLACES = sizeof(places) / sizeof(places[0]) };
    static char configured[4096], directory[PLACES][4096];
    static const char *directories[1 + PLACES];
    size_t n = 0;
    if (first != NULL) {
        str_copy(configured, sizeof(configured), first); /* CONF_PATH_MAX at most */
        directories[n++] = configured;
    }
    for (size_t i = 0; i < PLACES; i++) {
        plug_beside_program(places[i], directory[i], sizeof(directory[i]));
        directories[n++] = directory[i];
    }
    *ret_directories = directories;
    return n;
}
