/* /basic/tabs: what is open, by device, window and group. */
#include <stdlib.h>
#include <string.h>

#include "pages/basic.h"

struct listed_tab {
    const json_t *tab;
    const char *group; /* its id; NULL */
    bool inactive;
    int64_t window, used;
    size_t first, place; /* where its group begins, and where it is itself */
};

struct tab_list {
    struct view_call *call;
    const json_t *device;
    struct listed_tab *tabs;
    size_t count;
    bool last_used; /* those first, and nothing said of windows */
};

static int compare_shown_tabs(const void *a, const void *b)
{
    const struct listed_tab *one = a, *other = b;
    if (one->inactive != other->inactive)
        return one->inactive ? 1 : -1;
    if (one->window != other->window)
        return one->window < other->window ? -1 : 1;
    if (one->first != other->first)
        return one->first < other->first ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

static int compare_last_used(const void *a, const void *b)
{
    const struct listed_tab *one = a, *other = b;
    if (one->used != other->used)
        return one->used > other->used ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

/* A group stands where the first of its tabs in this window is. */
static void tab_list_read(struct tab_list *list)
{
    json_t *firsts = json_object(), *tab;
    int64_t window = -1;
    size_t i;
    json_array_foreach(json_object_get(list->device, "tabs"), i, tab)
    {
        const char *group = pages_basic_text(tab, "group_id");
        struct listed_tab listed = {
            .tab = tab,
            .group = group,
            .inactive = json_is_true(json_object_get(tab, "inactive")),
            .window = json_integer_value(json_object_get(tab, "window")),
            .used = json_integer_value(json_object_get(tab, "last_used")),
            .first = i,
            .place = i,
        };
        if (listed.inactive || list->last_used) {
            listed.window = 0;
            listed.group = NULL;
        } else {
            if (listed.window != window)
                json_object_clear(firsts);
            window = listed.window;
            const json_t *first = group == NULL ? NULL : json_object_get(firsts, group);
            if (first != NULL)
                listed.first = (size_t)json_integer_value(first);
            else if (group != NULL)
                json_object_set_new(firsts, group, json_integer((json_int_t)i));
        }
        list->tabs[i] = listed;
    }
    json_decref(firsts);
    if (list->count > 1)
        qsort(list->tabs, list->count, sizeof(*list->tabs),
              list->last_used ? compare_last_used : compare_shown_tabs);
}

/* --- as HTML --- */

static void put_list_heading(const struct tab_list *list, const struct listed_tab *tab)
{
    const json_t *windows = json_object_get(list->device, "windows"), *window;
    size_t i, number = 0;
    json_array_foreach((json_t *)(uintptr_t)windows, i, window)
    {
        if (json_integer_value(json_object_get(window, "number")) == tab->window)
            number = i + 1;
    }
    if (tab->inactive && !list->last_used)
        buf_add_text(&list->call->html, "<h3>Inactive</h3>\n");
    else if (json_array_size(windows) > 1 && !list->last_used)
        pages_html_put(&list->call->html, "<h3>Window %zu</h3>\n", number);
}

static void put_tab_group(const struct tab_list *list, const char *id)
{
    struct buf *out = &list->call->html;
    json_t *group;
    size_t i;
    json_array_foreach(json_object_get(list->device, "groups"), i, group)
    {
        const char *name = pages_basic_text(group, "name"), *color;
        if (strcmp(pages_basic_text(group, "id"), id) != 0)
            continue;
        color = pages_basic_text(group, "color");
        pages_html_put(out, "<li><b>%s</b> <small>(group",
                       name == NULL || name[0] == '\0' ? "Unnamed" : name);
        if (color != NULL)
            pages_html_put(out, ", %s", color);
        pages_html_put(out, "%s)</small>\n<ul>\n",
                       json_is_true(json_object_get(group, "collapsed")) ? ", folded" : "");
        return;
    }
}

static void put_listed_tab(const struct tab_list *list, const struct listed_tab *tab)
{
    struct buf *out = &list->call->html;
    buf_add_text(out, "<li>");
    pages_basic_link(out, json_object_get(tab->tab, "title"), json_object_get(tab->tab, "url"));
    if (json_is_true(json_object_get(tab->tab, "pinned")))
        buf_add_text(out, " <small>(pinned)</small>");
    buf_add_text(out, "</li>\n");
}

static void put_tab_list(const struct tab_list *list, size_t most)
{
    struct buf *out = &list->call->html;
    const struct listed_tab *before = NULL;
    for (size_t i = 0; i < list->count && i < most; i++) {
        const struct listed_tab *tab = &list->tabs[i];
        bool begins = before == NULL || before->window != tab->window ||
                      (before->inactive != tab->inactive && !list->last_used);
        bool other_group = begins || before->group == NULL || tab->group == NULL
                               ? true
                               : strcmp(before->group, tab->group) != 0;
        if (before != NULL && before->group != NULL && other_group)
            buf_add_text(out, "</ul></li>\n");
        if (begins) {
            buf_add_text(out, before == NULL ? "" : "</ul>\n");
            put_list_heading(list, tab);
            buf_add_text(out, "<ul>\n");
        }
        if (tab->group != NULL && other_group)
            put_tab_group(list, tab->group);
        put_listed_tab(list, tab);
        before = tab;
    }
    buf_add_text(out, before->group != NULL ? "</ul></li>\n</ul>\n" : "</ul>\n");
}

static void put_open_tabs(struct view_call *call, const json_t *device, size_t most, bool last_used)
{
    struct buf *out = &call->html;
    struct tab_list list = {.call = call,
                            .device = device,
                            .count = json_array_size(json_object_get(device, "tabs")),
                            .last_used = last_used};
    int64_t uploaded = json_integer_value(json_object_get(device, "last_upload"));
    pages_html_put(out, "<h2>%s</h2>\n<p><small>%s</small></p>\n", pages_basic_text(device, "name"),
                   pages_html_words(call, pages_says_uploaded(hearth_time_of(uploaded))));
    if (list.count == 0) {
        pages_html_paragraph(call, pages_says_no_tabs());
        return;
    }
    list.tabs = calloc(list.count, sizeof(*list.tabs));
    if (list.tabs == NULL) {
        out->failed = true;
        return;
    }
    tab_list_read(&list);
    put_tab_list(&list, most);
    free(list.tabs);
    if (list.count > most) {
        buf_add_text(out, "<p><a href=\"/basic/tabs?device=");
        pages_html_query_value(out, pages_basic_text(device, "id"));
        pages_html_put(out, "\">All %zu tabs</a></p>\n", list.count);
    }
}

void pages_basic_put_tabs(struct basic *basic, const json_t *answer, size_t most, bool last_used)
{
    const json_t *devices = json_object_get(answer, "devices"), *device;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)devices, i, device)
        put_open_tabs(basic->call, device, most, last_used);
    if (json_array_size(devices) == 0)
        pages_html_paragraph(basic->call, pages_says_no_devices());
}

void pages_basic_tabs_get(struct view_call *call)
{
    struct basic basic;
    const char *device = http_parameter(call->request, "device");
    if (!pages_basic_open(call, &basic))
        return;
    json_t *answer = pages_basic_request(&basic, "/api/v1/tabs", NULL, "device", device, NULL);
    if (answer == NULL)
        return;
    pages_basic_begin(&basic, "Tabs");
    pages_basic_put_tabs(&basic, answer, device == NULL ? 10 : 100, false);
    buf_add_text(&call->html, "<p><a href=\"/auth/account\">Hide or show devices</a></p>\n");
    pages_basic_end(&basic);
    json_decref(answer);
}
