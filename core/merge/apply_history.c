/* History: records are united with what is stored, because a record holds the newest twenty
 * visits only and the server forgets pages that Hearth keeps. Only a HEARTH_SNAPSHOT
 * (apply_snapshot.h) takes away what it does not have. What a person removed here
 * (removed_here.h) is not stored again. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "merge/apply_snapshot.h"
#include "merge/records.h"
#include "merge/removed_here.h"
#include "merge/unite_pages.h"
#include "model/page.h"
#include "model/source_id.h"

struct history {
    struct apply *apply;
    struct snapshot *snapshot; /* NULL: what came is not all there is */
    struct model_removed_here removed;
    struct err *err;
};

/* The last title that is not empty wins, by the newest visit. whole: the record is all that the
 * source says of the page now. */
static bool takes_title(const struct hearth_page *page, const struct hearth_page_record *record,
                        bool whole)
{
    if (record->title == NULL || record->title[0] == '\0' || str_equal(page->title, record->title))
        return false;
    return whole || page->title == NULL ||
           (record->visit_count > 0 && record->visits[0].date >= page->last_visit);
}

/* A page that was not there: everything about it is in the record, nothing has to be read back. */
static int put_new(struct history *history, struct hearth_page *page,
                   const struct hearth_page_record *record)
{
    struct apply *apply = history->apply;
    struct err *err = history->err;
    struct model_page facts;
    model_page_init(&facts, clock_now());
    for (uint32_t i = 0; i < record->visit_count; i++)
        model_page_add_visit(&facts, record->visits[i].date, record->visits[i].type);
    page->guid = record->guid;
    page->title = record->title != NULL && record->title[0] != '\0' ? record->title : NULL;
    int r = merge_apply_put_page(apply, page, &facts, err);
    int64_t added;
    if (r == 0)
        r = STORAGE(apply->storage, err, visits_put, page->id, record->visits, record->visit_count,
                    &added);
    if (r == 0)
        r = STORAGE(apply->storage, err, page_guid_put, record->guid, page->id);
    return r == 0 && history->snapshot != NULL
               ? merge_snapshot_note(history->snapshot, page->id, err)
               : r;
}

/* A page has the id of record of the source with the smallest number: that of the account's own
 * provider, if it knows the page. */
static bool takes_guid(const struct apply *apply, const struct hearth_page *page,
                       const struct hearth_page_record *record)
{
    return !str_equal(page->guid, record->guid) &&
           (page->guid == NULL || apply->source <= model_source_of(page->guid));
}

static int join_guid(struct history *history, const struct hearth_page *page,
                     const struct hearth_page_record *record)
{
    struct apply *apply = history->apply;
    struct err why = {0};
    int64_t joined = 0;
    if (str_equal(page->guid, record->guid))
        return 0;
    int r = takes_guid(apply, page, record)
                ? HEARTH_ERR_NOT_FOUND
                : STORAGE(apply->storage, &why, page_by_guid, record->guid, &joined);
    if (r == HEARTH_ERR_NOT_FOUND || (r == 0 && joined != page->id))
        return STORAGE(apply->storage, history->err, page_guid_put, record->guid, page->id);
    if (r < 0)
        *history->err = why;
    return r;
}

static int unite_record(struct history *history, struct hearth_page *page,
                        const struct hearth_page_record *record)
{
    struct apply *apply = history->apply;
    struct err *err = history->err;
    bool whole = false, trimmed = false;
    int64_t added = 0;
    int r = history->snapshot == NULL ? 0
                                      : merge_snapshot_trim(history->snapshot, apply, page, record,
                                                            &whole, &trimmed, err);
    if (r == 0)
        r = STORAGE(apply->storage, err, visits_put, page->id, record->visits, record->visit_count,
                    &added);
    bool new_guid = takes_guid(apply, page, record), new_title = takes_title(page, record, whole);
    if (r == 0)
        r = join_guid(history, page, record);
    if (r < 0 || (added == 0 && !trimmed && !new_guid && !new_title))
        return r;
    if (new_guid)
        page->guid = record->guid;
    if (new_title)
        page->title = record->title;
    return r == 0 ? merge_apply_page(apply, page, err) : r;
}

static int history_put_record(struct history *history)
{
    struct apply *apply = history->apply;
    struct err *err = history->err;
    struct hearth_page_record record;
    int64_t said;
    if (merge_records_get_page(apply->spool, &apply->arena, &record, &said) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    struct hearth_page page;
    bool is_new, gone = false;
    /* an older release may have stored it under the URL as it is said */
    int r = said == 0 ? 0 : merge_unite_page(apply, said, NULL, err);
    if (r == 0)
        r = merge_apply_find_page(apply, record.url, &page, &is_new, err);
    if (r == 0 && !model_removed_here_is_empty(&history->removed))
        r = merge_removed_here_filter(&history->removed, page.id, &record, &apply->arena, &gone,
                                      err);
    if (r == 0 && !gone && said != 0) /* and somebody removed it there */
        r = merge_removed_here_filter(&history->removed, said, &record, &apply->arena, &gone, err);
    if (r < 0 || gone || (is_new && record.visit_count == 0))
        return r;
    return is_new ? put_new(history, &page, &record) : unite_record(history, &page, &record);
}

/* A tombstone removes the page only if it names the id that the page has now: devices that find
 * one URL under two ids keep one and bury the other, and the page lives on. Of a page that has
 * the id of another source it takes what its own source brought. */
static int history_put_tombstone(struct history *history)
{
    struct apply *apply = history->apply;
    const char *guid;
    int64_t modified, id;
    merge_records_get_removed(apply->spool, &guid, &modified);
    struct err why = {0};
    int r = STORAGE(apply->storage, &why, page_by_guid, guid, &id);
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (r == 0)
        r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    if (r < 0) {
        *history->err = why;
        return r;
    }
    bool names_it = page.guid == NULL || str_equal(page.guid, guid) ||
                    model_source_of(page.guid) != apply->source;
    return names_it ? merge_apply_end_history(apply, &page, history->err) : 0;
}

/* A snapshot that goes beyond the limits for a moment, before what it does not have is taken
 * away, may be within them in the end. */
static int count_record(struct history *history)
{
    return history->snapshot == NULL ? merge_apply_count_record(history->apply, history->err) : 0;
}

static int replay_kind(struct history *history, int wanted)
{
    struct apply *apply = history->apply;
    int kind, more, r = 0;
    if (!merge_spool_has(apply->spool, wanted))
        return 0;
    merge_spool_rewind(apply->spool);
    while (r == 0 && (more = merge_spool_next(apply->spool, &kind, history->err)) != 0) {
        if (more < 0)
            return more;
        if (kind == wanted)
            r = kind == RECORD_PAGE ? history_put_record(history) : history_put_tombstone(history);
        if (r == 0)
            r = count_record(history);
        arena_reset(&apply->arena);
        plug_storage_reset(apply->storage);
    }
    return r;
}

/* Live records first: a tombstone for an old id must find the new id joined to the page. */
static int replay_history(struct history *history)
{
    int r = replay_kind(history, RECORD_PAGE);
    if (r == 0 && history->snapshot != NULL)
        r = merge_snapshot_sweep(history->snapshot, history->apply, history->err);
    return r == 0 ? replay_kind(history, RECORD_REMOVED) : r;
}

int merge_apply_history(struct apply *apply, struct err *err)
{
    struct history history = {.apply = apply, .err = err};
    struct snapshot snapshot;
    int r = merge_removed_here_load(apply->storage, apply->account, &history.removed, err);
    if (r < 0)
        return r;
    if (apply->how == HEARTH_SNAPSHOT) {
        history.snapshot = &snapshot;
        r = merge_snapshot_init(&snapshot, apply, err);
    }
    if (r == 0)
        r = replay_history(&history);
    if (history.snapshot != NULL)
        merge_snapshot_fini(&snapshot);
    model_removed_here_fini(&history.removed);
    return r;
}
