#include "plug/descriptor.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "hearth/storage.h"
#include "plug/loader.h"
#include "plug/operations.h"

enum { KEYS_MAX = 64, STRUCT_MAX = 65536, VERSION_MAX = 9999 };
/* What structs had in the first release of the epoch: a plugin has no less. */
enum {
    DESCRIPTOR_MIN = offsetof(struct hearth_plugin, limits) + sizeof(void *),
    KEY_MIN = offsetof(struct hearth_config_key, required) + 8,
    LIMITS_MIN = offsetof(struct hearth_limits, single_writer) + 8
};

static int check_size(const char *shown, const char *what, uint32_t size, uint32_t least,
                      struct err *err)
{
    if (size < least)
        return err_set(err, HEARTH_ERR_INVALID, "%s: %s has %u bytes, at least %u are needed",
                       shown, what, size, least);
    if (size > STRUCT_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "%s: %s has %u bytes, at most %d are possible",
                       shown, what, size, STRUCT_MAX);
    return 0;
}

/* --- keys --- */

static bool is_key_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < CONF_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* A name that conf.d takes for KEY_file, the file with the value of KEY. */
static bool is_taken_for_file(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, "_file") == 0 && strcmp(name, "key_file") != 0 &&
           strcmp(name, "ca_file") != 0;
}

static bool is_number(int32_t type)
{
    return type == HEARTH_CONFIG_INT || type == HEARTH_CONFIG_SIZE ||
           type == HEARTH_CONFIG_DURATION;
}

/* What is wrong with its name; NULL: nothing. */
static const char *why_not_name(const struct hearth_plugin *d, size_t which)
{
    const char *name = HEARTH_AT(d->config, which)->name;
    if (!is_key_name(name))
        return "its name is not made of a-z, 0-9 and _";
    if (strcmp(name, "plugin") == 0)
        return "this name is the host's own";
    if (is_taken_for_file(name))
        return "nobody can give it, because a name that ends in _file stands for the file with a "
               "value";
    for (size_t i = 0; i < which; i++)
        if (strcmp(HEARTH_AT(d->config, i)->name, name) == 0)
            return "it is declared twice";
    return NULL;
}

static const char *why_not_key(const struct hearth_config_key *key)
{
    if (key->help == NULL || key->help[0] == '\0' || strpbrk(key->help, "\r\n\t") != NULL)
        return "its help is not one line";
    if (key->type < HEARTH_CONFIG_STRING || key->type > HEARTH_CONFIG_ENUM)
        return "there is no such type";
    if (key->type == HEARTH_CONFIG_ENUM && (key->choices == NULL || key->choices[0] == '\0'))
        return "there is nothing to choose from";
    if (is_number(key->type) && key->minimum > key->maximum)
        return "its least value is larger than its greatest";
    if (key->required != 0 && key->fallback != NULL)
        return "it is required and has a fallback";
    return NULL;
}

static int check_key(const char *shown, const struct hearth_plugin *d, size_t which,
                     struct err *err)
{
    const struct hearth_config_key *key = HEARTH_AT(d->config, which);
    if (key->struct_size != d->config->struct_size)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "%s: its configuration key %zu has %u bytes, and the first one %u: all have the same",
            shown, which, key->struct_size, d->config->struct_size);
    if (key->name == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its configuration key %zu has no name", shown,
                       which);
    const char *why = why_not_name(d, which);
    if (why == NULL)
        why = why_not_key(key);
    if (why != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: its configuration key %zu, \"%.40s\": %s",
                       shown, which, key->name, why);
    struct err fallback = {0};
    if (key->fallback != NULL && conf_check_fallback(key, &fallback) < 0)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "%s: the fallback of its configuration key %zu, \"%.40s\", is no value of it: %s",
            shown, which, key->name, fallback.text);
    return 0;
}

static int descriptor_check_keys(const char *shown, const struct hearth_plugin *d, struct err *err)
{
    if (d->config_count > KEYS_MAX)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s declares %zu configuration keys; at most %d are possible", shown,
                       d->config_count, KEYS_MAX);
    if (d->config_count > 0 && d->config == NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s declares %zu configuration keys, and has no array of them", shown,
                       d->config_count);
    int r = d->config_count == 0 ? 0
                                 : check_size(shown, "its first configuration key",
                                              d->config->struct_size, KEY_MIN, err);
    for (size_t i = 0; r == 0 && i < d->config_count; i++)
        r = check_key(shown, d, i, err);
    return r;
}

/* --- the rest --- */

static int descriptor_check_limits(const char *shown, const struct hearth_limits *limits,
                                   struct err *err)
{
    int r = limits == NULL ? 0
                           : check_size(shown, "its struct hearth_limits", limits->struct_size,
                                        LIMITS_MIN, err);
    if (limits == NULL || r < 0)
        return r;
    if (limits->key_bytes < 0 || limits->text_bytes < 0 || limits->single_writer < 0 ||
        limits->single_writer > 1)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s: its limits are impossible: key_bytes %lld and text_bytes %lld are 0 or "
                       "more, single_writer %lld is 0 or 1",
                       shown, (long long)limits->key_bytes, (long long)limits->text_bytes,
                       (long long)limits->single_writer);
    return 0;
}

bool plug_descriptor_is_name(const char *name)
{
    size_t n = name == NULL ? 0 : strlen(name);
    return n > 0 && n < 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

/* The file must be called as the plugin calls itself. */
static int check_file_name(const char *file, const char *shown, const struct hearth_plugin *d,
                           struct err *err)
{
    const char *base = strrchr(file, '/');
    char expected[80];
    snprintf(expected, sizeof(expected), "%s-%s.so", plug_kind_name(d->kind), d->name);
    base = base == NULL ? file : base + 1;
    if (strcmp(base, expected) != 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s contains the plugin %s \"%s\" and must be called %s", shown,
                       plug_kind_name(d->kind), d->name, expected);
    return 0;
}

/* A larger version than this host's is one of a later release of the epoch, which works by the
 * rules of growth. */
static int check_built_for(const char *shown, const struct hearth_plugin *d, struct err *err)
{
    if (d->abi_epoch != HEARTH_ABI_EPOCH)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s was built for ABI epoch %u, this hearthd has epoch %d: build it again "
                       "against its headers",
                       shown, d->abi_epoch, HEARTH_ABI_EPOCH);
    if (d->abi_version == 0 || d->abi_version > VERSION_MAX)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s says that it was built for version %u of ABI epoch %d, which there is "
                       "not: set abi_version to HEARTH_ABI_VERSION "
                       "(%d today)",
                       shown, d->abi_version, HEARTH_ABI_EPOCH, HEARTH_ABI_VERSION);
    return 0;
}

static int check_kind(const char *shown, const struct hearth_plugin *d, int kind, struct err *err)
{
    if (plug_operations(d->kind) == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: there is no plugin kind %d", shown, d->kind);
    if (kind != 0 && d->kind != kind)
        return err_set(err, HEARTH_ERR_INVALID, "%s is a %s plugin, a %s plugin was needed", shown,
                       plug_kind_name(d->kind), plug_kind_name(kind));
    if (!plug_descriptor_is_name(d->name) || d->version == NULL || d->description == NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s: its descriptor lacks a name of a-z 0-9, a version or a description",
                       shown);
    return 0;
}

int plug_descriptor_check(const char *file, const char *shown, const struct hearth_plugin *d,
                          int kind, struct err *err)
{
    if (d == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: hearth_plugin_v2() returned nothing", shown);
    int r = check_size(shown, "its descriptor", d->struct_size, DESCRIPTOR_MIN, err);
    if (r == 0)
        r = check_built_for(shown, d, err);
    if (r == 0)
        r = check_kind(shown, d, kind, err);
    if (r == 0)
        r = check_file_name(file, shown, d, err);
    if (r == 0 && d->kind == HEARTH_STORAGE && d->data_model < HEARTH_DATA_MODEL)
        r = err_set(err, HEARTH_ERR_INVALID,
                    "%s knows data model %u, this hearthd needs %d: fields would be lost", shown,
                    d->data_model, HEARTH_DATA_MODEL);
    if (r == 0)
        r = descriptor_check_keys(shown, d, err);
    return r < 0 ? r : descriptor_check_limits(shown, d->limits, err);
}
