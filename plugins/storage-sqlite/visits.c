#include "driver.h"
#include "pages.h"
#include "storage-sql/removals.h"

/* 1: the page has visits, 0: none. */
static int has_visits(struct handle *handle, int64_t row)
{
    static const char ANY[] = "SELECT 1 FROM visits WHERE page_row = ? LIMIT 1";
    struct query query;
    int64_t one;
    sql_query_open(&query, handle, ANY);
    sql_query_int(&query, row);
    int r = sqlite_query_number(&query, &one);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

static int take_off(struct handle *handle, int64_t page, const struct hearth_visit *visit)
{
    return sql_removal_take_off(handle, &(struct hearth_removal){.kind = HEARTH_REMOVAL_VISIT,
                                                                 .page = page,
                                                                 .date = visit->date,
                                                                 .type = visit->type});
}

static int insert_visits(struct handle *handle, const struct known_page *page,
                         const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    /* clang-format off */
    static const char INSERT[] =
        "INSERT INTO visits (page_row, page, hidden, host_key, generation, "
        SQL_NAMES(HEARTH_VISIT_FIELDS) ") VALUES (?1, ?2, ?3, ?4, ?5, "
        SQL_VALUES("?6", visit, HEARTH_VISIT_FIELDS) ") ON CONFLICT DO NOTHING";
    /* clang-format on */
    struct query query;
    int64_t added = 0;
    int r = 0;
    sql_query_open(&query, handle, INSERT);
    sql_query_int(&query, page->row);
    sql_query_int(&query, page->id);
    sql_query_int(&query, page->hidden);
    sql_query_int(&query, page->host_key);
    sql_query_int(&query, handle->batch.generation);
    int first = query.next;
    for (size_t i = 0; r == 0 && i < count; i++) {
        query.next = first;
        sql_bind_visit(&query, HEARTH_AT(visits, i));
        r = sql_query_step(&query);
        bool inserted = r == 0 && sqlite_query_changes(handle) > 0;
        added += inserted;
        if (query.stmt != NULL)
            sqlite3_reset(query.stmt);
        if (inserted)
            r = sqlite_bulk_count(handle, 0);
        if (r == 0 && inserted)
            r = take_off(handle, page->id, HEARTH_AT(visits, i));
    }
    sql_query_close(&query);
    if (r == 0)
        *ret_added = added;
    return r;
}

int sqlite_page_remove_visits(struct handle *handle, const struct known_page *page)
{
    static const char REMEMBER[] =
        "INSERT INTO removals (" REMOVAL_NAMES ") SELECT " REMOVAL_VISIT
        ", '', page, date, type, 0, ?2 FROM visits WHERE page_row = ?1" REMOVAL_AGAIN;
    static const char REMOVE[] = "DELETE FROM visits WHERE page_row = ?";
    struct query query;
    sql_query_open(&query, handle, REMEMBER);
    sql_query_int(&query, page->row);
    sql_query_int(&query, handle->batch.generation);
    int64_t removed = 0;
    int r = sql_query_run(&query, &removed);
    if (r < 0 || removed == 0)
        return r;
    sql_removal_note(handle, HEARTH_REMOVAL_VISIT);
    sql_query_open(&query, handle, REMOVE);
    sql_query_int(&query, page->row);
    r = sql_query_run(&query, &removed);
    if (r < 0)
        return r;
    handle->batch.delta[COUNT_VISITS] -= removed;
    handle->batch.delta[COUNT_PAGES] -= removed > 0;
    return 0;
}

int sql_visits_write(struct handle *handle, int64_t page, const struct hearth_visit *visits,
                     size_t count, int64_t *ret_added)
{
    struct known_page known;
    int64_t added = 0;
    int r = sqlite_page_find(handle, page, &known);
    if (r < 0)
        return r;
    int had = known.fresh ? 0 : has_visits(handle, known.row);
    r = had < 0 ? had : insert_visits(handle, &known, visits, count, &added);
    if (r < 0)
        return r;
    handle->batch.page.fresh = false;
    handle->batch.delta[COUNT_VISITS] += added;
    handle->batch.delta[COUNT_PAGES] += had == 0 && added > 0;
    *ret_added = added;
    return 0;
}

int sql_visits_erase(struct handle *handle, int64_t page)
{
    struct known_page known;
    int r = sqlite_page_find(handle, page, &known);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : sqlite_page_remove_visits(handle, &known);
}
