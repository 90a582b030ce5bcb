#include "api/open_tabs.h"

#include <stdlib.h>
#include <string.h>

#include "api/item.h"
#include "base/array.h"
#include "plug/fields.h"
#include "search/text_filter.h"

struct opening {
    struct open_tabs *open;
    struct text_filter *words;
    bool failed; /* out of memory */
};

static int opening_on_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct opening *opening = ctx;
    struct open_tabs *open = opening->open;
    if (!ARRAY_MAKE_ROOM(open->groups, open->group_count, open->group_room))
        return opening->failed = true;
    struct open_group *copy = &open->groups[open->group_count++];
    *copy = (struct open_group){.device = arena_strdup(&open->arena, device),
                                .group.struct_size = sizeof(copy->group)};
    return opening->failed =
               copy->device == NULL ||
               plug_fields_copy(&plug_fields_tab_group, group, &open->arena, &copy->group) < 0;
}

static int opening_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct opening *opening = ctx;
    struct open_tabs *open = opening->open;
    if (!ARRAY_MAKE_ROOM(open->tabs, open->count, open->room))
        return opening->failed = true;
    const char *last = open->count == 0 ? NULL : open->tabs[open->count - 1].device;
    struct open_tab *copy = &open->tabs[open->count++];
    bool same = last != NULL && strcmp(last, device) == 0; /* they come by device */
    *copy = (struct open_tab){.device = same ? last : arena_strdup(&open->arena, device),
                              .tab = {.struct_size = sizeof(copy->tab),
                                      .window = tab->window,
                                      .place = tab->place,
                                      .position = tab->position}};
    bool whole = opening->words != NULL &&
                 search_text_filter_match(opening->words, tab->title, tab->url, NULL);
    return opening->failed =
               copy->device == NULL ||
               (whole && plug_fields_copy(&plug_fields_tab, tab, &open->arena, &copy->tab) < 0);
}

static int compare_open_tabs(const void *a, const void *b)
{
    const struct open_tab *one = a, *other = b;
    int r = one->device == other->device ? 0 : strcmp(one->device, other->device);
    if (r != 0)
        return r;
    if (one->tab.window != other->tab.window)
        return one->tab.window < other->tab.window ? -1 : 1;
    if (one->tab.place != other->tab.place)
        return one->tab.place < other->tab.place ? -1 : 1;
    return one->tab.position < other->tab.position ? -1 : one->tab.position > other->tab.position;
}

static int compare_open_groups(const void *a, const void *b)
{
    const struct open_group *one = a, *other = b;
    int r = strcmp(one->device, other->device);
    return r != 0 ? r : strcmp(one->group.id, other->group.id);
}

static void open_tabs_arrange(struct open_tabs *open)
{
    if (open->count > 0)
        qsort(open->tabs, open->count, sizeof(*open->tabs), compare_open_tabs);
    for (size_t i = 0; open->group_count > 0 && i < open->count; i++) {
        struct open_tab *tab = &open->tabs[i];
        const struct open_group wanted = {.device = tab->device, .group.id = tab->tab.group};
        const struct open_group *found = tab->tab.group == NULL
                                             ? NULL
                                             : bsearch(&wanted, open->groups, open->group_count,
                                                       sizeof(wanted), compare_open_groups);
        tab->group = found == NULL ? NULL : &found->group;
    }
}

int api_open_tabs_read(struct storage *storage, const char *account, const char *device,
                       struct text_filter *words, struct open_tabs *ret_open, struct err *err)
{
    struct opening opening = {.open = ret_open, .words = words};
    *ret_open = (struct open_tabs){0};
    arena_init(&ret_open->arena, 0);
    int r = STORAGE(storage, err, tab_group_list, account, device, opening_on_group, &opening);
    if (r == 0 && !opening.failed)
        r = STORAGE(storage, err, tab_list, account, device, opening_on_tab, &opening);
    if (r == 0 && opening.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        open_tabs_arrange(ret_open);
    return r;
}

void api_open_tabs_ask(struct storage *storage, const char *account, const char *device)
{
    STORAGE_ASK(storage, tab_group_list, account, device, opening_on_group, NULL);
    STORAGE_ASK(storage, tab_list, account, device, opening_on_tab, NULL);
}

void api_open_tabs_free(struct open_tabs *open)
{
    free(open->tabs);
    free(open->groups);
    arena_fini(&open->arena);
    *open = (struct open_tabs){0};
}

size_t api_open_tabs_of(const struct open_tabs *open, const char *device, size_t *ret_end)
{
    size_t low = 0, high = open->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(open->tabs[middle].device, device) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < open->count && strcmp(open->tabs[end].device, device) == 0)
        end++;
    *ret_end = end;
    return low;
}

size_t api_open_tabs_window_end(const struct open_tabs *open, size_t first, size_t end)
{
    size_t i = first + 1;
    while (i < end && open->tabs[i].tab.window == open->tabs[first].tab.window)
        i++;
    return i;
}

json_t *api_open_groups_json(const struct open_tabs *open, const char *device)
{
    json_t *list = json_array();
    for (size_t i = 0; i < open->group_count; i++)
        if (strcmp(open->groups[i].device, device) == 0)
            json_array_append_new(list, api_tab_group_json(&open->groups[i].group));
    return list;
}
