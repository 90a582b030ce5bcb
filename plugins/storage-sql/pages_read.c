/* Reading pages. */
#include <string.h>

#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"
#include "support/abi.h"

/* Of pages p. Behind them: what the plugin itself wants to know of a row. */
#define PAGE_COLUMNS SQL_COLUMNS(p, HEARTH_PAGE_FIELDS) ", p.generation" PAGE_ALSO
#define NO_PAGE      "no page %lld"

static int page_row_read(struct query *query, struct hearth_page *ret_page)
{
    int next = sql_read_page(query, 0, ret_page);
    ret_page->generation = sql_column_int(query, next);
    return next + 1;
}

int sql_page_get(void *self, struct hearth_call *call, const char *account, int64_t id,
                 struct hearth_page *ret_page)
{
    static const char GET[] =
        "SELECT " PAGE_COLUMNS " FROM pages p WHERE " OF_ACCOUNT("p.") "p.id = ?2";
    struct op op;
    struct query query;
    struct hearth_page page;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, NO_PAGE, (long long)id);
    r = sql_page_expect(&op, account, id);
    sql_query_open(&query, op.handle, GET);
    sql_query_account(&query, account);
    sql_query_int(&query, id);
    if (r > 0)
        r = sql_query_step(&query);
    if (r > 0) {
        int also = page_row_read(&query, &page);
        sql_page_note(&op, account, id, &page, sql_column_int(&query, also));
        r = sql_keep_page(op.handle, &page);
    } else if (r == 0) {
        sql_page_note(&op, account, id, NULL, 0);
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, NO_PAGE, (long long)id);
    }
    sql_query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(page, ret_page);
    return sql_op_end(&op, r);
}

int sql_pages_get(void *self, struct hearth_call *call, const char *account, const int64_t *pages,
                  size_t count, hearth_page_cb cb, void *ctx)
{
    static const char GET[] =
        "SELECT " PAGE_COLUMNS " FROM pages p WHERE " OF_ACCOUNT("p.") "p.id " OF_PAGES("?2");
    struct op op;
    struct query query;
    struct hearth_page page;
    bool stop = false;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t done = 0; r == 0 && !stop && done < count;) {
        sql_query_open(&query, op.handle, GET);
        sql_query_account(&query, account);
        sql_query_pages(&query, pages, count, &done);
        while (!stop && (r = sql_query_step(&query)) > 0) {
            page_row_read(&query, &page);
            stop = cb(ctx, &page) != 0;
        }
        sql_query_close(&query);
        r = r > 0 ? 0 : r;
    }
    return sql_op_end(&op, r);
}

/* What searching needs, and no more: a column costs about 20 ns a page, and SQLite reads nothing
 * but an index that has these. host, guid and generation stay empty. */
static const char SCAN[] =
    "SELECT id, url, title, bookmark_title, tags, frecency, visit_count, last_visit, bookmarks, "
    "bookmark_added, "
    "typed, hidden FROM pages" INDEXED_BY("pages_by_frecency") " WHERE " OF_ACCOUNT("")
        SCAN_BEHIND("?2", "?3") " ORDER BY frecency DESC, id DESC" IN_PIECES;

static void read_scanned(struct query *query, struct hearth_page *page)
{
    page->id = sql_column_int(query, 0);
    page->url = sql_column_text(query, 1);
    page->title = sql_column_text(query, 2);
    page->bookmark_title = sql_column_text(query, 3);
    page->tags = sql_column_text(query, 4);
    page->frecency = sql_column_int(query, 5);
    page->visit_count = sql_column_int(query, 6);
    page->last_visit = sql_column_int(query, 7);
    page->bookmarks = sql_column_int(query, 8);
    page->bookmark_added = sql_column_int(query, 9);
    page->typed = sql_column_flag(query, 10);
    page->hidden = sql_column_flag(query, 11);
}

/* All of one snapshot, and the first rows come soon. */
int sql_pages_by_frecency(void *self, struct hearth_call *call, const char *account,
                          hearth_page_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    struct piece piece = {256, 4096, 4};
    struct hearth_page page = {
        .struct_size = sizeof(page), .host = "", .frecency = INT64_MAX, .id = INT64_MAX};
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    r = sql_op_begin_snapshot(&op);
    if (r < 0)
        return sql_op_end(&op, r);
    do {
        sql_query_open(&query, op.handle, SCAN);
        sql_query_account(&query, account);
        sql_query_int(&query, page.frecency);
        sql_query_int(&query, page.id);
        sql_query_piece(&query, &piece);
        while ((r = sql_query_step(&query)) > 0) {
            read_scanned(&query, &page);
            if (cb(ctx, &page) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &piece, r));
    return sql_op_end(&op, sql_op_end_snapshot(&op, r > 0 ? 0 : r));
}

int sql_page_guid_list(void *self, struct hearth_call *call, const char *account,
                       hearth_page_guid_cb cb, void *ctx)
{
    static const char GUIDS[] =
        "SELECT " PAGES_WITH_GUIDS PAGE_WITH_GUID " >= ?2 AND (" PAGE_WITH_GUID
        ", g.guid) > (?2, ?3) ORDER BY " PAGE_WITH_GUID ", g.guid" IN_PIECES;
    struct op op;
    struct query query;
    struct piece piece = {1024, 16384, 4};
    int64_t page = 0;
    char guid[HEARTH_KEY_MAX + 1] = ""; /* that came last */
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    r = sql_op_begin_snapshot(&op);
    if (r < 0)
        return sql_op_end(&op, r);
    do {
        sql_query_open(&query, op.handle, GUIDS);
        sql_query_account(&query, account);
        sql_query_int(&query, page);
        sql_query_text(&query, guid);
        sql_query_piece(&query, &piece);
        while ((r = sql_query_step(&query)) > 0) {
            const char *text = sql_column_text(&query, 1);
            page = sql_column_int(&query, 0);
            guid[0] = '\0';
            strncat(guid, text, sizeof(guid) - 1);
            if (cb(ctx, text, page) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &piece, r));
    return sql_op_end(&op, sql_op_end_snapshot(&op, r > 0 ? 0 : r));
}
