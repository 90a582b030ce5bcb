/* History: records are united with what is stored, because a record holds the newest twenty visits only and the server forgets pages that
 * Hearth keeps. */
#include <string.h>

#include "base/str.h"
#include "merge/apply.h"
#include "merge/records.h"
#include "model/page.h"

/* The last title that is not empty wins, by the newest visit. */
static bool takes_title(const struct hearth_page *page, const struct hearth_page_record *record)
{
    if (record->title == NULL || record->title[0] == '\0' || str_equal(page->title, record->title))
        return false;
    return page->title == NULL || (record->visit_count > 0 && record->visits[0].date >= page->last_visit);
}

/* A page that was not there: everything about it is in the record, nothing has to be read back. */
static int put_new(struct apply *apply, struct hearth_page *page, const struct hearth_page_record *record, struct err *err)
{
    struct model_page facts;
    model_page_init(&facts);
    for (uint32_t i = 0; i < record->visit_count; i++)
        model_page_add_visit(&facts, record->visits[i].date, record->visits[i].type);
    page->guid = record->guid;
    page->title = record->title != NULL && record->title[0] != '\0' ? record->title : NULL;
    int r = apply_put_page(apply, page, &facts, err);
    int64_t added;
    if (r == 0)
        r = STORE(apply->store, err, visits_put, page->id, record->visits, record->visit_count, &added);
    return r == 0 ? STORE(apply->store, err, page_guid_put, record->guid, page->id) : r;
}

static int merge(struct apply *apply, struct hearth_page *page, const struct hearth_page_record *record, struct err *err)
{
    int64_t added = 0;
    int r = STORE(apply->store, err, visits_put, page->id, record->visits, record->visit_count, &added);
    bool new_guid = !str_equal(page->guid, record->guid), new_title = takes_title(page, record);
    if (r < 0 || (added == 0 && !new_guid && !new_title))
        return r;
    if (new_guid) {
        page->guid = record->guid;
        r = STORE(apply->store, err, page_guid_put, record->guid, page->id);
    }
    if (new_title)
        page->title = record->title;
    return r == 0 ? apply_page(apply, page, err) : r;
}

static int put_record(struct apply *apply, struct err *err)
{
    struct hearth_page_record record;
    if (records_get_page(apply->spool, &apply->arena, &record) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    struct hearth_page page;
    bool is_new;
    int r = apply_find_page(apply, record.url, &page, &is_new, err);
    if (r < 0 || (is_new && record.visit_count == 0))
        return r;
    return is_new ? put_new(apply, &page, &record, err) : merge(apply, &page, &record, err);
}

/* A tombstone removes the page only if it names the id that the page has now: devices that find one URL under two ids keep one and bury the
 * other, and the page lives on. */
static int put_tombstone(struct apply *apply, struct err *err)
{
    const char *guid;
    int64_t modified, id;
    records_get_removed(apply->spool, &guid, &modified);
    struct err why = {0};
    int r = STORE(apply->store, &why, page_by_guid, guid, &id);
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (r == 0)
        r = STORE(apply->store, &why, page_get, apply->account, id, &page);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    if (r < 0) {
        *err = why;
        return r;
    }
    if (!str_equal(page.guid, guid))
        return 0;
    page.guid = NULL;
    page.title = NULL;
    r = STORE(apply->store, err, visits_remove, id);
    return r == 0 ? apply_page(apply, &page, err) : r;
}

/* Live records first: a tombstone for an old id must find the new id joined to the page. */
static int pass(struct apply *apply, int wanted, struct err *err)
{
    int kind, more, r = 0;
    spool_rewind(apply->spool);
    while (r == 0 && (more = spool_next(apply->spool, &kind, err)) != 0) {
        if (more < 0)
            return more;
        if (kind == wanted)
            r = kind == RECORD_PAGE ? put_record(apply, err) : put_tombstone(apply, err);
        if (r == 0)
            r = apply_count_record(apply, err);
        arena_reset(&apply->arena);
        store_reset(apply->store);
    }
    return r;
}

int apply_history(struct apply *apply, struct err *err)
{
    int r = pass(apply, RECORD_PAGE, err);
    return r == 0 ? pass(apply, RECORD_REMOVED, err) : r;
}
