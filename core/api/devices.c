/* Devices and their tabs. */
#include <string.h>

#include "api/internal.h"
#include "search/words.h"

static int on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    api_list_add(ctx, device_json(device, tabs));
    return 0;
}

int devices_get(struct api_call *call)
{
    api_list_begin(call, "{\"devices\":[");
    int r = STORE(call->store, &call->err, device_list, call->account, on_device, call);
    api_list_close(call, "]}");
    return r;
}

struct tabs {
    struct api_call *call;
    const char *device; /* only this one; NULL: all */
    struct words words;
    json_t *list; /* of the device at hand */
};

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)device;
    struct tabs *tabs = ctx;
    if (words_match(&tabs->words, tab->title, tab->url, NULL))
        json_array_append_new(tabs->list, tab_json(tab));
    return 0;
}

static int on_owner(void *ctx, const struct hearth_device *device, int64_t count)
{
    struct tabs *tabs = ctx;
    if (tabs->device != NULL && strcmp(device->id, tabs->device) != 0)
        return 0;
    json_t *row = device_json(device, count);
    tabs->list = json_array();
    int r = STORE(tabs->call->store, &tabs->call->err, tab_list, tabs->call->account, device->id, on_tab, tabs);
    bool filtered = !words_empty(&tabs->words) && json_array_size(tabs->list) == 0;
    json_object_set_new(row, "tabs", tabs->list);
    if (filtered)
        json_decref(row);
    else
        api_list_add(tabs->call, row);
    return r < 0;
}

int tabs_get(struct api_call *call)
{
    struct tabs tabs = {.call = call};
    const char *q;
    if (!api_text_parameter(call, "device", &tabs.device) || !api_text_parameter(call, "q", &q))
        return 0;
    int r = words_init(&tabs.words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    api_list_begin(call, "{\"devices\":[");
    r = STORE(call->store, &call->err, device_list, call->account, on_owner, &tabs);
    api_list_close(call, "]}");
    return r < 0 ? r : call->err.code;
}
