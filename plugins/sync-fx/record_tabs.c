/* Open tabs: one device a record. */
#include "record.h"

#include <string.h>

/* Firefox does not upload these; other clients might. */
static const char *const filtered[] = {"about:",         "blob:",  "chrome:",   "data:",        "file:",    "javascript:",
                                       "moz-extension:", "place:", "resource:", "view-source:", "wyciwyg:", NULL};

static const char *const icon_schemes[] = {"http://", "https://", NULL};

/* Seconds, or from some clients milliseconds; integer, float or text. 0: unknown. */
static int64_t read_last_used(const json_t *json, int64_t now)
{
    int64_t used;
    if (!fx_record_integer(json_object_get(json, "lastUsed"), true, &used) || used <= 0)
        return 0;
    if (used <= INT64_C(100000000000))
        used *= 1000;
    return used < now ? used : now;
}

static const char *read_group(struct fx_translate *t, const json_t *groups, const json_t *tab)
{
    const char *id = fx_record_text(t, tab, "tabGroupId");
    const json_t *group = id == NULL ? NULL : json_object_get(groups, id);
    const char *name = fx_record_cut(t, fx_record_text(t, group, "name"), FX_NAME_UNITS);
    return name == NULL || name[0] == '\0' ? NULL : name;
}

/* False: nothing to show. */
static bool read_tab(struct fx_translate *t, const json_t *groups, const json_t *json, struct hearth_tab *ret_tab)
{
    const char *url = fx_record_string(t, json_array_get(json_object_get(json, "urlHistory"), 0));
    if (url == NULL || strchr(url, ':') == NULL || strlen(url) > FX_URL_BYTES || fx_record_has_scheme(url, filtered))
        return false;
    const char *title = fx_record_cut(t, fx_record_text(t, json, "title"), FX_TITLE_UNITS);
    const char *icon = fx_record_text(t, json, "icon");
    if (icon != NULL && (!fx_record_has_scheme(icon, icon_schemes) || strlen(icon) > FX_URL_BYTES))
        icon = NULL;
    *ret_tab = (struct hearth_tab){
        .struct_size = sizeof(*ret_tab),
        .title = title == NULL ? "" : title,
        .url = url,
        .icon = icon,
        .group = read_group(t, groups, json),
        .last_used = read_last_used(json, t->now),
        .inactive = json_is_true(json_object_get(json, "inactive")),
        .pinned = json_is_true(json_object_get(json, "pinned")),
    };
    return true;
}

int fx_record_tabs(struct fx_translate *t, const struct fx_record *record)
{
    const json_t *tabs = json_object_get(record->json, "tabs"), *groups = json_object_get(record->json, "tabGroups");
    int32_t position = 0;
    for (size_t i = 0; i < json_array_size(tabs); i++) {
        struct hearth_tab tab;
        if (!read_tab(t, groups, json_array_get(tabs, i), &tab))
            continue;
        tab.position = position++;
        int r = t->sink->tab(t->sink->ctx, record->id, &tab);
        if (r < 0)
            return r;
    }
    return FX_TAKEN;
}
