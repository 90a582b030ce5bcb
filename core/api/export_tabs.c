/* tabs.json and tabs.html: what is open on each device, window by window, in the order of its
 * tab bar. A device is in memory at a time, as much as one record of it can say. */
#include <jansson.h>

#include "api/export.h"
#include "api/item.h"
#include "api/open_tabs.h"
#include "model/url.h"
#include "search/text_filter.h"

struct tabs_export {
    struct export *export;
    bool html;
    size_t devices;        /* written so far */
    struct open_tabs open; /* of the device at hand */
    int result;
};

static int tabs_no_memory(struct tabs_export *tabs)
{
    return tabs->result = err_set(tabs->export->err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- JSON --- */

static void write_device_json(struct tabs_export *tabs, const struct hearth_device *device)
{
    const struct open_tabs *open = &tabs->open;
    json_t *row = api_device_json(device, (int64_t)open->count),
           *groups = api_open_groups_json(open, device->id), *windows = json_array();
    if (json_array_size(groups) < open->group_count)
        tabs_no_memory(tabs);
    for (size_t i = 0, end; i < open->count;) {
        json_t *window = json_array();
        json_array_append_new(windows, json_pack("{s:o}", "tabs", window));
        for (end = api_open_tabs_window_end(open, i, open->count); i < end; i++)
            if (json_array_append_new(window,
                                      api_tab_json(&open->tabs[i].tab, open->tabs[i].group)) < 0)
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

static void put_tab(struct buf *buf, struct open_tab *kept, int depth)
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
        struct open_tab *kept = &tabs->open.tabs[i];
        if (kept->group == NULL)
            put_tab(buf, kept, depth);
        if (kept->group == NULL || kept->written)
            continue;
        put_heading(buf, kept->group->name[0] == '\0' ? "Group" : kept->group->name, depth);
        for (size_t j = i; j < end; j++)
            if (tabs->open.tabs[j].group == kept->group)
                put_tab(buf, &tabs->open.tabs[j], depth + 1);
        put_end(buf, depth);
    }
}

static void write_device_html(struct tabs_export *tabs, const struct hearth_device *device)
{
    struct buf *buf = &tabs->export->piece;
    const struct open_tabs *open = &tabs->open;
    if (open->count == 0)
        return;
    bool one_window = api_open_tabs_window_end(open, 0, open->count) == open->count;
    put_heading(buf, device->name[0] == '\0' ? device->id : device->name, 1);
    for (size_t first = 0, number = 1; first < open->count; number++) {
        size_t end = api_open_tabs_window_end(open, first, open->count);
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
    struct text_filter all = {0};
    (void)count;
    struct tabs_export *tabs = ctx;
    struct export *export = tabs->export;
    if (HEARTH_HAS(device, hidden) && device->hidden != 0)
        return 0; /* its person does not want to see it */
    tabs->result = api_open_tabs_read(export->storage, export->account, device->id, &all,
                                      &tabs->open, export->err);
    if (tabs->result == 0) {
        (tabs->html ? write_device_html : write_device_json)(tabs, device);
        tabs->devices++;
    }
    api_open_tabs_free(&tabs->open);
    if (tabs->result == 0)
        tabs->result = api_export_flush(export, false);
    return tabs->result < 0;
}

static int run_tabs(struct export *export, bool html)
{
    struct tabs_export tabs = {.export = export, .html = html};
    int r = STORAGE(export->storage, export->err, device_list, export->account, tabs_export_device,
                    &tabs);
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
