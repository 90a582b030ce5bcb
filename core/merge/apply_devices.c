/* Devices: a small collection that is always read whole, so what did not come is gone. What came damaged stays. */
#include "merge/apply.h"
#include "merge/known_devices.h"
#include "merge/records.h"
#include "plug/fields.h"

static bool same_device(const struct hearth_device *a, const struct hearth_device *b)
{
    return fields_equal(&fields_device, a, b);
}

static int put_device(struct apply *apply, struct known_devices *known, struct hearth_device *device, struct err *err)
{
    struct hearth_device *old = known_devices_find(known, device->id);
    if (old != NULL && old->last_upload > device->last_upload)
        device->last_upload = old->last_upload;
    struct hearth_device kept;
    if (old != NULL && kept_has(&known->kept, device->id)) { /* what came is second-hand, of its tabs: only the time is news */
        kept = *old;
        kept.last_upload = device->last_upload;
        device = &kept;
    }
    if (old != NULL && same_device(old, device))
        return 0;
    apply->changed = true;
    return STORE(apply->store, err, device_put, device);
}

static int remove_unseen(struct apply *apply, struct known_devices *known, struct err *err)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->seen[i] || kept_has(&known->kept, known->devices[i].id))
            continue;
        apply->changed = true;
        int r = STORE(apply->store, err, device_remove, known->devices[i].id);
        if (r < 0)
            return r;
    }
    return 0;
}

int apply_devices(struct apply *apply, struct err *err)
{
    struct known_devices known;
    int kind, more, r = known_devices_load(&known, apply, err);
    spool_rewind(apply->spool);
    while (r == 0 && (more = spool_next(apply->spool, &kind, err)) != 0) {
        const char *guid;
        int64_t modified;
        struct hearth_device device;
        if (more < 0) {
            r = more;
        } else if (kind == RECORD_DEVICE) {
            records_get_device(apply->spool, &device);
            r = put_device(apply, &known, &device, err);
        } else if (kind == RECORD_REMOVED) {
            records_get_removed(apply->spool, &guid, &modified);
            if (!apply_replaces(apply) && known_devices_find(&known, guid) != NULL) {
                apply->changed = true;
                r = STORE(apply->store, err, device_remove, guid);
            }
        }
        if (r == 0)
            r = apply_count_record(apply, err);
        store_reset(apply->store);
    }
    if (r == 0 && apply_replaces(apply))
        r = remove_unseen(apply, &known, err);
    known_devices_fini(&known);
    return r;
}
