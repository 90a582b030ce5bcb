/* Devices: a small collection that is always read whole, so what did not come is gone. What came
 * damaged stays. */
#include "merge/apply.h"
#include "merge/known_devices.h"
#include "merge/records.h"
#include "plug/fields.h"

static bool same_device(const struct hearth_device *a, const struct hearth_device *b)
{
    return plug_fields_equal(&plug_fields_device, a, b);
}

static int devices_put_device(struct apply *apply, struct known_devices *known,
                              struct hearth_device *device, struct err *err)
{
    struct hearth_device *old = merge_known_devices_find(known, device->id);
    if (old != NULL && old->last_upload > device->last_upload)
        device->last_upload = old->last_upload;
    struct hearth_device kept;
    if (old != NULL && merge_kept_has(&known->kept, device->id)) {
        /* what came is second-hand, of its tabs: only the time is news */
        kept = *old;
        kept.last_upload = device->last_upload;
        device = &kept;
    }
    if (old != NULL && same_device(old, device))
        return 0;
    apply->changed = true;
    return STORAGE(apply->storage, err, device_put, device);
}

/* One that its person has hidden is kept: its record may have expired, or be on its way after the
 * server was emptied, and with the row it would be forgotten that it is hidden. */
static int remove_gone(struct apply *apply, const struct hearth_device *device, struct err *err)
{
    if (device->hidden != 0)
        return 0;
    apply->changed = true;
    return STORAGE(apply->storage, err, device_remove, device->id);
}

static int remove_unseen(struct apply *apply, struct known_devices *known, struct err *err)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->seen[i] || merge_kept_has(&known->kept, known->devices[i].id))
            continue;
        int r = remove_gone(apply, &known->devices[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int merge_apply_devices(struct apply *apply, struct err *err)
{
    struct known_devices known;
    int kind, more, r = merge_known_devices_load(&known, apply, err);
    merge_spool_rewind(apply->spool);
    while (r == 0 && (more = merge_spool_next(apply->spool, &kind, err)) != 0) {
        const char *guid;
        int64_t modified;
        struct hearth_device device;
        if (more < 0) {
            r = more;
        } else if (kind == RECORD_DEVICE) {
            merge_records_get_device(apply->spool, &device);
            r = devices_put_device(apply, &known, &device, err);
        } else if (kind == RECORD_REMOVED) {
            merge_records_get_removed(apply->spool, &guid, &modified);
            const struct hearth_device *old = merge_known_devices_find(&known, guid);
            if (!apply_replaces(apply) && old != NULL)
                r = remove_gone(apply, old, err);
        }
        if (r == 0)
            r = merge_apply_count_record(apply, err);
        plug_storage_reset(apply->storage);
    }
    if (r == 0 && apply_replaces(apply))
        r = remove_unseen(apply, &known, err);
    merge_known_devices_fini(&known);
    return r;
}
