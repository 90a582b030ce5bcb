#include "merge/known_devices.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/str.h"
#include "plug/fields.h"

/* A list that memory ended is not all there is. */
struct loading_devices {
    struct known_devices *known;
    int64_t source;
    bool failed;
};

static bool add_known(struct known_devices *known, const struct hearth_device *device)
{
    if (!ARRAY_MAKE_ROOM(known->devices, known->count, known->room))
        return false;
    struct hearth_device *copy = &known->devices[known->count];
    *copy = (struct hearth_device){.struct_size = sizeof(*copy)};
    return plug_fields_copy(&plug_fields_device, device, &known->arena, copy) == 0 &&
           ++known->count > 0;
}

static int on_known(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct loading_devices *loading = ctx;
    (void)tabs;
    if (device->source != loading->source)
        return 0;
    return loading->failed = !add_known(loading->known, device);
}

int merge_known_devices_load(struct known_devices *ret_known, struct apply *apply, struct err *err)
{
    *ret_known = (struct known_devices){0};
    arena_init(&ret_known->arena, 0);
    struct loading_devices loading = {.known = ret_known, .source = apply->source};
    int r = STORAGE(apply->storage, err, device_list, apply->account, on_known, &loading);
    if (r == 0)
        r = merge_kept_init(&ret_known->kept, apply->spool, err);
    if (r < 0)
        return r;
    ret_known->seen = calloc(ret_known->count + 1, sizeof(bool));
    return loading.failed || ret_known->seen == NULL
               ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
               : 0;
}

void merge_known_devices_fini(struct known_devices *known)
{
    free(known->devices);
    free(known->seen);
    merge_kept_fini(&known->kept);
    arena_fini(&known->arena);
}

struct hearth_device *merge_known_devices_find(struct known_devices *known, const char *id)
{
    for (size_t i = 0; i < known->count; i++)
        if (str_equal(known->devices[i].id, id)) {
            known->seen[i] = true;
            return &known->devices[i];
        }
    return NULL;
}
