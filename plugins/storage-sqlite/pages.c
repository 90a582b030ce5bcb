#include "pages.h"

#include "bulk.h"
#include "driver.h"
#include "storage-sql/removals.h"
#include "support/hash.h"
#include "support/text.h"

int sqlite_page_find(struct handle *handle, int64_t id, struct known_page *ret_page)
{
    static const char FIND[] = "SELECT row, host, hidden FROM pages WHERE id = ?";
    struct known_page *known = &handle->batch.page;
    if (known->id != id) {
        struct query query;
        sql_query_open(&query, handle, FIND);
        sql_query_int(&query, id);
        int r = sql_query_step(&query);
        if (r > 0)
            *known = (struct known_page){
                .id = id,
                .row = sql_column_int(&query, 0),
                .host_key = support_host_key(support_or_empty(sql_column_text(&query, 1))),
                .hidden = sql_column_int(&query, 2) != 0,
            };
        else if (r == 0)
            *known = (struct known_page){.id = id};
        sql_query_close(&query);
        if (r < 0)
            return r;
    }
    if (known->row == 0)
        return sql_page_is_missing(handle, id);
    *ret_page = *known;
    return 0;
}

int sql_page_expect(struct op *op, const char *account, int64_t page)
{
    struct batch *batch = sql_op_batch_of(op, account);
    return batch == NULL || sqlite_bulk_may_have(&batch->bulk, page);
}

/* The core reads a page before it writes it: what is known now need not be looked up again. */
void sql_page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page,
                   int64_t row)
{
    struct batch *batch = sql_op_batch_of(op, account);
    if (batch == NULL)
        return;
    batch->page = (struct known_page){.id = id};
    if (page != NULL)
        batch->page = (struct known_page){
            .id = id, .row = row, .host_key = support_host_key(page->host), .hidden = page->hidden};
}

static int insert_page(struct handle *handle, const struct hearth_page *page, int64_t *ret_row)
{
    static const char INSERT[] = "INSERT INTO pages (generation, " SQL_NAMES(
        HEARTH_PAGE_FIELDS) ") VALUES (?1, " SQL_VALUES("?2", page, HEARTH_PAGE_FIELDS) ")";
    struct query query;
    sql_query_open(&query, handle, INSERT);
    sql_query_int(&query, handle->batch.generation);
    sql_bind_page(&query, page);
    int r = sql_query_run(&query, NULL);
    if (r < 0)
        return r;
    *ret_row = sqlite3_last_insert_rowid(handle->current->db);
    r = sqlite_bulk_count(handle, page->id);
    if (r < 0)
        return r;
    return sql_removal_take_off(
        handle, &(struct hearth_removal){.kind = HEARTH_REMOVAL_PAGE, .page = page->id});
}

static int update_page(struct handle *handle, const struct hearth_page *page,
                       const struct known_page *old, int64_t host_key)
{
    static const char UPDATE[] =
        "UPDATE pages SET generation = ?1, " SQL_SET(HEARTH_PAGE_FIELDS) " WHERE row = ?";
    static const char VISITS[] = "UPDATE visits SET hidden = ?2, host_key = ?3 WHERE page_row = ?1";
    struct query query;
    sql_query_open(&query, handle, UPDATE);
    sql_query_int(&query, handle->batch.generation);
    sql_bind_page_rest(&query, page);
    sql_query_int(&query, old->row);
    int r = sql_query_run(&query, NULL);
    if (r < 0 || (old->hidden == page->hidden && old->host_key == host_key))
        return r;
    sql_query_open(&query, handle, VISITS);
    sql_query_int(&query, old->row);
    sql_query_int(&query, page->hidden);
    sql_query_int(&query, host_key);
    return sql_query_run(&query, NULL);
}

static int run_with_row(struct handle *handle, const char *sql, int64_t row)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    sql_query_int(&query, row);
    return sql_query_run(&query, NULL);
}

static int remember_removed(struct handle *handle, int64_t page)
{
    static const char REMEMBER[] = "INSERT INTO removals (" REMOVAL_NAMES ") VALUES (" REMOVAL_PAGE
                                   ", '', ?, 0, 0, 0, ?)" REMOVAL_AGAIN;
    struct query query;
    sql_query_open(&query, handle, REMEMBER);
    sql_query_int(&query, page);
    sql_query_int(&query, handle->batch.generation);
    sql_removal_note(handle, HEARTH_REMOVAL_PAGE);
    return sql_query_run(&query, NULL);
}

int sql_page_write(struct handle *handle, const struct hearth_page *page)
{
    struct known_page known;
    int64_t host_key = support_host_key(support_or_empty(page->host));
    int r = sqlite_page_find(handle, page->id, &known);
    bool is_new = r == HEARTH_ERR_NOT_FOUND;
    if (r == 0)
        r = update_page(handle, page, &known, host_key);
    else if (is_new)
        r = insert_page(handle, page, &known.row);
    if (r == 0)
        handle->batch.page = (struct known_page){.id = page->id,
                                                 .row = known.row,
                                                 .host_key = host_key,
                                                 .hidden = page->hidden,
                                                 .fresh = is_new || known.fresh};
    return r;
}

int sql_page_erase(struct handle *handle, int64_t page)
{
    static const char GUIDS[] = "DELETE FROM page_guids INDEXED BY page_guids_by_page WHERE "
                                "page_row = ?",
                      PAGE[] = "DELETE FROM pages WHERE row = ?";
    struct known_page known;
    int r = sqlite_page_find(handle, page, &known);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    handle->batch.page = (struct known_page){.id = 0};
    if (r == 0)
        r = sqlite_page_remove_visits(handle, &known);
    if (r == 0)
        r = run_with_row(handle, GUIDS, known.row);
    if (r == 0)
        r = run_with_row(handle, PAGE, known.row);
    return r == 0 ? remember_removed(handle, page) : r;
}

bool sql_page_expect_guid(const struct handle *handle, const char *guid)
{
    (void)handle;
    (void)guid;
    return true;
}

int sql_page_join_guid(struct handle *handle, const char *guid, int64_t page)
{
    static const char PUT[] = "INSERT INTO page_guids (guid, page_row) VALUES (?, ?) "
                              "ON CONFLICT (guid) DO UPDATE SET page_row = excluded.page_row";
    struct query query;
    struct known_page known;
    int r = sqlite_page_find(handle, page, &known);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, PUT);
    sql_query_text(&query, guid);
    sql_query_int(&query, known.row);
    return sql_query_run(&query, NULL);
}
