/* Devices and their tabs: small collections that are always read whole, so what did not come is gone. What came damaged stays. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "merge/apply.h"
#include "merge/kept.h"
#include "merge/records.h"
#include "model/source_id.h"
#include "plug/fields.h"

/* What is stored now, copied out of the storage plugin's hands. */
struct known {
    int64_t source; /* of others nothing is known here */
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
    if (device->source != known->source)
        return 0;
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
    *ret_known = (struct known){.source = apply->source, .arena = arena};
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

/* Whose tabs came. */
struct owners {
    struct owner {
        const char *id;
        int32_t position; /* of its next tab */
    } * list;
    size_t count, room;
    size_t last; /* tabs come device by device */
};

static struct owner *find_owner(struct owners *owners, const char *id)
{
    for (size_t i = 0; i < owners->count; i++) {
        size_t place = (owners->last + i) % owners->count;
        if (strcmp(owners->list[place].id, id) == 0) {
            owners->last = place;
            return &owners->list[place];
        }
    }
    return NULL;
}

static bool add_owner(struct owners *owners, struct arena *arena, const char *id)
{
    if (find_owner(owners, id) != NULL)
        return true;
    if (owners->count == owners->room) {
        size_t room = owners->room == 0 ? 16 : owners->room * 2;
        struct owner *grown = realloc(owners->list, room * sizeof(*grown));
        if (grown == NULL)
            return false;
        owners->list = grown;
        owners->room = room;
    }
    owners->list[owners->count] = (struct owner){.id = arena_strdup(arena, id)};
    return owners->list[owners->count].id != NULL && ++owners->count > 0;
}

static int load_owners(struct apply *apply, struct arena *arena, struct owners *owners, struct err *err)
{
    int kind, more;
    spool_rewind(apply->spool);
    while ((more = spool_next(apply->spool, &kind, err)) > 0) {
        const char *id;
        struct hearth_tab tab;
        if (kind != RECORD_TAB)
            continue;
        records_get_tab(apply->spool, &id, &tab);
        if (!add_owner(owners, arena, id))
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    return more;
}

/* In an incremental collection what does not come stays, as what came damaged does in a complete one. */
static bool keeps_tabs(const struct apply *apply, const struct known *known, const char *device)
{
    return !apply_replaces(apply) || kept_has(&known->kept, device);
}

/* Who has tabs or groups: its device need not be known. */
struct holders {
    int64_t source;
    struct owners owners;
    struct arena *arena;
    bool failed;
};

static int note_holder(struct holders *holders, const char *device)
{
    if (model_source_of(device) == holders->source)
        holders->failed = !add_owner(&holders->owners, holders->arena, device);
    return holders->failed;
}

static int on_held_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)tab;
    return note_holder(ctx, device);
}

static int on_held_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    (void)group;
    return note_holder(ctx, device);
}

/* With their groups. Whose tabs came gets no others, though some of it was damaged. */
static int clear_tabs(struct apply *apply, struct known *known, struct owners *owners, struct err *err)
{
    struct holders holders = {.source = apply->source, .arena = known->arena};
    int r = STORE(apply->store, err, tab_list, apply->account, NULL, on_held_tab, &holders);
    if (r == 0 && !holders.failed)
        r = STORE(apply->store, err, tab_group_list, apply->account, NULL, on_held_group, &holders);
    if (r == 0 && holders.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < holders.owners.count; i++) {
        const char *device = holders.owners.list[i].id;
        if (!keeps_tabs(apply, known, device) || find_owner(owners, device) != NULL)
            r = STORE(apply->store, err, tabs_clear, device);
    }
    free(holders.owners.list);
    return r;
}

static int put_of_tabs(struct apply *apply, struct known *known, struct owners *owners, int kind, struct err *err)
{
    const char *owner;
    struct hearth_device device;
    struct hearth_tab tab;
    struct hearth_tab_group group;
    switch (kind) {
    case RECORD_DEVICE:
        records_get_device(apply->spool, &device);
        return put_tab_owner(apply, known, &device, err);
    case RECORD_TAB:
        records_get_tab(apply->spool, &owner, &tab);
        tab.position = find_owner(owners, owner)->position++;
        return STORE(apply->store, err, tab_put, owner, &tab);
    case RECORD_TAB_GROUP:
        records_get_tab_group(apply->spool, &owner, &group);
        return STORE(apply->store, err, tab_group_put, owner, &group);
    default:
        return 0;
    }
}

int apply_tabs(struct apply *apply, struct err *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct known known;
    struct owners owners = {0};
    int kind, more, r = load_known(apply, &arena, &known, err);
    if (r == 0)
        r = load_owners(apply, &arena, &owners, err);
    if (r == 0)
        r = clear_tabs(apply, &known, &owners, err);
    apply->changed = true; /* the collection is read only when it has changed on the server */
    spool_rewind(apply->spool);
    while (r == 0 && (more = spool_next(apply->spool, &kind, err)) != 0) {
        r = more < 0 ? more : put_of_tabs(apply, &known, &owners, kind, err);
        if (r == 0)
            r = apply_count_record(apply, err);
        store_reset(apply->store);
    }
    free(owners.list);
    known_fini(&known);
    arena_fini(&arena);
    return r;
}
