/* What a reload finds new. */
#include <string.h>

#include "base/str.h"
#include "conf/conf_internal.h"

bool conf_is_reloaded(const struct conf_kind *kind, const char *key)
{
    size_t n = strlen(key);
    const char *list = kind->reloaded == NULL ? "" : kind->reloaded;
    for (const char *p = list; *p != '\0';) {
        size_t size = strcspn(p, " ");
        if (size == n && memcmp(p, key, n) == 0)
            return true;
        p += size + (p[size] == ' ');
    }
    return false;
}

/* The core's keys are compared by what they mean. */
static bool core_value_differs(const struct conf_section *old, const struct conf_section *fresh,
                               size_t i)
{
    const struct hearth_config_value *a = &old->values[i], *b = &fresh->values[i];
    int type = old->kind->keys[i].type;
    bool number = type == HEARTH_CONFIG_INT || type == HEARTH_CONFIG_SIZE ||
                  type == HEARTH_CONFIG_DURATION || type == HEARTH_CONFIG_BOOL || type == CONF_SET;
    if (a->present != b->present)
        return true;
    return number ? a->number != b->number : !str_equal(a->text, b->text);
}

/* Those of plugins by what is written. */
static bool has_other_value(const struct conf_section *section, const struct conf_entry *entry)
{
    const struct conf_entry *other = conf_find_entry(section, entry->key);
    return other == NULL || strcmp(other->value, entry->value) != 0 ||
           !str_equal(other->withheld, entry->withheld);
}

static bool is_core_key(const struct conf_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->count; i++)
        if (strcmp(kind->keys[i].name, key) == 0)
            return true;
    return false;
}

static void compare_sections(const struct conf *conf, const struct conf_section *old,
                             const struct conf_section *fresh, conf_change_cb cb, void *ctx)
{
    const struct conf_kind *kind = fresh->kind;
    for (size_t i = 0; i < kind->count; i++)
        if (core_value_differs(old, fresh, i))
            cb(ctx, kind, fresh->name, kind->keys[i].name,
               conf_where(conf, fresh, kind->keys[i].name));
    for (const struct conf_entry *e = fresh->entries; kind->plugin && e != NULL; e = e->next)
        if (!is_core_key(kind, e->key) && has_other_value(old, e))
            cb(ctx, kind, fresh->name, e->key, e->where);
    for (const struct conf_entry *e = old->entries; kind->plugin && e != NULL; e = e->next)
        if (!is_core_key(kind, e->key) && conf_find_entry(fresh, e->key) == NULL)
            cb(ctx, kind, fresh->name, e->key, conf_where(conf, fresh, NULL));
}

void conf_compare(const struct conf *old, const struct conf *fresh, conf_change_cb cb, void *ctx)
{
    for (const struct conf_section *s = fresh->sections; s != NULL; s = s->next) {
        const struct conf_section *before = conf_section_named(old, s->kind->name, s->name);
        if (before != NULL)
            compare_sections(fresh, before, s, cb, ctx);
        else
            cb(ctx, s->kind, s->name, NULL, conf_where(fresh, s, NULL));
    }
    for (const struct conf_section *s = old->sections; s != NULL; s = s->next)
        if (conf_section_named(fresh, s->kind->name, s->name) == NULL)
            cb(ctx, s->kind, s->name, NULL, conf_where(old, s, NULL));
}
