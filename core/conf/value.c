/* From texts to values: types, limits, defaults, unknown keys. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/conf_internal.h"

static int fail_at(const struct conf_entry *entry, struct err *err, const char *why)
{
    return err_set(err, HEARTH_ERR_INVALID, "%s:%d: %s: %s", entry->file, entry->line, entry->key, why);
}

/* Levenshtein distance, at most 99; for "did you mean". */
static int distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    int row[MAX + 1];
    if (n > MAX || m > MAX)
        return 99;
    for (size_t k = 0; k <= m; k++)
        row[k] = (int)k;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t k = 1; k <= m; k++) {
            int best = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            best = row[k] + 1 < best ? row[k] + 1 : best;
            row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
        }
    }
    return row[m];
}

static const struct hearth_config_key *find_key(const struct hearth_config_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void nearest(const struct hearth_config_key *keys, size_t count, const char *name, const char **best, int *best_distance)
{
    for (size_t i = 0; i < count; i++) {
        int d = distance(keys[i].name, name);
        if (d < *best_distance) {
            *best_distance = d;
            *best = keys[i].name;
        }
    }
}

int conf_check_known(const struct conf_section *section, const struct hearth_config_key *more, size_t more_count, struct err *err)
{
    const struct conf_kind *kind = section->kind;
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next) {
        if (find_key(kind->keys, kind->count, e->key) != NULL || find_key(more, more_count, e->key) != NULL)
            continue;
        const char *best = NULL, *instead = conf_gone(kind->name, e->key);
        if (instead != NULL)
            return err_set(err, HEARTH_ERR_INVALID, "%s:%d: [%s%s%s] has no key %s any more: %s", e->file, e->line, kind->name,
                           section->name[0] != '\0' ? " " : "", section->name, e->key, instead);
        int best_distance = 4;
        nearest(kind->keys, kind->count, e->key, &best, &best_distance);
        nearest(more, more_count, e->key, &best, &best_distance);
        return err_set(err, HEARTH_ERR_INVALID, "%s:%d: [%s%s%s] has no key %s%s%s%s", e->file, e->line, kind->name,
                       section->name[0] != '\0' ? " " : "", section->name, e->key, best == NULL ? "" : "; did you mean ",
                       best == NULL ? "" : best, best == NULL ? "" : "?");
    }
    return 0;
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
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0 && text[scheme + 3] != '\0' && strpbrk(text, " \t\"<>") == NULL;
}

/* Why the text is no value of the key; NULL: it is one. */
static const char *convert(struct conf *conf, const struct hearth_config_key *key, const char *text, struct hearth_config_value *ret)
{
    struct hearth_config_value value = {.struct_size = sizeof(value), .present = true, .text = text};
    bool flag = false;
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
            return "not one of the choices";
        break;
    case HEARTH_CONFIG_URL:
        if (!is_url(text))
            return "expected an absolute URL";
        break;
    case HEARTH_CONFIG_PATH:
        if (text[0] != '/' && conf->state_dir != NULL)
            value.text = arena_printf(&conf->arena, "%s/%s", conf->state_dir, text);
        break;
    default:
        break;
    }
    if (value.text == NULL)
        return "out of memory";
    if ((key->minimum != 0 || key->maximum != 0) && (value.number < key->minimum || value.number > key->maximum))
        return "out of range";
    *ret = value;
    return NULL;
}

static int explain(const struct hearth_config_key *key, const struct conf_entry *entry, const char *why, struct err *err)
{
    char text[400], shown[100];
    str_printable(entry->value, shown, sizeof(shown));
    if (key->type == HEARTH_CONFIG_SECRET)
        snprintf(text, sizeof(text), "%s", why);
    else if (key->type == HEARTH_CONFIG_ENUM)
        snprintf(text, sizeof(text), "\"%s\" is not one of: %s", shown, key->choices);
    else if (key->minimum != 0 || key->maximum != 0)
        snprintf(text, sizeof(text), "\"%s\": %s (from %lld to %lld%s)", shown, why, (long long)key->minimum, (long long)key->maximum,
                 key->type == HEARTH_CONFIG_DURATION ? " ms"
                 : key->type == HEARTH_CONFIG_SIZE   ? " bytes"
                                                     : "");
    else
        snprintf(text, sizeof(text), "\"%s\": %s", shown, why);
    return fail_at(entry, err, text);
}

int conf_resolve(struct conf *conf, struct conf_section *section, const struct hearth_config_key *keys, size_t count,
                 struct hearth_config_value **ret_values, struct err *err)
{
    struct hearth_config_value *values = arena_alloc(&conf->arena, (count + 1) * sizeof(*values));
    if (values == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct conf_entry *entry = section->entries;
        while (entry != NULL && strcmp(entry->key, keys[i].name) != 0)
            entry = entry->next;
        const char *text = entry != NULL ? entry->value : keys[i].fallback;
        values[i].struct_size = sizeof(values[i]);
        if (text == NULL && keys[i].required)
            return err_set(err, HEARTH_ERR_INVALID, "%s:%d: [%s%s%s] needs %s: %s", section->file == NULL ? "default" : section->file,
                           section->line, section->kind->name, section->name[0] != '\0' ? " " : "", section->name, keys[i].name,
                           keys[i].help);
        if (text == NULL)
            continue;
        const char *why = convert(conf, &keys[i], text, &values[i]);
        if (why != NULL && entry == NULL)
            return err_set(err, HEARTH_ERR_INTERNAL, "the default of %s is wrong: %s", keys[i].name, why);
        if (why != NULL)
            return explain(&keys[i], entry, why, err);
    }
    *ret_values = values;
    return 0;
}
