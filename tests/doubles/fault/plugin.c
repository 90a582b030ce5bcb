/* The descriptor, the plugin inside, instance and handles. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"

enum { KEY_INNER, KEY_RULES, KEY_OPTIONS, KEY_DIRECTORY, KEY_COUNTS, KEYS };

#define KEY(n, t, f, h, ...)                                                                       \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .name = n, .type = t, .fallback = f,      \
        .help = h, __VA_ARGS__                                                                     \
    }
static const struct hearth_config_key keys[KEYS] = {
    [KEY_INNER] =
        KEY("inner", HEARTH_CONFIG_PATH, NULL, "the plugin that does the work", .required = true),
    [KEY_RULES] = KEY("rules", HEARTH_CONFIG_PATH, "faults",
                      "the file with the rules, which may change at any time"),
    [KEY_OPTIONS] =
        KEY("options", HEARTH_CONFIG_STRING, "", "its keys: path=x.db;busy_timeout=100ms"),
    [KEY_DIRECTORY] = KEY("directory", HEARTH_CONFIG_PATH, ".", "where its relative paths begin"),
    [KEY_COUNTS] =
        KEY("counts", HEARTH_CONFIG_PATH, NULL,
            "a file for three numbers of 8 bytes: calls, rows of listings, bytes of their texts"),
};

static const struct hearth_plugin *load(const char *path, const char **ret_why)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = module == NULL ? NULL : dlsym(module, "hearth_plugin_v2");
    hearth_plugin_entry entry;
    if (symbol == NULL) {
        *ret_why = dlerror();
        return NULL;
    }
    memcpy(&entry, &symbol, sizeof(entry));
    return entry();
}

static const void *fault_extension(const char *name)
{
    return fault_kind.extension != NULL && strcmp(name, fault_kind.extension) == 0
               ? fault_kind.extended
               : NULL;
}

/* The descriptor is asked for before the configuration says which plugin is inside, so what it
 * promises comes from the environment. */
const struct hearth_plugin *hearth_plugin_v2(void)
{
    static struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .name = "fault",
        .version = HEARTH_VERSION,
        .description = "lets the operations of another plugin fail, for tests",
        .config = keys,
        .config_count = KEYS,
    };
    const char *path = getenv(fault_kind.capabilities), *why;
    const struct hearth_plugin *inner = path == NULL ? NULL : load(path, &why);
    plugin.kind = fault_kind.kind;
    plugin.data_model = fault_kind.data_model;
    plugin.operations = fault_kind.table;
    plugin.extension = fault_extension;
    plugin.capabilities = inner == NULL ? 0 : inner->capabilities;
    return &plugin;
}

static int check(struct hearth_call *call, const char *path, const struct hearth_plugin *plugin)
{
    if (plugin->kind != fault_kind.kind || plugin->abi_epoch != HEARTH_ABI_EPOCH ||
        plugin->data_model < fault_kind.data_model)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "%s is of another kind, ABI epoch or data model", path);
    if ((hearth_plugin_v2()->capabilities & ~plugin->capabilities) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s cannot do all that the plugin in %s can",
                           path, fault_kind.capabilities);
    return 0;
}

/* As the host's loader does it: what an older plugin lacks would be NULL, and nothing may be
 * that is passed on. */
static int copy_table(struct fault *fault, struct hearth_call *call, const char *path,
                      const void *table)
{
    const size_t header = 2 * sizeof(uint32_t);
    uint32_t size = *(const uint32_t *)table;
    fault->table = calloc(1, fault_kind.table_size);
    if (fault->table == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(fault->table, table, size < fault_kind.table_size ? size : fault_kind.table_size);
    for (size_t at = header; at < fault_kind.table_size; at += sizeof(fault_function)) {
        fault_function operation, own;
        memcpy(&operation, (char *)fault->table + at, sizeof(operation));
        memcpy(&own, (const char *)fault_kind.table + at, sizeof(own));
        if (operation == NULL && own != NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "%s lacks operation %zu", path,
                               (at - header) / sizeof(operation));
    }
    return 0;
}

static int map_counts(struct fault *fault, struct hearth_call *call, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *counts =
        fd < 0 || ftruncate(fd, sizeof(struct fault_counts)) < 0
            ? MAP_FAILED
            : mmap(NULL, sizeof(struct fault_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (counts == MAP_FAILED)
        return hearth_fail(call, HEARTH_ERR_IO, "cannot count in %s", path);
    fault->counts = counts;
    return 0;
}

static void destroy(struct fault *fault)
{
    if (fault->counts != NULL)
        munmap(fault->counts, sizeof(*fault->counts));
    free(fault->table);
    free(fault->values);
    free(fault->texts);
    pthread_mutex_destroy(&fault->rules.lock);
    free(fault);
}

static int prepare(struct fault *fault, struct hearth_call *call,
                   const struct hearth_config_value *values)
{
    const char *path = HEARTH_AT(values, KEY_INNER)->text, *why = "";
    const struct hearth_plugin *plugin = load(path, &why);
    if (plugin == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "cannot load the inner plugin: %s", why);
    int r = check(call, path, plugin);
    if (r == 0)
        r = copy_table(fault, call, path, plugin->operations);
    if (r == 0 && fault_kind.extension != NULL) {
        fault->extended =
            plugin->extension == NULL ? NULL : plugin->extension(fault_kind.extension);
        if (fault->extended == NULL)
            r = hearth_fail(call, HEARTH_ERR_INVALID, "%s has no %s", path, fault_kind.extension);
    }
    if (r == 0 && HEARTH_AT(values, KEY_COUNTS)->text != NULL)
        r = map_counts(fault, call, HEARTH_AT(values, KEY_COUNTS)->text);
    if (r == 0)
        r = fault_options(fault, call, plugin, HEARTH_AT(values, KEY_OPTIONS)->text,
                          HEARTH_AT(values, KEY_DIRECTORY)->text);
    return r;
}

int fault_open(const struct hearth_host *host, struct hearth_call *call,
               const struct hearth_config_value *values, void **ret_self)
{
    struct fault *fault = calloc(1, sizeof(*fault));
    struct fault_strike strike;
    if (fault == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    fault->host = host;
    fault->rules.path = HEARTH_AT(values, KEY_RULES)->text;
    pthread_mutex_init(&fault->rules.lock, NULL);
    int r = prepare(fault, call, values);
    if (r == 0)
        r = fault_before(fault, NULL, call, "open", NULL, &strike);
    if (r == 0)
        r = ((const struct fault_life *)fault->table)
                ->open(host, call, fault->values, &fault->inner);
    if (r < 0)
        destroy(fault);
    else
        *ret_self = fault;
    return r;
}

void fault_close(void *self)
{
    struct fault *fault = self;
    if (fault == NULL)
        return;
    ((const struct fault_life *)fault->table)->close(fault->inner);
    destroy(fault);
}

int fault_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct fault *fault = self;
    struct fault_strike strike;
    struct fault_handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    handle->fault = fault;
    int r = fault_before(fault, NULL, call, "handle_open", NULL, &strike);
    if (r == 0)
        r = ((const struct fault_life *)fault->table)
                ->handle_open(fault->inner, call, &handle->inner);
    if (r < 0)
        free(handle);
    else
        *ret_handle = handle;
    return r;
}

void fault_handle_close(void *handle)
{
    struct fault_handle *s = handle;
    ((const struct fault_life *)s->fault->table)->handle_close(s->inner);
    free(s);
}

void fault_interrupt(void *handle)
{
    struct fault_handle *s = handle;
    if (atomic_load(&s->waiting))
        atomic_store(&s->interrupted, true);
    ((const struct fault_life *)s->fault->table)->interrupt(s->inner);
}
