/* From texts to values: types, limits, defaults, unknown keys. */
#include <stdlib.h>
#include <string.h>

#include "base/secret_file.h"
#include "base/str.h"
#include "conf/conf_internal.h"

static const struct hearth_config_key *config_key_find(const struct hearth_config_key *keys,
                                                       size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void config_key_nearest(const struct hearth_config_key *keys, size_t count, const char *name,
                               const char **best, int *best_distance)
{
    for (size_t i = 0; i < count; i++)
        if (str_is_nearer(name, keys[i].name, best_distance))
            *best = keys[i].name;
}

static void check_entry(struct conf *conf, const struct conf_section *section,
                        const struct conf_entry *e, const struct hearth_config_key *more,
                        size_t more_count, struct findings *findings)
{
    const struct conf_kind *kind = section->kind;
    const char *gap = section->name[0] != '\0' ? " " : "", *best = NULL;
    if (config_key_find(kind->keys, kind->count, e->key) != NULL ||
        config_key_find(more, more_count, e->key) != NULL)
        return;
    const struct conf_old_key *old = conf_old_key_find(conf_old_keys(), kind->name, e->key);
    if (old != NULL) {
        conf_refuse_old_key(conf, section, e, old, findings);
        return;
    }
    int best_distance = STR_NOT_NEAR;
    config_key_nearest(kind->keys, kind->count, e->key, &best, &best_distance);
    config_key_nearest(more, more_count, e->key, &best, &best_distance);
    if (best != NULL && e->file->environment)
        best = conf_variable_of(conf, section, best);
    findings_add(findings, HEARTH_ERR_INVALID, "%s: [%s%s%s] has no key %s%s%s%s", e->where,
                 kind->name, gap, section->name, e->key, best == NULL ? "" : "; did you mean ",
                 best == NULL ? "" : best, best == NULL ? "" : "?");
}

void conf_check_known(struct conf *conf, const struct conf_section *section,
                      const struct hearth_config_key *more, size_t more_count,
                      struct findings *findings)
{
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next)
        check_entry(conf, section, e, more, more_count, findings);
}

static int index_of_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    int i = 0;
    for (const char *p = choices; *p != '\0'; i++) {
        size_t size = strcspn(p, " ");
        if (size == n && memcmp(p, text, n) == 0)
            return i;
        p += size + (p[size] == ' ');
    }
    return -1;
}

static bool is_url(const char *text)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0 && text[scheme + 3] != '\0' &&
           strpbrk(text, " \t\"<>") == NULL;
}

/* "https://ada:word@host": a name, and perhaps a password, before the host. */
static bool names_somebody(const char *url)
{
    const char *from = strstr(url, "://") + 3;
    return memchr(from, '@', strcspn(from, "/?#")) != NULL;
}

/* Why the text is no value of the key; NULL: it is one. */
static const char *value_convert(struct conf *conf, const struct hearth_config_key *key,
                                 const char *text, struct hearth_config_value *ret,
                                 const void **ret_shape)
{
    struct hearth_config_value value = {
        .struct_size = sizeof(value), .present = true, .text = text};
    bool flag = false;
    const char *why = conf_shape(conf, key, &value, ret_shape);
    if (why != NULL)
        return why;
    switch (key->type) {
    case HEARTH_CONFIG_INT:
        if (!str_to_int(text, &value.number))
            return "expected a whole number";
        break;
    case HEARTH_CONFIG_SIZE:
        if (!str_to_size(text, &value.number))
            return "expected a size such as 64MiB";
        break;
    case HEARTH_CONFIG_DURATION:
        if (!str_to_duration(text, &value.number))
            return "expected a duration such as 15min (ms, s, min, h, d)";
        break;
    case HEARTH_CONFIG_BOOL:
        if (!str_to_bool(text, &flag))
            return "expected yes or no";
        value.number = flag;
        break;
    case HEARTH_CONFIG_ENUM:
        value.number = index_of_choice(key->choices, text);
        if (value.number < 0)
            return arena_printf(&conf->arena, "is not one of: %s", key->choices);
        break;
    case HEARTH_CONFIG_URL:
        if (!is_url(text))
            return "expected an absolute URL";
        if (names_somebody(text))
            return CONF_NAMES_SOMEBODY;
        break;
    case HEARTH_CONFIG_PATH:
        if (text[0] == '\0')
            return "expected a path";
        if (text[0] != '/' && conf->state_dir != NULL)
            value.text = arena_printf(&conf->arena, "%s/%s", conf->state_dir, text);
        if (value.text != NULL && strlen(value.text) > CONF_PATH_MAX)
            return "a path may have 3500 bytes, with state_dir before it when it is relative";
        break;
    default:
        break;
    }
    if (value.text == NULL)
        return "out of memory";
    if ((key->minimum != 0 || key->maximum != 0) &&
        (value.number < key->minimum || value.number > key->maximum))
        return "out of range";
    *ret = value;
    return NULL;
}

/* " (from 1s to 30d)"; "" for keys without limits. */
static const char *value_limits_text(const struct hearth_config_key *key, char ret[80])
{
    char low[24], high[24];
    ret[0] = '\0';
    if (key->minimum == 0 && key->maximum == 0)
        return ret;
    if (key->type == HEARTH_CONFIG_DURATION)
        snprintf(ret, 80, " (from %s to %s)", str_put_duration(key->minimum, low),
                 str_put_duration(key->maximum, high));
    else if (key->type == HEARTH_CONFIG_SIZE)
        snprintf(ret, 80, " (from %s to %s)", str_put_size(key->minimum, low),
                 str_put_size(key->maximum, high));
    else
        snprintf(ret, 80, " (from %lld to %lld)", (long long)key->minimum, (long long)key->maximum);
    return ret;
}

static void value_explain_fault(const struct hearth_config_key *key, const struct conf_entry *entry,
                                const char *why, struct findings *findings)
{
    char shown[100], range[80];
    str_printable(entry->value, shown, sizeof(shown));
    bool secret = key->type == HEARTH_CONFIG_SECRET || entry->secret_file;
    /* of a list, which `why` shows */
    bool item = why[0] == '"';
    /* before it may stand a password, whatever else is wrong */
    bool may_be_secret = !item && strchr(entry->value, '@') != NULL;
    if (secret || may_be_secret)
        findings_add(findings, HEARTH_ERR_INVALID, "%s: %s: %s", entry->where, entry->key, why);
    else if (item)
        findings_add(findings, HEARTH_ERR_INVALID, "%s: %s: %s", entry->where, entry->key, why);
    else
        findings_add(findings, HEARTH_ERR_INVALID, "%s: %s: \"%s\": %s%s", entry->where, entry->key,
                     shown, why, value_limits_text(key, range));
}

int conf_check_fallback(const struct hearth_config_key *key, struct err *err)
{
    struct conf conf = {0};
    struct hearth_config_value value;
    const void *shape = NULL;
    char shown[100], range[80];
    const char *why = value_convert(&conf, key, key->fallback, &value, &shape);
    str_printable(key->fallback, shown, sizeof(shown));
    int r = why == NULL ? 0
                        : err_set(err, HEARTH_ERR_INVALID, "\"%s\": %s%s", shown, why,
                                  value_limits_text(key, range));
    arena_fini(&conf.arena);
    return r;
}

/* Is there a secret in the text? Addresses of servers may have a password in them, and most have
 * none. */
static bool holds_secret(const char *text)
{
    static const char *const words[] = {"host", "hostaddr", "port",    "dbname",
                                        "user", "service",  "sslmode", "application_name"};
    const char *scheme = strstr(text, "://");
    if (strncmp(text, "unix:", 5) == 0 && strstr(text, "password") == NULL)
        return false;
    if (scheme != NULL) {
        const char *from = scheme + 3;
        size_t n = strcspn(from, "/?#");
        const char *at = memrchr(from, '@', n);
        return (at != NULL && memchr(from, ':', (size_t)(at - from)) != NULL) ||
               strcasestr(text, "password=") != NULL;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if (strncmp(text, words[i], n) == 0 && text[n + strspn(text + n, " ")] == '=')
            return strcasestr(text, "password") != NULL || strcasestr(text, "passfile") != NULL;
    }
    return text[0] != '\0';
}

/* A secret that stands in a file of conf.d itself. */
static void check_open_secret(const struct conf_entry *entry, struct findings *findings)
{
    struct err err = {0};
    if (entry->file->on_disk && holds_secret(entry->value) &&
        secret_file_check(entry->file->name, &entry->file->st, &err) < 0)
        findings_add(findings, HEARTH_ERR_INVALID,
                     "%s: %s: %s; or put the value into a file of its own and write %s_file = PATH",
                     entry->where, entry->key, err.text, entry->key);
}

/* KEY_file of a key that names a file itself, such as tls_key: what stands in the file would be
 * taken for the path, and shown wherever that path is. */
static void refuse_file_of_path(struct conf *conf, const struct conf_section *section,
                                const struct conf_entry *entry, struct findings *findings)
{
    const char *plain =
        entry->file->environment ? conf_variable_of(conf, section, entry->key) : entry->key;
    findings_add(findings, HEARTH_ERR_INVALID,
                 "%s: %s_file: %s is a path itself, and is not read from a file: write %s = PATH",
                 entry->where, entry->key, entry->key, plain == NULL ? entry->key : plain);
}

static void resolve_key(struct conf *conf, const struct conf_section *section,
                        const struct hearth_config_key *key, bool secrets,
                        struct hearth_config_value *ret_value, const void **ret_shape,
                        struct findings *findings)
{
    const struct conf_entry *entry = conf_find_entry(section, key->name);
    const char *text = entry != NULL ? entry->value : key->fallback;
    ret_value->struct_size = sizeof(*ret_value);
    if (entry != NULL && entry->secret_file &&
        (key->type == HEARTH_CONFIG_PATH || key->type == CONF_FOLDER)) {
        refuse_file_of_path(conf, section, entry, findings);
        return;
    }
    if (entry != NULL && entry->withheld != NULL) {
        if (secrets)
            findings_add(findings, HEARTH_ERR_INVALID, "%s: %s_file: %s", entry->where, entry->key,
                         entry->withheld);
        return;
    }
    bool missing = text == NULL || (key->required && text[0] == '\0');
    if (missing && key->required)
        findings_add(findings, HEARTH_ERR_INVALID, "%s: [%s%s%s] needs %s: %s",
                     conf_where(conf, section, key->name), section->kind->name,
                     section->name[0] != '\0' ? " " : "", section->name, key->name, key->help);
    if (missing)
        return;
    const char *why = value_convert(conf, key, text, ret_value, ret_shape);
    if (why != NULL && entry == NULL)
        findings_add(findings, HEARTH_ERR_INTERNAL, "the default of %s is wrong: %s", key->name,
                     why);
    else if (why != NULL)
        value_explain_fault(key, entry, why, findings);
    else if (entry != NULL && !entry->secret_file && key->type == HEARTH_CONFIG_SECRET)
        check_open_secret(entry, findings);
}

void conf_resolve(struct conf *conf, struct conf_section *section,
                  const struct hearth_config_key *keys, size_t count, bool secrets,
                  struct hearth_config_value **ret_values, const void ***ret_shapes,
                  struct findings *findings)
{
    struct hearth_config_value *values = arena_alloc(&conf->arena, (count + 1) * sizeof(*values));
    const void **shapes = arena_alloc(&conf->arena, (count + 1) * sizeof(*shapes));
    if (values == NULL || shapes == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++)
        resolve_key(conf, section, &keys[i], secrets, &values[i], &shapes[i], findings);
    *ret_values = values;
    if (ret_shapes != NULL)
        *ret_shapes = shapes;
}
