/* Pages and their guids, in a batch. Most of it is sent without waiting for an answer; what has
 * to be known is asked for, unless the batch knows all pages of the account. */
#include "pages.h"

#include "batch.h"
#include "driver.h"
#include "rows.h"
#include "storage-sql/removals.h"
#include "support/call.h"
#include "support/hash.h"
#include "support/text.h"

/* 0: it is there, as far as this batch knows; NOT_FOUND: it is not; 1: the server has to be
 * asked. */
static int known_page(struct handle *handle, int64_t page)
{
    struct batch *batch = &handle->batch;
    if (batch->absent == page)
        return HEARTH_ERR_NOT_FOUND;
    if (batch->fresh == page || number_set_has(&batch->pages, (uint64_t)page))
        return 0;
    return batch->knows ? HEARTH_ERR_NOT_FOUND : 1;
}

static int batch_learn_set(struct handle *handle, const char *sql, bool guids)
{
    struct batch *batch = &handle->batch;
    struct query query;
    int r;
    sql_query_open(&query, handle, sql);
    sql_query_int(&query, batch->account);
    while ((r = sql_query_step(&query)) > 0)
        if (guids ? !number_set_add_text(&batch->guids, sql_column_text(&query, 0))
                  : !number_set_add(&batch->pages, (uint64_t)sql_column_int(&query, 0)))
            break;
    sql_query_close(&query);
    return r > 0 ? support_no_memory(handle->call) : r;
}

int pg_pages_learn(struct handle *handle)
{
    int r = batch_learn_set(handle, "SELECT id FROM pages WHERE account = $1", false);
    if (r == 0)
        r = batch_learn_set(handle, "SELECT guid FROM page_guids WHERE account = $1", true);
    handle->batch.knows = r == 0;
    return r;
}

static int page_row_check(struct handle *handle, int64_t page)
{
    struct query query;
    int r = known_page(handle, page);
    if (r <= 0)
        return r < 0 ? sql_page_is_missing(handle, page) : 0;
    sql_query_open(&query, handle, "SELECT 1 FROM pages WHERE account = $1 AND id = $2");
    sql_query_int(&query, handle->batch.account);
    sql_query_int(&query, page);
    r = sql_query_step(&query);
    sql_query_close(&query);
    return r > 0 ? 0 : r < 0 ? r : sql_page_is_missing(handle, page);
}

/* 0: it is not there; 1: the server knows. Many questions make it worth to learn all pages. */
int sql_page_expect(struct op *op, const char *account, int64_t page)
{
    struct batch *batch = sql_op_batch_of(op, account);
    int r = 0;
    if (batch == NULL)
        return 1;
    if (!batch->knows && ++batch->asked == batch->worth)
        r = pg_pages_learn(op->handle);
    return r < 0 ? r : !batch->knows || number_set_has(&batch->pages, (uint64_t)page);
}

void sql_page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page,
                   int64_t row)
{
    struct batch *batch = sql_op_batch_of(op, account);
    (void)row;
    if (batch != NULL && page == NULL)
        batch->absent = id;
    if (batch != NULL && page != NULL)
        batch->last = (struct known_page){
            .id = id, .host_key = support_host_key(page->host), .hidden = page->hidden};
}

/* ?1 account, ?2 generation, ?3 key of the host; `first`: where the fields begin. */
#define INSERT_PAGE(first)                                                                         \
    "INSERT INTO pages (account, generation, host_key, " SQL_NAMES(                                \
        HEARTH_PAGE_FIELDS) ") VALUES (?1, ?2, ?3, " SQL_VALUES(first, page,                       \
                                                                HEARTH_PAGE_FIELDS) ")"

/* A page whose host or visibility changes takes its visits along; one that comes back is not
 * remembered as removed any more. ?4 id, ?5 hidden. */
static const char PUT[] =
    "WITH old AS (SELECT hidden, host_key FROM pages WHERE account = ?1 AND id = ?4), "
    "v AS (UPDATE visits SET hidden = ?5, host_key = ?3 WHERE account = ?1 AND page = ?4 "
    "AND EXISTS (SELECT 1 FROM old WHERE old.hidden <> ?5 OR old.host_key <> ?3)), "
    "r AS (DELETE FROM removals WHERE account = ?1 AND kind = 1 AND md5(key) = md5('') AND page = "
    "?4) " INSERT_PAGE("?6") " ON CONFLICT (account, id) DO UPDATE SET generation = "
                             "excluded.generation, host_key = "
                             "excluded.host_key, " SQL_EXCLUDED(page, HEARTH_PAGE_FIELDS);

/* The same of many at once, where none can have been removed. */
#define PAGE_ROW_NAMES "generation, host_key, " SQL_NAMES(HEARTH_PAGE_FIELDS)
#define PAGE_ROW_ARRAYS                                                                            \
    "?2::bigint[], ?3::bigint[], " SQL_ARRAYS("?4::bigint[]", HEARTH_PAGE_FIELDS)
#define INSERT_PAGES(from)                                                                         \
    "INSERT INTO pages (account, " PAGE_ROW_NAMES ") SELECT ?1::bigint, u.* FROM " from

/* Of pages that are known to be new nothing has to be looked for. */
static const char INSERT_ROWS[] = INSERT_PAGES("unnest(" PAGE_ROW_ARRAYS ") AS u");

/* clang-format off */
static const char PUT_ROWS[] =
    "WITH u AS MATERIALIZED (SELECT * FROM unnest(" PAGE_ROW_ARRAYS ") AS u (" PAGE_ROW_NAMES ")), "
    "n AS MATERIALIZED (SELECT u.id, u.hidden, u.host_key FROM u JOIN pages p ON p.account = ?1 "
    "AND p.id = u.id WHERE p.hidden <> u.hidden OR p.host_key <> u.host_key), "
    "v AS (UPDATE visits v SET hidden = n.hidden, host_key = n.host_key FROM n WHERE "
    "v.account = ?1 AND v.page = n.id) " INSERT_PAGES("u")
    " ON CONFLICT (account, id) DO UPDATE SET generation = excluded.generation, host_key = "
    "excluded.host_key, " SQL_EXCLUDED(page, HEARTH_PAGE_FIELDS);
/* clang-format on */

static int collect_page(struct handle *handle, const struct hearth_page *page, bool is_new)
{
    struct query query;
    int r = 0;
    if (is_new)
        pg_rows_open(&query, handle, ROWS_PAGES, INSERT_ROWS);
    else
        r = pg_rows_open_once(&query, handle, ROWS_PAGE_CHANGES, PUT_ROWS, (uint64_t)page->id);
    if (r < 0)
        return r;
    sql_query_int(&query, handle->batch.generation);
    sql_query_int(&query, support_host_key(support_or_empty(page->host)));
    sql_bind_page(&query, page);
    return pg_rows_add(&query);
}

static int write_one(struct handle *handle, const struct hearth_page *page)
{
    struct query query;
    sql_query_open(&query, handle, PUT);
    sql_query_batch(&query);
    sql_query_int(&query, handle->batch.generation);
    sql_query_int(&query, support_host_key(support_or_empty(page->host)));
    sql_query_int(&query, page->id);
    sql_query_flag(&query, page->hidden);
    sql_bind_page(&query, page);
    return sql_query_later(&query, COUNT_NONE, 0);
}

int sql_page_write(struct handle *handle, const struct hearth_page *page)
{
    struct batch *batch = &handle->batch;
    bool is_new = batch->knows && !number_set_has(&batch->pages, (uint64_t)page->id);
    bool fresh = known_page(handle, page->id) == HEARTH_ERR_NOT_FOUND;
    int r = sql_removal_may_be(handle, HEARTH_REMOVAL_PAGE) ? write_one(handle, page)
                                                            : collect_page(handle, page, is_new);
    if (r == 0 && batch->knows && !number_set_add(&batch->pages, (uint64_t)page->id))
        r = support_no_memory(handle->call);
    batch->absent = batch->absent == page->id ? 0 : batch->absent;
    batch->last = (struct known_page){.id = page->id,
                                      .host_key = support_host_key(support_or_empty(page->host)),
                                      .hidden = page->hidden};
    if (fresh)
        batch->fresh = page->id;
    return r;
}

/* The sets cannot forget one. */
static void forget_known(struct batch *batch)
{
    batch->knows = batch->empty = false;
    batch->last.id = 0;
    number_set_clear(&batch->pages);
    number_set_clear(&batch->guids);
}

int sql_page_erase(struct handle *handle, int64_t page)
{
    static const char REMOVE[] =
        "WITH v AS (DELETE FROM visits WHERE account = ?1 AND page = ?2 RETURNING date, type), "
        "g AS (DELETE FROM page_guids WHERE account = ?1 AND page = ?2), "
        "p AS (DELETE FROM pages WHERE account = ?1 AND id = ?2 RETURNING 1), "
        "r AS (INSERT INTO removals (account, " REMOVAL_NAMES ") "
        "SELECT ?1::bigint, 1, '', ?2::bigint, 0, 0, 0, ?3::bigint FROM p UNION ALL "
        "SELECT ?1::bigint, 2, '', ?2::bigint, v.date, v.type, 0, ?3::bigint FROM v" REMOVAL_AGAIN
        ") "
        "SELECT -(SELECT count(*) FROM v), -(SELECT count(*) FROM (SELECT 1 FROM v LIMIT 1) had)";
    struct batch *batch = &handle->batch;
    struct query query;
    sql_query_open(&query, handle, REMOVE);
    sql_query_batch(&query);
    sql_query_int(&query, page);
    sql_query_int(&query, batch->generation);
    int r = pg_query_later_sums(&query, COUNT_VISITS, COUNT_PAGES);
    forget_known(batch);
    sql_removal_note(handle, HEARTH_REMOVAL_PAGE);
    sql_removal_note(handle, HEARTH_REMOVAL_VISIT);
    batch->fresh = 0;
    batch->absent = page;
    return r;
}

bool sql_page_expect_guid(const struct handle *handle, const char *guid)
{
    return !handle->batch.knows ||
           number_set_has_text(&handle->batch.guids, support_or_empty(guid));
}

int sql_page_join_guid(struct handle *handle, const char *guid, int64_t page)
{
    static const char PUT_GUID[] =
        "INSERT INTO page_guids (account, guid, page) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (account, md5(guid)) DO UPDATE SET page = excluded.page";
    static const char INSERT_GUIDS[] =
        "INSERT INTO page_guids (account, guid, page) SELECT ?1::bigint, u.* FROM "
        "unnest(?2::text[], ?3::bigint[]) AS u";
    struct query query;
    int r = page_row_check(handle, page);
    bool is_new = !sql_page_expect_guid(handle, guid);
    if (r == 0 && handle->batch.knows && !number_set_add_text(&handle->batch.guids, guid))
        r = support_no_memory(handle->call);
    if (r < 0)
        return r;
    if (is_new) {
        pg_rows_open(&query, handle, ROWS_GUIDS, INSERT_GUIDS);
        sql_query_text(&query, guid);
        sql_query_int(&query, page);
        return pg_rows_add(&query);
    }
    sql_query_open(&query, handle, PUT_GUID);
    sql_query_batch(&query);
    sql_query_text(&query, guid);
    sql_query_int(&query, page);
    return sql_query_later(&query, COUNT_NONE, 0);
}
