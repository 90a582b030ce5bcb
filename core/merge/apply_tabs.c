/* Tabs: a small collection that is always read whole, device by device. What came is compared with
 * what is stored, and the difference is written: most of what comes is as it was, since one device
 * that uploads its tabs makes all of them come again. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "merge/apply.h"
#include "merge/known_devices.h"
#include "merge/records.h"
#include "merge/stored_tabs.h"

/* Whose tabs came. */
struct owners {
    struct owner {
        const char *id;
        int32_t position; /* of its next tab */
    } * list;
    size_t count, room;
    size_t last; /* tabs come device by device */
};

struct tabs {
    struct apply *apply;
    struct known_devices known;
    struct owners owners;
    struct stored_tabs stored;
    struct err *err;
};

static struct owner *tabs_find_owner(struct owners *owners, const char *id)
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

/* NULL: no memory. */
static struct owner *tabs_find_or_add_owner(struct owners *owners, struct arena *arena,
                                            const char *id)
{
    struct owner *found = tabs_find_owner(owners, id);
    if (found != NULL)
        return found;
    if (!ARRAY_MAKE_ROOM(owners->list, owners->count, owners->room))
        return NULL;
    found = &owners->list[owners->count];
    *found = (struct owner){.id = arena_strdup(arena, id)};
    owners->count += found->id != NULL;
    return found->id == NULL ? NULL : found;
}

/* --- what came, against what is stored --- */

static int note_came(struct tabs *tabs, int kind)
{
    const char *device;
    struct hearth_tab tab;
    struct hearth_tab_group group;
    if (kind == RECORD_TAB) {
        merge_records_get_tab(tabs->apply->spool, &device, &tab);
        struct owner *owner = tabs_find_or_add_owner(&tabs->owners, &tabs->known.arena, device);
        if (owner == NULL)
            return err_set(tabs->err, HEARTH_ERR_NOMEM, "out of memory");
        merge_stored_tabs_came(&tabs->stored, device, NULL, owner->position++);
    } else if (kind == RECORD_TAB_GROUP) {
        merge_records_get_tab_group(tabs->apply->spool, &device, &group);
        merge_stored_tabs_came(&tabs->stored, device, group.id, 0);
    }
    return 0;
}

static int tabs_compare_spool(struct tabs *tabs)
{
    int kind, more;
    merge_spool_rewind(tabs->apply->spool);
    while ((more = merge_spool_next(tabs->apply->spool, &kind, tabs->err)) > 0) {
        int r = note_came(tabs, kind);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < tabs->owners.count; i++)
        tabs->owners.list[i].position = 0;
    return more;
}

/* In an incremental collection what does not come stays, as what came damaged does in a complete
 * one. Whose tabs came gets no others, though some of it was damaged. */
static bool keeps_tabs(struct tabs *tabs, const char *device)
{
    bool keeps = !apply_replaces(tabs->apply) || merge_kept_has(&tabs->known.kept, device);
    return keeps && tabs_find_owner(&tabs->owners, device) == NULL;
}

/* With their groups, of each device of which something is gone: what is left of it is written
 * again. */
static int clear_tabs(struct tabs *tabs)
{
    struct apply *apply = tabs->apply;
    int r = 0;
    for (size_t at = 0; r == 0 && at < tabs->stored.count;) {
        const char *device = tabs->stored.rows[at].device;
        size_t end = at;
        bool gone = false;
        for (; end < tabs->stored.count && strcmp(tabs->stored.rows[end].device, device) == 0;
             end++)
            gone |= !tabs->stored.rows[end].came;
        if (gone && !keeps_tabs(tabs, device)) {
            r = STORAGE(apply->storage, tabs->err, tabs_clear, device);
            apply->changed = true;
            merge_stored_tabs_forget(&tabs->stored, at, end);
            plug_storage_reset(apply->storage);
        }
        at = end;
    }
    return r;
}

/* --- writing --- */

/* A tabs record may come from a device whose clients record never came: it is shown under the name
 * that the tabs record gives. One that is known keeps its name; only the time of its upload
 * moves. */
static int put_tab_owner(struct tabs *tabs, struct hearth_device *device)
{
    struct hearth_device *old = merge_known_devices_find(&tabs->known, device->id),
                         merged = *device;
    if (old != NULL && device->last_upload <= old->last_upload)
        return 0;
    if (old != NULL) {
        old->last_upload = device->last_upload;
        merged = *old;
    }
    if (merged.name == NULL)
        merged.name = "";
    if (merged.type == NULL)
        merged.type = "unknown";
    tabs->apply->changed = true;
    return STORAGE(tabs->apply->storage, tabs->err, device_put, &merged);
}

static int tabs_put_tab(struct tabs *tabs)
{
    struct apply *apply = tabs->apply;
    const char *device;
    struct hearth_tab tab;
    merge_records_get_tab(apply->spool, &device, &tab);
    tab.position = tabs_find_owner(&tabs->owners, device)->position++;
    if (!merge_stored_tabs_news(&tabs->stored, device, NULL, tab.position,
                                merge_stored_tabs_say(&plug_fields_tab, &tab)))
        return 0;
    apply->changed = true;
    return STORAGE(apply->storage, tabs->err, tab_put, device, &tab);
}

static int tabs_put_group(struct tabs *tabs)
{
    struct apply *apply = tabs->apply;
    const char *device;
    struct hearth_tab_group group;
    merge_records_get_tab_group(apply->spool, &device, &group);
    if (!merge_stored_tabs_news(&tabs->stored, device, group.id, 0,
                                merge_stored_tabs_say(&plug_fields_tab_group, &group)))
        return 0;
    apply->changed = true;
    return STORAGE(apply->storage, tabs->err, tab_group_put, device, &group);
}

static int put_of_tabs(struct tabs *tabs, int kind)
{
    struct hearth_device device;
    switch (kind) {
    case RECORD_DEVICE:
        merge_records_get_device(tabs->apply->spool, &device);
        return put_tab_owner(tabs, &device);
    case RECORD_TAB:
        return tabs_put_tab(tabs);
    case RECORD_TAB_GROUP:
        return tabs_put_group(tabs);
    default:
        return 0;
    }
}

static int tabs_put_spool(struct tabs *tabs)
{
    struct apply *apply = tabs->apply;
    int kind, more, r = 0;
    merge_spool_rewind(apply->spool);
    while (r == 0 && (more = merge_spool_next(apply->spool, &kind, tabs->err)) != 0) {
        r = more < 0 ? more : put_of_tabs(tabs, kind);
        if (r == 0)
            r = merge_apply_count_record(apply, tabs->err);
        plug_storage_reset(apply->storage);
    }
    return r;
}

int merge_apply_tabs(struct apply *apply, struct err *err)
{
    struct tabs tabs = {.apply = apply, .err = err};
    int r = merge_known_devices_load(&tabs.known, apply, err);
    if (r == 0)
        r = merge_stored_tabs_load(&tabs.stored, apply, err);
    if (r == 0)
        r = tabs_compare_spool(&tabs);
    if (r == 0)
        r = clear_tabs(&tabs);
    if (r == 0)
        r = tabs_put_spool(&tabs);
    merge_stored_tabs_fini(&tabs.stored);
    free(tabs.owners.list);
    merge_known_devices_fini(&tabs.known);
    return r;
}
