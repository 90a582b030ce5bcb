#include "merge/hide_device.h"

#include <string.h>

struct hiding {
    const char *device;
    bool hidden, found, differs;
};

static int hiding_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct hiding *hiding = ctx;
    (void)tabs;
    if (strcmp(device->id, hiding->device) != 0)
        return 0;
    hiding->found = true;
    hiding->differs = (device->hidden != 0) != hiding->hidden;
    return 1;
}

int merge_hide_device(struct storage *storage, const char *account, const char *device, bool hidden,
                      int64_t *ret_generation, struct err *err)
{
    struct hiding hiding = {.device = device, .hidden = hidden};
    int64_t generation;
    int r = STORAGE(storage, err, batch_begin, account, HEARTH_CLIENTS, &generation);
    if (r < 0)
        return r;
    r = STORAGE(storage, err, device_list, account, hiding_on_device, &hiding);
    if (r == 0 && !hiding.found)
        r = err_set(err, HEARTH_ERR_NOT_FOUND, "there is no such device");
    if (r == 0 && hiding.differs)
        r = STORAGE(storage, err, device_hide, device, hidden);
    if (r == 0)
        r = STORAGE(storage, err, batch_commit, hiding.differs);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    else
        *ret_generation = hiding.differs ? generation : 0;
    return r;
}
