/* Devices and their tabs. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "search/text_filter.h"

static int devices_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    api_list_add(ctx, api_device_json(device, tabs));
    return 0;
}

int api_devices_get(struct api_call *call)
{
    api_list_begin(call, "{\"devices\":[");
    int r = STORAGE(call->storage, &call->err, device_list, call->account, devices_on_device, call);
    api_list_close(call, "]}");
    return r;
}

struct tabs {
    struct api_call *call;
    const char *device; /* only this one; NULL: all */
    struct text_filter words;
    struct named_group {
        const char *device, *id, *name;
    } * groups; /* in the order of device and id */
    size_t group_count, group_room;
    json_t *list; /* of the device at hand */
};

static int compare_groups(const void *a, const void *b)
{
    const struct named_group *one = a, *other = b;
    int r = strcmp(one->device, other->device);
    return r != 0 ? r : strcmp(one->id, other->id);
}

static const char *name_of_group(const struct tabs *tabs, const char *device, const char *id)
{
    const struct named_group wanted = {.device = device, .id = id};
    const struct named_group *found =
        id == NULL || tabs->group_count == 0
            ? NULL
            : bsearch(&wanted, tabs->groups, tabs->group_count, sizeof(wanted), compare_groups);
    return found == NULL ? NULL : found->name;
}

static int tabs_on_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct tabs *tabs = ctx;
    struct arena *arena = &tabs->call->request->arena;
    if (tabs->group_count == tabs->group_room) {
        size_t room = tabs->group_room == 0 ? 16 : tabs->group_room * 2;
        struct named_group *groups = arena_alloc(arena, room * sizeof(*groups));
        if (groups != NULL && tabs->group_count > 0)
            memcpy(groups, tabs->groups, tabs->group_count * sizeof(*groups));
        tabs->groups = groups;
        tabs->group_room = room;
    }
    struct named_group named = {arena_strdup(arena, device), arena_strdup(arena, group->id),
                                arena_strdup(arena, group->name)};
    if (tabs->groups == NULL || named.device == NULL || named.id == NULL || named.name == NULL)
        return err_set(&tabs->call->err, HEARTH_ERR_NOMEM, "out of memory");
    tabs->groups[tabs->group_count++] = named;
    return 0;
}

static int device_add_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct tabs *tabs = ctx;
    if (search_text_filter_match(&tabs->words, tab->title, tab->url, NULL))
        json_array_append_new(tabs->list,
                              api_tab_json(tab, name_of_group(tabs, device, tab->group)));
    return 0;
}

static int tabs_on_owner(void *ctx, const struct hearth_device *device, int64_t count)
{
    struct tabs *tabs = ctx;
    if (tabs->device != NULL && strcmp(device->id, tabs->device) != 0)
        return 0;
    json_t *row = api_device_json(device, count);
    tabs->list = json_array();
    int r = STORAGE(tabs->call->storage, &tabs->call->err, tab_list, tabs->call->account,
                    device->id, device_add_tab, tabs);
    bool filtered = !search_text_filter_is_empty(&tabs->words) && json_array_size(tabs->list) == 0;
    json_object_set_new(row, "tabs", tabs->list);
    if (filtered)
        json_decref(row);
    else
        api_list_add(tabs->call, row);
    return r < 0;
}

int api_tabs_get(struct api_call *call)
{
    struct tabs tabs = {.call = call};
    const char *q;
    if (!api_text_parameter(call, "device", &tabs.device) || !api_text_parameter(call, "q", &q))
        return 0;
    int r = search_text_filter_init(&tabs.words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    r = STORAGE(call->storage, &call->err, tab_group_list, call->account, tabs.device,
                tabs_on_group, &tabs);
    if (r < 0 || call->err.code < 0)
        return r < 0 ? r : call->err.code;
    api_list_begin(call, "{\"devices\":[");
    r = STORAGE(call->storage, &call->err, device_list, call->account, tabs_on_owner, &tabs);
    api_list_close(call, "]}");
    return r < 0 ? r : call->err.code;
}
