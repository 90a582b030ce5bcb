/* Devices, their windows, groups of tabs and open tabs; and which of them are shown. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/array.h"
#include "merge/hide_device.h"
#include "plug/fields.h"
#include "search/text_filter.h"

struct devices {
    struct api_call *call;
    const char *only; /* this device; NULL: all */
    bool with_hidden, with_tabs;
    json_t **ret_row; /* where its row goes; NULL: into the list of the reply */
    struct text_filter words;
    struct device_group {
        const char *device;
        struct hearth_tab_group group;
    } * groups; /* in the order of device and id */
    size_t group_count, group_room;
    struct placed_tab {
        int64_t window, place, position;
        json_t *row; /* NULL: it is only counted */
    } * tabs;        /* of the device at hand */
    size_t tab_count, tab_room;
    int result;
};

static int devices_no_memory(struct devices *devices)
{
    return devices->result = err_set(&devices->call->err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- groups --- */

static int compare_groups(const void *a, const void *b)
{
    const struct device_group *one = a, *other = b;
    int r = strcmp(one->device, other->device);
    return r != 0 ? r : strcmp(one->group.id, other->group.id);
}

static const struct hearth_tab_group *find_group(const struct devices *devices, const char *device,
                                                 const char *id)
{
    const struct device_group wanted = {.device = device, .group.id = id};
    const struct device_group *found = id == NULL || devices->group_count == 0
                                           ? NULL
                                           : bsearch(&wanted, devices->groups, devices->group_count,
                                                     sizeof(wanted), compare_groups);
    return found == NULL ? NULL : &found->group;
}

static int devices_on_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct devices *devices = ctx;
    struct arena *arena = &devices->call->request->arena;
    if (!ARRAY_MAKE_ROOM(devices->groups, devices->group_count, devices->group_room))
        return devices_no_memory(devices);
    struct device_group *copy = &devices->groups[devices->group_count];
    *copy = (struct device_group){.device = arena_strdup(arena, device),
                                  .group.struct_size = sizeof(copy->group)};
    if (copy->device == NULL ||
        plug_fields_copy(&plug_fields_tab_group, group, arena, &copy->group) < 0)
        return devices_no_memory(devices);
    devices->group_count++;
    return 0;
}

static json_t *groups_json(const struct devices *devices, const char *device)
{
    json_t *list = json_array();
    for (size_t i = 0; i < devices->group_count; i++)
        if (strcmp(devices->groups[i].device, device) == 0)
            json_array_append_new(list, api_tab_group_json(&devices->groups[i].group));
    return list;
}

/* --- tabs --- */

static int devices_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct devices *devices = ctx;
    if (!ARRAY_MAKE_ROOM(devices->tabs, devices->tab_count, devices->tab_room))
        return devices_no_memory(devices);
    bool listed =
        devices->with_tabs && search_text_filter_match(&devices->words, tab->title, tab->url, NULL);
    devices->tabs[devices->tab_count++] = (struct placed_tab){
        .window = tab->window,
        .place = tab->place,
        .position = tab->position,
        .row = listed ? api_tab_json(tab, find_group(devices, device, tab->group)) : NULL};
    return 0;
}

/* As they are on the device: window by window, each in the order of its tab bar. */
static int compare_placed_tabs(const void *a, const void *b)
{
    const struct placed_tab *one = a, *other = b;
    if (one->window != other->window)
        return one->window < other->window ? -1 : 1;
    if (one->place != other->place)
        return one->place < other->place ? -1 : 1;
    return one->position < other->position ? -1 : one->position > other->position;
}

/* Takes the rows of the tabs. */
static void put_windows_and_tabs(struct devices *devices, json_t *row)
{
    json_t *windows = json_array(), *list = json_array();
    if (devices->tab_count > 0)
        qsort(devices->tabs, devices->tab_count, sizeof(devices->tabs[0]), compare_placed_tabs);
    for (size_t i = 0, first = 0; i < devices->tab_count; i++) {
        const struct placed_tab *tab = &devices->tabs[i];
        if (tab->row != NULL)
            json_array_append_new(list, tab->row);
        if (i + 1 == devices->tab_count || tab[1].window != tab->window) {
            json_array_append_new(windows,
                                  json_pack("{s:I, s:I}", "number", (json_int_t)tab->window, "tabs",
                                            (json_int_t)(i + 1 - first)));
            first = i + 1;
        }
    }
    devices->tab_count = 0;
    json_object_set_new(row, "windows", windows);
    if (devices->with_tabs)
        json_object_set_new(row, "tabs", list);
    else
        json_decref(list);
}

/* --- devices --- */

static int devices_on_device(void *ctx, const struct hearth_device *device, int64_t count)
{
    struct devices *devices = ctx;
    struct api_call *call = devices->call;
    if ((device->hidden != 0 && !devices->with_hidden) ||
        (devices->only != NULL && strcmp(device->id, devices->only) != 0))
        return 0;
    if (count > 0) {
        int r = STORAGE(call->storage, &call->err, tab_list, call->account, device->id,
                        devices_on_tab, devices);
        if (r < 0 || devices->result < 0)
            return devices->result = r < 0 ? r : devices->result;
    }
    json_t *row = api_device_json(device, count);
    put_windows_and_tabs(devices, row);
    json_object_set_new(row, "groups", groups_json(devices, device->id));
    bool left_out = devices->with_tabs && !search_text_filter_is_empty(&devices->words) &&
                    json_array_size(json_object_get(row, "tabs")) == 0;
    if (left_out)
        json_decref(row);
    else if (devices->ret_row != NULL)
        *devices->ret_row = row;
    else
        api_list_add(call, row);
    return devices->ret_row != NULL;
}

static int devices_read(struct devices *devices)
{
    struct api_call *call = devices->call;
    int r = STORAGE(call->storage, &call->err, tab_group_list, call->account, devices->only,
                    devices_on_group, devices);
    if (r == 0 && devices->result == 0) {
        if (devices->ret_row == NULL)
            api_list_begin(call, "{\"devices\":[");
        r = STORAGE(call->storage, &call->err, device_list, call->account, devices_on_device,
                    devices);
        if (devices->ret_row == NULL)
            api_list_close(call, "]}");
    }
    for (size_t i = 0; i < devices->tab_count; i++) /* after an error */
        json_decref(devices->tabs[i].row);
    free(devices->tabs);
    free(devices->groups);
    return r < 0 ? r : devices->result;
}

int api_devices_get(struct api_call *call)
{
    int64_t hidden;
    if (!api_int_parameter(call, "hidden", 0, &hidden))
        return 0;
    if (hidden != 0 && hidden != 1)
        return api_problem(call, 400, api_says_parameter_range("hidden", 0, 1));
    struct devices devices = {.call = call, .with_hidden = hidden == 1};
    return devices_read(&devices);
}

int api_tabs_get(struct api_call *call)
{
    struct devices devices = {.call = call, .with_tabs = true};
    const char *q;
    if (!api_text_parameter(call, "device", &devices.only) || !api_text_parameter(call, "q", &q))
        return 0;
    int r = search_text_filter_init(&devices.words, q, &call->request->arena, &call->err);
    return r < 0 ? r : devices_read(&devices);
}

int api_hide_device(struct api *api, struct storage *storage, const char *account,
                    const char *device, bool hidden, struct err *err)
{
    const unsigned changed = MERGE_CHANGED(HEARTH_CLIENTS) | MERGE_CHANGED(HEARTH_TABS);
    int64_t generation = 0;
    int r = merge_hide_device(storage, account, device, hidden, &generation, err);
    if (r == 0 && generation != 0)
        api_tell_changed(api, account, generation, changed);
    return r;
}

int api_device_patch(struct api_call *call)
{
    const char *device = call->request->argument;
    json_t *body = api_body(call), *row = NULL;
    if (body == NULL)
        return 0;
    const json_t *hidden = json_object_get(body, "hidden");
    bool good = json_is_boolean(hidden) && json_object_size(body) == 1, hide = json_is_true(hidden);
    json_decref(body);
    if (!good)
        return api_problem(call, 400, api_says_body_device());
    int r = api_hide_device(call->api, call->storage, call->account, device, hide, &call->err);
    struct devices devices = {.call = call, .only = device, .with_hidden = true, .ret_row = &row};
    if (r == 0)
        r = devices_read(&devices);
    if (r == 0 && row == NULL) /* gone with a sync of this moment */
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "there is no such device");
    if (r == 0)
        return api_reply_json(call, json_pack("{s:o}", "device", row));
    json_decref(row);
    return r;
}
