/* The inner plugin's configuration, out of one text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fault.h"

/* The value of a key in "key=value;key=value"; its size in *ret_size. NULL: not there. */
static const char *find(const char *options, const char *key, size_t *ret_size)
{
    size_t n = strlen(key);
    for (const char *p = options; *p != '\0'; p += *p == ';') {
        size_t size = strcspn(p, ";");
        if (size > n && memcmp(p, key, n) == 0 && p[n] == '=') {
            *ret_size = size - n - 1;
            return p + n + 1;
        }
        p += size;
    }
    return NULL;
}

static bool with_unit(const char *text, int type, int64_t *ret)
{
    static const struct {
        const char *name;
        int type;
        int64_t factor;
    } units[] = {{"ms", HEARTH_CONFIG_DURATION, 1},       {"s", HEARTH_CONFIG_DURATION, 1000},
                 {"min", HEARTH_CONFIG_DURATION, 60000},  {"h", HEARTH_CONFIG_DURATION, 3600000},
                 {"d", HEARTH_CONFIG_DURATION, 86400000}, {"KiB", HEARTH_CONFIG_SIZE, 1 << 10},
                 {"MiB", HEARTH_CONFIG_SIZE, 1 << 20},    {"GiB", HEARTH_CONFIG_SIZE, 1 << 30}};
    char *rest;
    errno = 0;
    int64_t value = strtoll(text, &rest, 10);
    if (rest == text || errno != 0)
        return false;
    *ret = value;
    if (*rest == '\0')
        return true;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].type == type && strcmp(units[i].name, rest) == 0) {
            *ret = value * units[i].factor;
            return true;
        }
    }
    return false;
}

static bool choice(const char *choices, const char *text, int64_t *ret)
{
    size_t n = strlen(text);
    *ret = 0;
    for (const char *p = choices; *p != '\0'; p += *p == ' ', ++*ret) {
        size_t size = strcspn(p, " ");
        if (size == n && memcmp(p, text, n) == 0)
            return true;
        p += size;
    }
    return false;
}

static bool convert(const struct hearth_config_key *key, const char *text, int64_t *ret)
{
    switch (key->type) {
    case HEARTH_CONFIG_INT:
    case HEARTH_CONFIG_SIZE:
    case HEARTH_CONFIG_DURATION:
        return with_unit(text, key->type, ret);
    case HEARTH_CONFIG_BOOL:
        *ret = strcasecmp(text, "yes") == 0;
        return *ret != 0 || strcasecmp(text, "no") == 0;
    case HEARTH_CONFIG_ENUM:
        return choice(key->choices, text, ret);
    default:
        *ret = 0;
        return true;
    }
}

static int check_names(struct hearth_call *call, const struct hearth_plugin *plugin,
                       const char *options)
{
    for (const char *p = options; *p != '\0'; p += *p == ';') {
        size_t n = strcspn(p, "=;"), i = 0;
        while (i < plugin->config_count &&
               (strlen(plugin->config[i].name) != n || memcmp(plugin->config[i].name, p, n) != 0))
            i++;
        if (i == plugin->config_count)
            return hearth_fail(call, HEARTH_ERR_INVALID,
                               "options: the inner plugin has no key %.*s", (int)n, p);
        p += strcspn(p, ";");
    }
    return 0;
}

/* A value's text is written behind those of the others. */
static int set_value(const struct hearth_config_key *key, struct hearth_call *call,
                     const char *options, const char *directory, char **texts,
                     struct hearth_config_value *ret)
{
    size_t size = 0;
    const char *text = find(options, key->name, &size);
    *ret = (struct hearth_config_value){.struct_size = sizeof(*ret)};
    if (text == NULL && key->fallback == NULL)
        return key->required ? hearth_fail(call, HEARTH_ERR_INVALID,
                                           "options: the inner plugin needs %s", key->name)
                             : 0;
    if (text == NULL) {
        text = key->fallback;
        size = strlen(text);
    }
    char *out = *texts;
    if (key->type == HEARTH_CONFIG_PATH && *text != '/') {
        size_t n = strlen(directory);
        memcpy(out, directory, n);
        out[n] = '/';
        out += n + 1;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    if (!convert(key, out, &ret->number))
        return hearth_fail(call, HEARTH_ERR_INVALID, "options: \"%s\" is no value of %s", out,
                           key->name);
    ret->text = *texts;
    ret->present = true;
    *texts = out + size + 1;
    return 0;
}

int fault_options(struct fault *fault, struct hearth_call *call, const struct hearth_plugin *plugin,
                  const char *options, const char *directory)
{
    size_t room = strlen(options) + 1;
    for (size_t i = 0; i < plugin->config_count; i++)
        room += strlen(directory) + 2 +
                (plugin->config[i].fallback == NULL ? 0 : strlen(plugin->config[i].fallback));
    fault->values = calloc(plugin->config_count + 1, sizeof(*fault->values));
    char *texts = fault->texts = malloc(room);
    if (fault->values == NULL || texts == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    int r = check_names(call, plugin, options);
    for (size_t i = 0; r == 0 && i < plugin->config_count; i++)
        r = set_value(&plugin->config[i], call, options, directory, &texts, &fault->values[i]);
    return r;
}
