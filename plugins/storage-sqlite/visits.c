#include "driver.h"
#include "pages.h"
#include "storage-sql/removals.h"

/* 1: the page has visits, 0: none. */
static int has_visits(struct session *session, int64_t row)
{
    static const char ANY[] = "SELECT 1 FROM visits WHERE page_row = ? LIMIT 1";
    struct query query;
    int64_t one;
    query_open(&query, session, ANY);
    query_int(&query, row);
    int r = query_number(&query, &one);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

static int take_off(struct session *session, int64_t page, const struct hearth_visit *visit)
{
    return removal_take_off(session,
                            &(struct hearth_removal){.kind = HEARTH_REMOVAL_VISIT, .page = page, .date = visit->date, .type = visit->type});
}

static int insert_visits(struct session *session, const struct known_page *page, const struct hearth_visit *visits, size_t count,
                         int64_t *ret_added)
{
    static const char INSERT[] = "INSERT INTO visits (page_row, page, hidden, host_key, " SQL_NAMES(
        HEARTH_VISIT_FIELDS) ") "
                             "VALUES (?1, ?2, ?3, ?4, " SQL_VALUES("?5", visit, HEARTH_VISIT_FIELDS) ") "
                                                                                                     "ON CONFLICT DO NOTHING";
    struct query query;
    int64_t added = 0;
    int r = 0;
    query_open(&query, session, INSERT);
    query_int(&query, page->row);
    query_int(&query, page->id);
    query_int(&query, page->hidden);
    query_int(&query, page->host_key);
    int first = query.next;
    for (size_t i = 0; r == 0 && i < count; i++) {
        query.next = first;
        sql_bind_visit(&query, HEARTH_AT(visits, i));
        r = query_step(&query);
        bool inserted = r == 0 && query_changes(session) > 0;
        added += inserted;
        if (query.stmt != NULL)
            sqlite3_reset(query.stmt);
        if (inserted)
            r = take_off(session, page->id, HEARTH_AT(visits, i));
    }
    query_close(&query);
    if (r == 0)
        *ret_added = added;
    return r;
}

int page_remove_visits(struct session *session, const struct known_page *page)
{
    static const char REMEMBER[] = "INSERT INTO removals (" REMOVAL_NAMES ") SELECT " REMOVAL_VISIT
                                   ", '', page, date, type, 0, ?2 FROM visits WHERE page_row = ?1" REMOVAL_AGAIN;
    static const char REMOVE[] = "DELETE FROM visits WHERE page_row = ?";
    struct query query;
    query_open(&query, session, REMEMBER);
    query_int(&query, page->row);
    query_int(&query, session->batch.generation);
    int64_t removed = 0;
    int r = query_run(&query, &removed);
    if (r < 0 || removed == 0)
        return r;
    removal_note(session, HEARTH_REMOVAL_VISIT);
    query_open(&query, session, REMOVE);
    query_int(&query, page->row);
    r = query_run(&query, &removed);
    if (r < 0)
        return r;
    session->batch.delta[COUNT_VISITS] -= removed;
    session->batch.delta[COUNT_PAGES] -= removed > 0;
    return 0;
}

int visits_write(struct session *session, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    struct known_page known;
    int64_t added = 0;
    int r = page_find(session, page, &known);
    if (r < 0)
        return r;
    int had = known.fresh ? 0 : has_visits(session, known.row);
    r = had < 0 ? had : insert_visits(session, &known, visits, count, &added);
    if (r < 0)
        return r;
    session->batch.page.fresh = false;
    session->batch.delta[COUNT_VISITS] += added;
    session->batch.delta[COUNT_PAGES] += had == 0 && added > 0;
    *ret_added = added;
    return 0;
}

int visits_erase(struct session *session, int64_t page)
{
    struct known_page known;
    int r = page_find(session, page, &known);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : page_remove_visits(session, &known);
}
