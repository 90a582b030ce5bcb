/* Devices and their tabs: small collections that are always read whole, so what did not come is gone. What came damaged stays. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "merge/apply.h"
#include "merge/kept.h"
#include "merge/records.h"
#include "plug/fields.h"

/* What is stored now, copied out of the storage plugin's hands. */
struct known {
    struct hearth_device *devices;
    size_t count, room;
    bool *seen;
    struct arena *arena;
    struct kept kept; /* came damaged */
};

static int on_known(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    struct known *known = ctx;
    if (known->count == known->room) {
        size_t room = known->room == 0 ? 16 : known->room * 2;
        struct hearth_device *grown = realloc(known->devices, room * sizeof(*grown));
        if (grown == NULL)
            return 1;
        known->devices = grown;
        known->room = room;
    }
    struct hearth_device *copy = &known->devices[known->count];
    *copy = (struct hearth_device){.struct_size = sizeof(*copy)};
    if (fields_copy(&fields_device, device, known->arena, copy) < 0)
        return 1;
    known->count++;
    return 0;
}

static int load_known(struct apply *apply, struct arena *arena, struct known *ret_known, struct err *err)
{
    *ret_known = (struct known){.arena = arena};
    int r = STORE(apply->store, err, device_list, apply->account, on_known, ret_known);
    if (r == 0)
        r = kept_init(&ret_known->kept, apply->spool, err);
    if (r == 0 && (ret_known->seen = calloc(ret_known->count + 1, sizeof(bool))) == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return r;
}

static void known_fini(struct known *known)
{
    free(known->devices);
    free(known->seen);
    kept_fini(&known->kept);
}

static struct hearth_device *find_known(struct known *known, const char *id)
{
    for (size_t i = 0; i < known->count; i++)
        if (str_equal(known->devices[i].id, id)) {
            known->seen[i] = true;
            return &known->devices[i];
        }
    return NULL;
}

static bool same_device(const struct hearth_device *a, const struct hearth_device *b)
{
    return fields_equal(&fields_device, a, b);
}

static int put_device(struct apply *apply, struct known *known, struct hearth_device *device, struct err *err)
{
    struct hearth_device *old = find_known(known, device->id);
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

static int remove_unseen(struct apply *apply, struct known *known, struct err *err)
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
    struct arena arena;
    arena_init(&arena, 0);
    struct known known;
    int kind, more, r = load_known(apply, &arena, &known, err);
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
            if (!apply_replaces(apply) && find_known(&known, guid) != NULL) {
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
    known_fini(&known);
    arena_fini(&arena);
    return r;
}

/* A tabs record may come from a device whose clients record never came: it is shown under the name that the tabs record gives. One that is
 * known keeps its name; only the time of its upload moves. */
static int put_tab_owner(struct apply *apply, struct known *known, struct hearth_device *device, struct err *err)
{
    struct hearth_device *old = find_known(known, device->id), merged = *device;
    if (old != NULL) {
        merged = *old;
        if (device->last_upload > merged.last_upload)
            merged.last_upload = device->last_upload;
        old->last_upload = merged.last_upload;
    }
    if (merged.name == NULL)
        merged.name = "";
    if (merged.type == NULL)
        merged.type = "unknown";
    return STORE(apply->store, err, device_put, &merged);
}

/* In an incremental collection what does not come stays, as what came damaged does in a complete one. */
static bool keeps_tabs(const struct apply *apply, const struct known *known, const char *device)
{
    return !apply_replaces(apply) || kept_has(&known->kept, device);
}

static int clear_tabs(struct apply *apply, struct known *known, struct err *err)
{
    if (known->kept.count == 0 && apply_replaces(apply))
        return STORE(apply->store, err, tabs_clear, NULL);
    int r = 0;
    for (size_t i = 0; r == 0 && i < known->count; i++)
        if (!keeps_tabs(apply, known, known->devices[i].id))
            r = STORE(apply->store, err, tabs_clear, known->devices[i].id);
    return r;
}

int apply_tabs(struct apply *apply, struct err *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct known known;
    char last[256] = "";
    int32_t position = 0;
    int kind, more, r = load_known(apply, &arena, &known, err);
    if (r == 0)
        r = clear_tabs(apply, &known, err);
    apply->changed = true; /* the collection is read only when it has changed on the server */
    spool_rewind(apply->spool);
    while (r == 0 && (more = spool_next(apply->spool, &kind, err)) != 0) {
        struct hearth_tab tab;
        struct hearth_device device = {.struct_size = sizeof(device)};
        if (more < 0) {
            r = more;
        } else if (kind == RECORD_DEVICE) {
            records_get_device(apply->spool, &device);
            r = put_tab_owner(apply, &known, &device, err);
        } else if (kind == RECORD_TAB) {
            const char *owner;
            records_get_tab(apply->spool, &owner, &tab);
            if (strncmp(owner, last, sizeof(last)) != 0) {
                snprintf(last, sizeof(last), "%s", owner);
                position = 0;
                if (keeps_tabs(apply, &known, owner)) /* a readable record came, too */
                    r = STORE(apply->store, err, tabs_clear, owner);
            }
            tab.position = position++;
            if (r == 0)
                r = STORE(apply->store, err, tab_put, owner, &tab);
        }
        if (r == 0)
            r = apply_count_record(apply, err);
        store_reset(apply->store);
    }
    known_fini(&known);
    arena_fini(&arena);
    return r;
}
