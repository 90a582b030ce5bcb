/* Reading visits. */
#include "driver.h"
#include "storage-sql/operations.h"
#include "support/hash.h"

int sql_page_visits(void *self, struct hearth_call *call, const char *account, int64_t page,
                    hearth_visit_cb cb, void *ctx)
{
    static const char VISITS[] =
        "SELECT " SQL_COLUMNS(v, HEARTH_VISIT_FIELDS) " " FROM_VISITS_OF_PAGE
                                                      "= ?2 ORDER BY v.date DESC, v.type DESC";
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, VISITS);
    sql_query_account(&query, account);
    sql_query_int(&query, page);
    while ((r = sql_query_step(&query)) > 0) {
        struct hearth_visit visit;
        sql_read_visit(&query, 0, &visit);
        if (cb(ctx, &visit) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

/* since: the statement's last parameter; NULL: it has none. */
static int visits_list_of_pages(void *self, struct hearth_call *call, const char *account,
                                const char *sql, const int64_t *since, const int64_t *pages,
                                size_t count, hearth_page_visit_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    bool stop = false;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t done = 0; r == 0 && !stop && done < count;) {
        sql_query_open(&query, op.handle, sql);
        sql_query_account(&query, account);
        sql_query_pages(&query, pages, count, &done);
        if (since != NULL)
            sql_query_int(&query, *since);
        while (!stop && (r = sql_query_step(&query)) > 0) {
            struct hearth_visit visit;
            sql_read_visit(&query, 1, &visit);
            stop = cb(ctx, sql_column_int(&query, 0), &visit) != 0;
        }
        sql_query_close(&query);
        r = r > 0 ? 0 : r;
    }
    return sql_op_end(&op, r);
}

/* clang-format off */
#define VISITS_OF_PAGES                                                                            \
    "SELECT v.page, " SQL_COLUMNS(v, HEARTH_VISIT_FIELDS) " " FROM_VISITS_OF_PAGE OF_PAGES("?2")
/* clang-format on */

int sql_visits_of_pages(void *self, struct hearth_call *call, const char *account,
                        const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx)
{
    static const char VISITS[] = VISITS_OF_PAGES;
    return visits_list_of_pages(self, call, account, VISITS, NULL, pages, count, cb, ctx);
}

int sql_visits_since(void *self, struct hearth_call *call, const char *account, int64_t since,
                     const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx)
{
    static const char VISITS[] = VISITS_OF_PAGES " AND v.generation > ?3";
    const int64_t before = sql_generation_before(since);
    return visits_list_of_pages(self, call, account, VISITS, &before, pages, count, cb, ctx);
}

/* The place in (date, page, type), all descending, before which the next rows are. */
struct visit_place {
    int64_t date, page, type;
};

static struct visit_place visit_place_of(int64_t to, int64_t after_date, int64_t after_page,
                                         int64_t after_type)
{
    if (after_date == 0 || (to != 0 && after_date >= to))
        return (struct visit_place){to == 0 ? INT64_MAX : to, INT64_MIN, INT64_MIN};
    return (struct visit_place){after_date, after_page, after_type};
}

struct visit_listing {
    const char *sql, *account, *host;
    int64_t from;
    struct visit_place place; /* kept behind the row that came last */
    struct piece piece;
    bool rows; /* URL and title too */
};

static int visit_list_rows(struct op *op, struct visit_listing *listing, hearth_visit_row_cb cb,
                           void *ctx)
{
    struct query query;
    int r;
    do {
        sql_query_open(&query, op->handle, listing->sql);
        sql_query_account(&query, listing->account);
        sql_query_int(&query, listing->from);
        sql_query_int(&query, listing->place.date);
        sql_query_int(&query, listing->place.page);
        sql_query_int(&query, listing->place.type);
        if (listing->host != NULL) {
            sql_query_int(&query, support_host_key(listing->host));
            sql_query_text(&query, listing->host);
        }
        sql_query_piece(&query, &listing->piece);
        while ((r = sql_query_step(&query)) > 0) {
            struct hearth_visit_row row = {.struct_size = sizeof(row),
                                           .date = sql_column_int(&query, 0),
                                           .page = sql_column_int(&query, 1),
                                           .type = (int32_t)sql_column_int(&query, 2)};
            listing->place = (struct visit_place){row.date, row.page, row.type};
            if (listing->rows) {
                row.url = sql_column_text(&query, 3);
                row.title = sql_column_text(&query, 4);
                row.bookmarked = sql_column_int(&query, 5) > 0;
            }
            if (cb(ctx, &row) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &listing->piece, r));
    return r > 0 ? 0 : r;
}

#define SEEN_BEFORE                                                                                \
    " WHERE " NOT_FLAG("v.hidden") " AND " OF_ACCOUNT(                                             \
        "v.") "v.date >= ?2 AND (v.date, v.page, v.type) < (?3, ?4, " VALUE_INT("?5") ")"
#define NEWEST_FIRST " ORDER BY v.date DESC, v.page DESC, v.type DESC" IN_PIECES

int sql_visit_list(void *self, struct hearth_call *call, const char *account,
                   const struct hearth_visit_query *filter, hearth_visit_row_cb cb, void *ctx)
{
#define ROWS(index)                                                                                \
    "SELECT v.date, v.page, v.type, p.url, coalesce(p.title, p.bookmark_title), p.bookmarks FROM " \
    "visits v" INDEXED_BY(index) PAGE_OF_VISIT
    static const char ANY_HOST[] = ROWS("visits_by_date") SEEN_BEFORE NEWEST_FIRST;
    static const char ONE_HOST[] =
        ROWS("visits_by_host") SEEN_BEFORE " AND v.host_key = ?6 AND p.host = ?7" NEWEST_FIRST;
#undef ROWS
    struct op op;
    struct visit_listing listing = {
        .sql = filter->host == NULL ? ANY_HOST : ONE_HOST,
        .account = account,
        .host = filter->host,
        .from = filter->from == 0 ? INT64_MIN : filter->from,
        .place =
            visit_place_of(filter->to, filter->after_date, filter->after_page, filter->after_type),
        .piece = {64, 1024, 4},
        .rows = true,
    };
    sql_piece_expect(&listing.piece, HEARTH_HAS(filter, rows) ? filter->rows : 0);
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    return sql_op_end(&op, visit_list_rows(&op, &listing, cb, ctx));
}

int sql_visit_dates(void *self, struct hearth_call *call, const char *account, int64_t from,
                    int64_t to, hearth_visit_row_cb cb, void *ctx)
{
    static const char DATES[] =
        "SELECT v.date, v.page, v.type FROM visits v" INDEXED_BY("visits_by_date")
            SEEN_BEFORE NEWEST_FIRST;
    struct op op;
    struct visit_listing listing = {
        .sql = DATES,
        .account = account,
        .from = from == 0 ? INT64_MIN : from,
        .place = visit_place_of(to, 0, 0, 0),
        .piece = {64, 16384, 4}, /* small, and mostly wanted all */
        .rows = false,
    };
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    return sql_op_end(&op, visit_list_rows(&op, &listing, cb, ctx));
}
