/* tabs.json and tabs.html: what is open on each device, window by window, in the order of its
 * tab bar. A device is in memory at a time, as much as one record of it can say. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/export.h"
#include "api/item.h"
#include "base/array.h"
#include "model/url.h"
#include "plug/fields.h"

struct kept_tab {
    struct hearth_tab tab;
    const struct hearth_tab_group *group; /* NULL: none */
    bool written;
};

struct kept_group {
    struct hearth_tab_group group;
    struct kept_group *next;
};

/* Copies live in the export's scratch. */
struct tabs_export {
    struct export *export;
    bool html;
    size_t devices; /* written so far */
    struct kept_tab *tabs;
    size_t count, room;
    struct kept_group *groups, **last_group;
    int result;
};

static int tabs_no_memory(struct tabs_export *tabs)
{
    return tabs->result = err_set(tabs->export->err, HEARTH_ERR_NOMEM, "out of memory");
}

static int keep_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)device;
    struct tabs_export *tabs = ctx;
    if (!ARRAY_MAKE_ROOM(tabs->tabs, tabs->count, tabs->room))
        return tabs_no_memory(tabs);
    struct kept_tab *kept = &tabs->tabs[tabs->count];
    *kept = (struct kept_tab){.tab = {.struct_size = sizeof(kept->tab)}};
    if (plug_fields_copy(&plug_fields_tab, tab, &tabs->export->scratch, &kept->tab) < 0)
        return tabs_no_memory(tabs);
    tabs->count++;
    return 0;
}

static int keep_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    (void)device;
    struct tabs_export *tabs = ctx;
    struct kept_group *kept = arena_alloc(&tabs->export->scratch, sizeof(*kept));
    if (kept == NULL ||
        plug_fields_copy(&plug_fields_tab_group, group, &tabs->export->scratch, &kept->group) < 0)
        return tabs_no_memory(tabs);
    *tabs->last_group = kept;
    tabs->last_group = &kept->next;
    return 0;
}

static int compare_kept_tabs(const void *a, const void *b)
{
    const struct hearth_tab *one = &((const struct kept_tab *)a)->tab,
                            *other = &((const struct kept_tab *)b)->tab;
    if (one->window != other->window)
        return one->window < other->window ? -1 : 1;
    if (one->place != other->place)
        return one->place < other->place ? -1 : 1;
    return one->position < other->position ? -1 : one->position > other->position;
}

/* In the order of windows and tab bars, each with its group. */
static void arrange_tabs(struct tabs_export *tabs)
{
    if (tabs->count > 0)
        qsort(tabs->tabs, tabs->count, sizeof(tabs->tabs[0]), compare_kept_tabs);
    for (size_t i = 0; i < tabs->count; i++)
        for (struct kept_group *g = tabs->tabs[i].tab.group == NULL ? NULL : tabs->groups;
             g != NULL && tabs->tabs[i].group == NULL; g = g->next)
            if (strcmp(g->group.id, tabs->tabs[i].tab.group) == 0)
                tabs->tabs[i].group = &g->group;
}

/* --- JSON --- */

static void write_device_json(struct tabs_export *tabs, const struct hearth_device *device)
{
    json_t *row = api_device_json(device, (int64_t)tabs->count), *groups = json_array(),
           *windows = json_array(), *window = NULL;
    for (const struct kept_group *g = tabs->groups; g != NULL; g = g->next)
        if (json_array_append_new(groups, api_tab_group_json(&g->group)) < 0)
            tabs_no_memory(tabs);
    for (size_t i = 0; i < tabs->count; i++) {
        if (i == 0 || tabs->tabs[i].tab.window != tabs->tabs[i - 1].tab.window) {
            window = json_array();
            json_array_append_new(windows, json_pack("{s:o}", "tabs", window));
        }
        if (json_array_append_new(window, api_tab_json(&tabs->tabs[i].tab, tabs->tabs[i].group)) <
            0)
            tabs_no_memory(tabs);
    }
    json_object_del(row, "tabs");
    json_object_set_new(row, "groups", groups);
    json_object_set_new(row, "windows", windows);
    buf_add_text(&tabs->export->piece, tabs->devices == 0 ? "\n" : ",\n");
    api_export_open_object(tabs->export, row);
    buf_add_char(&tabs->export->piece, '}');
}

/* --- HTML: a file of bookmarks that any browser imports, a folder for each device, window and
 * group --- */

static void put_heading(struct buf *buf, const char *title, int depth)
{
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "<DT><H3>");
    api_export_escape(buf, title);
    buf_add_text(buf, "</H3>\n");
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "<DL><p>\n");
}

static void put_end(struct buf *buf, int depth)
{
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "</DL><p>\n");
}

static void put_tab(struct buf *buf, struct kept_tab *kept, int depth)
{
    const struct hearth_tab *tab = &kept->tab;
    const char *title = tab->title[0] == '\0' ? tab->url : tab->title;
    kept->written = true;
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "<DT>");
    if (model_url_is_link(tab->url)) {
        buf_add_text(buf, "<A HREF=\"");
        api_export_escape(buf, tab->url);
        buf_add_char(buf, '"');
        api_export_html_date(buf, "LAST_VISIT", tab->last_used);
        buf_add_text(buf, tab->pinned ? " PINNED=\"true\">" : ">");
        api_export_escape(buf, title);
        buf_add_text(buf, "</A>\n");
    } else {
        api_export_escape(buf, title);
        buf_add_text(buf, " &ndash; ");
        api_export_escape(buf, tab->url);
        buf_add_char(buf, '\n');
    }
}

/* The tabs from `first` that are in its window. A group stands where its first tab is. */
static void put_window(struct tabs_export *tabs, size_t first, size_t end, int depth)
{
    struct buf *buf = &tabs->export->piece;
    for (size_t i = first; i < end; i++) {
        struct kept_tab *kept = &tabs->tabs[i];
        if (kept->group == NULL)
            put_tab(buf, kept, depth);
        if (kept->group == NULL || kept->written)
            continue;
        put_heading(buf, kept->group->name[0] == '\0' ? "Group" : kept->group->name, depth);
        for (size_t j = i; j < end; j++)
            if (tabs->tabs[j].group == kept->group)
                put_tab(buf, &tabs->tabs[j], depth + 1);
        put_end(buf, depth);
    }
}

static size_t end_of_window(const struct tabs_export *tabs, size_t first)
{
    size_t end = first + 1;
    while (end < tabs->count && tabs->tabs[end].tab.window == tabs->tabs[first].tab.window)
        end++;
    return end;
}

static void write_device_html(struct tabs_export *tabs, const struct hearth_device *device)
{
    struct buf *buf = &tabs->export->piece;
    if (tabs->count == 0)
        return;
    bool one_window = end_of_window(tabs, 0) == tabs->count;
    put_heading(buf, device->name[0] == '\0' ? device->id : device->name, 1);
    for (size_t first = 0, number = 1; first < tabs->count; number++) {
        size_t end = end_of_window(tabs, first);
        char title[40];
        snprintf(title, sizeof(title), "Window %zu", number);
        if (!one_window)
            put_heading(buf, title, 2);
        put_window(tabs, first, end, one_window ? 2 : 3);
        if (!one_window)
            put_end(buf, 2);
        first = end;
    }
    put_end(buf, 1);
}

/* --- both --- */

static int tabs_export_device(void *ctx, const struct hearth_device *device, int64_t count)
{
    (void)count;
    struct tabs_export *tabs = ctx;
    struct export *export = tabs->export;
    if (HEARTH_HAS(device, hidden) && device->hidden != 0)
        return 0; /* its person does not want to see it */
    arena_reset(&export->scratch);
    tabs->count = 0;
    tabs->groups = NULL;
    tabs->last_group = &tabs->groups;
    int r = STORAGE(export->storage, export->err, tab_list, export->account, device->id, keep_tab,
                    tabs);
    if (r == 0 && tabs->result == 0)
        r = STORAGE(export->storage, export->err, tab_group_list, export->account, device->id,
                    keep_group, tabs);
    if (r < 0)
        tabs->result = r;
    if (tabs->result < 0)
        return 1;
    arrange_tabs(tabs);
    (tabs->html ? write_device_html : write_device_json)(tabs, device);
    tabs->devices++;
    if (tabs->result == 0)
        tabs->result = api_export_flush(export, false);
    return tabs->result < 0;
}

static int run_tabs(struct export *export, bool html)
{
    struct tabs_export tabs = {.export = export, .html = html};
    int r = STORAGE(export->storage, export->err, device_list, export->account, tabs_export_device,
                    &tabs);
    free(tabs.tabs);
    return r < 0 ? r : tabs.result;
}

int api_export_tabs_json(struct export *export)
{
    buf_add_text(&export->piece, "{\"devices\":[");
    int r = run_tabs(export, false);
    buf_add_text(&export->piece, "\n]}\n");
    return r;
}

int api_export_tabs_html(struct export *export)
{
    api_export_html_begin(&export->piece, "Tabs");
    buf_add_text(&export->piece, "<H1>Tabs</H1>\n\n<DL><p>\n");
    int r = run_tabs(export, true);
    buf_add_text(&export->piece, "</DL>\n");
    return r;
}
