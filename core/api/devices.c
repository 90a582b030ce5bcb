/* Devices, their windows, groups of tabs and open tabs; and which of them are shown. */
#include <string.h>

#include "api/internal.h"
#include "api/open_tabs.h"
#include "merge/hide_device.h"
#include "search/text_filter.h"

static const char ALONE[] = "{\"devices\":[", ALONE_END[] = "]}";

struct devices {
    struct api_call *call;
    const char *only;            /* this device; NULL: all */
    const char *prefix, *suffix; /* of the list in the reply */
    bool with_hidden, with_tabs;
    json_t **ret_row; /* where its row goes; NULL: into the list of the reply */
    struct text_filter words;
    struct open_tabs open;
};

static void put_windows_and_tabs(const struct devices *devices, const char *device, json_t *row)
{
    const struct open_tabs *open = &devices->open;
    json_t *windows = json_array(), *list = json_array();
    size_t end;
    for (size_t first = api_open_tabs_of(open, device, &end), behind; first < end; first = behind) {
        behind = api_open_tabs_window_end(open, first, end);
        json_array_append_new(windows, json_pack("{s:I, s:I}", "number",
                                                 (json_int_t)open->tabs[first].tab.window, "tabs",
                                                 (json_int_t)(behind - first)));
        for (size_t i = first; i < behind; i++)
            if (open->tabs[i].tab.url != NULL)
                json_array_append_new(list, api_tab_json(&open->tabs[i].tab, open->tabs[i].group));
    }
    json_object_set_new(row, "windows", windows);
    if (devices->with_tabs)
        json_object_set_new(row, "tabs", list);
    else
        json_decref(list);
}

static int devices_on_device(void *ctx, const struct hearth_device *device, int64_t count)
{
    struct devices *devices = ctx;
    struct api_call *call = devices->call;
    if ((device->hidden != 0 && !devices->with_hidden) ||
        (devices->only != NULL && strcmp(device->id, devices->only) != 0))
        return 0;
    json_t *row = api_device_json(device, count);
    put_windows_and_tabs(devices, device->id, row);
    json_object_set_new(row, "groups", api_open_groups_json(&devices->open, device->id));
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
    int r =
        api_open_tabs_read(call->storage, call->account, devices->only,
                           devices->with_tabs ? &devices->words : NULL, &devices->open, &call->err);
    if (r == 0 && devices->ret_row == NULL)
        api_list_begin(call, devices->prefix);
    if (r == 0)
        r = STORAGE(call->storage, &call->err, device_list, call->account, devices_on_device,
                    devices);
    if (r == 0 && devices->ret_row == NULL)
        api_list_close(call, devices->suffix);
    api_open_tabs_free(&devices->open);
    return r;
}

static void devices_ask(struct api_call *call, const char *only)
{
    api_open_tabs_ask(call->storage, call->account, only);
    STORAGE_ASK(call->storage, device_list, call->account, devices_on_device, NULL);
}

void api_devices_ask(struct api_call *call)
{
    devices_ask(call, NULL);
}

void api_tabs_ask(struct api_call *call)
{
    const char *only;
    if (api_text_parameter(call, "device", &only))
        devices_ask(call, only);
}

int api_devices_get(struct api_call *call)
{
    int64_t hidden;
    if (!api_int_parameter(call, "hidden", 0, &hidden))
        return 0;
    if (hidden != 0 && hidden != 1)
        return api_problem(call, 400, api_says_parameter_range("hidden", 0, 1));
    struct devices devices = {
        .call = call, .prefix = ALONE, .suffix = ALONE_END, .with_hidden = hidden == 1};
    return devices_read(&devices);
}

int api_tabs_get(struct api_call *call)
{
    struct devices devices = {
        .call = call, .prefix = ALONE, .suffix = ALONE_END, .with_tabs = true};
    const char *q;
    if (!api_text_parameter(call, "device", &devices.only) || !api_text_parameter(call, "q", &q))
        return 0;
    int r = search_text_filter_init(&devices.words, q, &call->request->arena, &call->err);
    return r < 0 ? r : devices_read(&devices);
}

int api_devices_add_all(struct api_call *call)
{
    struct devices devices = {
        .call = call, .prefix = "[", .suffix = "]", .with_hidden = true, .with_tabs = true};
    return devices_read(&devices);
}

int api_hide_device(struct api *api, struct storage *storage, const char *account,
                    const char *device, bool hidden, struct err *err)
{
    int64_t generation = 0;
    int r = merge_hide_device(storage, account, device, hidden, &generation, err);
    if (r == 0 && generation != 0)
        api_tell_changed(api, account, generation, API_ON_TABS);
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
