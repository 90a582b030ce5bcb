/* Open tabs: one device a record, with its windows and groups. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

/* Firefox does not upload these; other clients might. */
static const char *const filtered[] = {
    "about:",         "blob:",  "chrome:",   "data:",        "file:",    "javascript:",
    "moz-extension:", "place:", "resource:", "view-source:", "wyciwyg:", NULL};

static const char *const icon_schemes[] = {"http://", "https://", NULL};

/* Ids of windows in the order of their numbers. */
struct windows {
    struct window {
        const char *id;
        int64_t index; /* as the record says it */
        size_t came;
    } list[FX_WINDOWS_MAX];
    size_t count;
};

/* Of windows and groups: what is longer can be no key. */
static bool window_id_fits(const char *id)
{
    return id[0] != '\0' && strlen(id) <= HEARTH_KEY_MAX;
}

/* --- windows --- */

/* Its number; that of the last one when there is no room for more. */
static int32_t find_window(struct windows *windows, const char *id)
{
    for (size_t i = 0; i < windows->count; i++)
        if (strcmp(windows->list[i].id, id) == 0)
            return (int32_t)i;
    if (windows->count < FX_WINDOWS_MAX) {
        windows->list[windows->count] = (struct window){id, INT64_MAX, windows->count};
        windows->count++;
    }
    return (int32_t)windows->count - 1;
}

static int compare_windows(const void *a, const void *b)
{
    const struct window *one = a, *other = b;
    if (one->index != other->index)
        return one->index < other->index ? -1 : 1;
    return one->came < other->came ? -1 : one->came > other->came;
}

/* In the order that Firefox numbers them in; then what tabs alone name. */
static void read_windows(struct windows *windows, const struct fx_json *json)
{
    windows->count = 0;
    for (const struct fx_json *window = fx_json_first(json); window != NULL;
         window = window->next) {
        const char *id = window->key;
        if (!fx_json_is(window, FX_JSON_OBJECT) || !window_id_fits(id) ||
            windows->count == FX_WINDOWS_MAX)
            continue;
        struct window *added = &windows->list[find_window(windows, id)];
        if (!fx_record_integer(fx_json_get(window, "index"), false, &added->index))
            added->index = INT64_MAX;
    }
    qsort(windows->list, windows->count, sizeof(windows->list[0]), compare_windows);
}

/* --- groups --- */

static int send_groups(struct fx_translate *t, const char *device, const struct fx_json *groups)
{
    int sent = 0;
    for (const struct fx_json *json = fx_json_first(groups); json != NULL; json = json->next) {
        const char *id = json->key;
        if (!fx_json_is(json, FX_JSON_OBJECT) || !window_id_fits(id))
            continue;
        if (sent++ == FX_GROUPS_MAX)
            break;
        const char *name = fx_record_cut(t, fx_record_text(t, json, "name"), FX_NAME_UNITS);
        const char *color = fx_record_cut(t, fx_record_text(t, json, "color"), FX_NAME_UNITS);
        const struct hearth_tab_group group = {
            .struct_size = sizeof(group),
            .id = id,
            .name = name == NULL ? "" : name,
            .color = color == NULL || color[0] == '\0' ? NULL : color,
            .collapsed = fx_json_is_true(fx_json_get(json, "collapsed")),
        };
        int r = t->sink->tab_group(t->sink->ctx, device, &group);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- tabs --- */

/* Seconds, or from some clients milliseconds; integer, float or text. 0: unknown. */
static int64_t read_last_used(const struct fx_json *json, int64_t now)
{
    int64_t used;
    if (!fx_record_integer(fx_json_get(json, "lastUsed"), true, &used) || used <= 0)
        return 0;
    if (used <= INT64_C(100000000000))
        used *= 1000;
    return used < now ? used : now;
}

/* One that is in the record. */
static const char *read_group(struct fx_translate *t, const struct fx_json *groups,
                              const struct fx_json *tab)
{
    const char *id = fx_record_text(t, tab, "tabGroupId");
    return id != NULL && window_id_fits(id) && fx_json_is(fx_json_get(groups, id), FX_JSON_OBJECT)
               ? id
               : NULL;
}

static int32_t read_window(struct fx_translate *t, struct windows *windows,
                           const struct fx_json *tab)
{
    const char *id = fx_record_text(t, tab, "windowId");
    return id == NULL || !window_id_fits(id) ? 0 : find_window(windows, id);
}

/* Firefox leaves it out where it is 0. */
static int64_t read_place(const struct fx_json *tab)
{
    int64_t place;
    return fx_record_integer(fx_json_get(tab, "index"), false, &place) && place >= 0 &&
                   place <= INT32_MAX
               ? place
               : 0;
}

/* False: nothing to show. Which tab a window shows no record says. */
static bool tabs_read_tab(struct fx_translate *t, const struct fx_json *groups,
                          struct windows *windows, const struct fx_json *json,
                          struct hearth_tab *ret_tab)
{
    const char *url = fx_record_string(t, fx_json_at(fx_json_get(json, "urlHistory"), 0));
    if (url == NULL || strchr(url, ':') == NULL || strlen(url) > FX_URL_BYTES ||
        fx_record_has_scheme(url, filtered))
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
        .inactive = fx_json_is_true(fx_json_get(json, "inactive")),
        .pinned = fx_json_is_true(fx_json_get(json, "pinned")),
        .window = read_window(t, windows, json),
        .place = read_place(json),
    };
    return true;
}

int fx_record_tabs(struct fx_translate *t, const struct fx_record *record)
{
    const struct fx_json *tabs = fx_json_get(record->json, "tabs"),
                         *groups = fx_json_get(record->json, "tabGroups");
    struct windows *windows = fx_arena_alloc(t->arena, sizeof(*windows));
    int32_t position = 0;
    if (windows == NULL)
        return HEARTH_ERR_NOMEM;
    read_windows(windows, fx_json_get(record->json, "windows"));
    int r = send_groups(t, record->id, groups);
    for (size_t i = 0; r == 0 && i < fx_json_count(tabs); i++) {
        struct hearth_tab tab;
        if (!tabs_read_tab(t, groups, windows, fx_json_at(tabs, i), &tab))
            continue;
        tab.position = position++;
        r = t->sink->tab(t->sink->ctx, record->id, &tab);
    }
    return r < 0 ? r : FX_TAKEN;
}
