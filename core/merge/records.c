#include "merge/records.h"

int records_put_device(struct spool *spool, const struct hearth_device *device, struct err *err)
{
    spool_begin(spool, RECORD_DEVICE);
    spool_put_text(spool, device->id);
    spool_put_text(spool, device->name);
    spool_put_text(spool, device->type);
    spool_put_text(spool, device->os);
    spool_put_text(spool, device->version);
    spool_put_text(spool, device->fxa_device_id);
    spool_put_int(spool, device->last_upload);
    return spool_end(spool, err);
}

void records_get_device(struct spool *spool, struct hearth_device *ret_device)
{
    struct hearth_device device = {.struct_size = sizeof(device)};
    device.id = spool_get_text(spool);
    device.name = spool_get_text(spool);
    device.type = spool_get_text(spool);
    device.os = spool_get_text(spool);
    device.version = spool_get_text(spool);
    device.fxa_device_id = spool_get_text(spool);
    device.last_upload = spool_get_int(spool);
    *ret_device = device;
}

int records_put_tab(struct spool *spool, const char *device, const struct hearth_tab *tab, struct err *err)
{
    spool_begin(spool, RECORD_TAB);
    spool_put_text(spool, device);
    spool_put_int(spool, tab->position);
    spool_put_text(spool, tab->title);
    spool_put_text(spool, tab->url);
    spool_put_text(spool, tab->icon);
    spool_put_text(spool, tab->group);
    spool_put_int(spool, tab->last_used);
    spool_put_int(spool, tab->inactive);
    spool_put_int(spool, tab->pinned);
    return spool_end(spool, err);
}

void records_get_tab(struct spool *spool, const char **ret_device, struct hearth_tab *ret_tab)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab)};
    *ret_device = spool_get_text(spool);
    tab.position = (int32_t)spool_get_int(spool);
    tab.title = spool_get_text(spool);
    tab.url = spool_get_text(spool);
    tab.icon = spool_get_text(spool);
    tab.group = spool_get_text(spool);
    tab.last_used = spool_get_int(spool);
    tab.inactive = spool_get_int(spool) != 0;
    tab.pinned = spool_get_int(spool) != 0;
    *ret_tab = tab;
}

int records_put_page(struct spool *spool, const struct hearth_page_record *record, struct err *err)
{
    spool_begin(spool, RECORD_PAGE);
    spool_put_text(spool, record->guid);
    spool_put_text(spool, record->url);
    spool_put_text(spool, record->title);
    spool_put_int(spool, record->modified);
    spool_put_int(spool, record->visit_count);
    for (uint32_t i = 0; i < record->visit_count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(record->visits, i);
        spool_put_int(spool, visit->date);
        spool_put_int(spool, visit->type);
    }
    return spool_end(spool, err);
}

int records_get_page(struct spool *spool, struct arena *arena, struct hearth_page_record *ret_record)
{
    struct hearth_page_record record = {.struct_size = sizeof(record)};
    record.guid = spool_get_text(spool);
    record.url = spool_get_text(spool);
    record.title = spool_get_text(spool);
    record.modified = spool_get_int(spool);
    record.visit_count = (uint32_t)spool_get_int(spool);
    struct hearth_visit *visits = arena_alloc(arena, record.visit_count * sizeof(*visits));
    if (visits == NULL)
        return HEARTH_ERR_NOMEM;
    for (uint32_t i = 0; i < record.visit_count; i++) {
        visits[i].struct_size = sizeof(visits[i]);
        visits[i].date = spool_get_int(spool);
        visits[i].type = spool_get_int(spool);
    }
    record.visits = visits;
    *ret_record = record;
    return 0;
}

static void put_list(struct spool *spool, const char *const *texts, size_t count)
{
    spool_put_int(spool, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        spool_put_text(spool, texts[i]);
}

static int get_list(struct spool *spool, struct arena *arena, const char *const **ret_texts, size_t *ret_count)
{
    size_t count = (size_t)spool_get_int(spool);
    const char **texts = arena_alloc(arena, count * sizeof(*texts));
    if (texts == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        texts[i] = spool_get_text(spool);
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

int records_put_bookmark(struct spool *spool, const struct hearth_bookmark_record *record, struct err *err)
{
    spool_begin(spool, RECORD_BOOKMARK);
    spool_put_int(spool, record->kind);
    spool_put_text(spool, record->guid);
    spool_put_text(spool, record->parent_guid);
    spool_put_text(spool, record->title);
    spool_put_text(spool, record->url);
    spool_put_text(spool, record->keyword);
    spool_put_text(spool, record->tag_query);
    spool_put_int(spool, record->added);
    spool_put_int(spool, record->modified);
    put_list(spool, record->tags, record->tag_count);
    put_list(spool, record->children, record->child_count);
    return spool_end(spool, err);
}

int records_get_bookmark(struct spool *spool, struct arena *arena, struct hearth_bookmark_record *ret_record)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record)};
    record.kind = (int32_t)spool_get_int(spool);
    record.guid = spool_get_text(spool);
    record.parent_guid = spool_get_text(spool);
    record.title = spool_get_text(spool);
    record.url = spool_get_text(spool);
    record.keyword = spool_get_text(spool);
    record.tag_query = spool_get_text(spool);
    record.added = spool_get_int(spool);
    record.modified = spool_get_int(spool);
    int r = get_list(spool, arena, &record.tags, &record.tag_count);
    if (r == 0)
        r = get_list(spool, arena, &record.children, &record.child_count);
    if (r == 0)
        *ret_record = record;
    return r;
}

int records_put_removed(struct spool *spool, const char *guid, int64_t modified, struct err *err)
{
    spool_begin(spool, RECORD_REMOVED);
    spool_put_text(spool, guid);
    spool_put_int(spool, modified);
    return spool_end(spool, err);
}

void records_get_removed(struct spool *spool, const char **ret_guid, int64_t *ret_modified)
{
    *ret_guid = spool_get_text(spool);
    *ret_modified = spool_get_int(spool);
}

int records_put_kept(struct spool *spool, const char *guid, struct err *err)
{
    spool_begin(spool, RECORD_KEPT);
    spool_put_text(spool, guid);
    return spool_end(spool, err);
}

const char *records_get_kept(struct spool *spool)
{
    return spool_get_text(spool);
}
