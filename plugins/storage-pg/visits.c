#include <stdint.h>
#include <stdio.h>

#include "batch.h"
#include "connection.h"
#include "pages.h"
#include "session.h"
#include "support/call.h"
#include "support/hash.h"

enum { PIECE_FIRST = 64, PIECE_MOST = 256, PIECE_DATES = 16384 };

static int check_types(struct session *session, const struct hearth_visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (visits[i].type < 0 || visits[i].type > 9)
            return hearth_fail(session->call, HEARTH_ERR_INVALID, "a visit of type %d", (int)visits[i].type);
    return 0;
}

/* Array literals of dates and of types: "{1,2,3}". Memory of the call. */
static int make_arrays(struct session *session, const struct hearth_visit *visits, size_t count, char **ret_dates, char **ret_types)
{
    const struct hearth_host *host = session->store->host;
    char *dates = host->alloc(session->call, count * 21 + 3), *types = host->alloc(session->call, count * 3 + 3);
    if (dates == NULL || types == NULL)
        return support_no_memory(session->call);
    char *d = dates, *t = types;
    for (size_t i = 0; i < count; i++) {
        d += snprintf(d, 22, "%c%lld", i == 0 ? '{' : ',', (long long)visits[i].date);
        t += snprintf(t, 4, "%c%d", i == 0 ? '{' : ',', (int)visits[i].type);
    }
    snprintf(d, 3, "%s}", count == 0 ? "{" : "");
    snprintf(t, 3, "%s}", count == 0 ? "{" : "");
    *ret_dates = dates;
    *ret_types = types;
    return 0;
}

/* Different (date, type) pairs: what a page without visits will have added. */
static int64_t count_different(const struct hearth_visit *visits, size_t count)
{
    int64_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && (visits[k].date != visits[i].date || visits[k].type != visits[i].type))
            k++;
        n += k == i;
    }
    return n;
}

/* Nothing is known: whether the page is there and had visits comes with the answer. */
static int put_and_ask(struct session *session, int64_t page, const char *dates, const char *types, int64_t *ret_added)
{
    static const char PUT[] =
        "WITH p AS (SELECT hidden, host_key, EXISTS (SELECT 1 FROM visits v WHERE v.account = $1 AND v.page = $2) AS had "
        "FROM pages WHERE account = $1 AND id = $2), "
        "i AS (INSERT INTO visits (account, page, date, type, hidden, host_key) SELECT $1, $2, u.date, u.type, p.hidden, p.host_key "
        "FROM p, unnest($3::bigint[], $4::int[]) AS u (date, type) ON CONFLICT DO NOTHING RETURNING 1) "
        "SELECT p.had, (SELECT count(*) FROM i) FROM p";
    struct query query;
    query_open(&query, session, PUT);
    query_int(&query, session->batch.account);
    query_int(&query, page);
    query_text(&query, dates);
    query_text(&query, types);
    int r = query_step(&query);
    if (r > 0) {
        *ret_added = column_int(&query, 1);
        session->batch.delta[COUNT_VISITS] += *ret_added;
        session->batch.delta[COUNT_PAGES] += *ret_added > 0 && !column_bool(&query, 0);
    }
    query_close(&query);
    if (r == 0)
        return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
    return r < 0 ? r : 0;
}

static int put_fresh(struct session *session, int64_t page, const char *dates, const char *types, int64_t added)
{
    static const char PUT[] = "INSERT INTO visits (account, page, date, type, hidden, host_key) SELECT $1, $2, u.date, u.type, p.hidden, "
                              "p.host_key FROM pages p, unnest($3::bigint[], $4::int[]) AS u (date, type) "
                              "WHERE p.account = $1 AND p.id = $2 ON CONFLICT DO NOTHING";
    struct query query;
    query_open(&query, session, PUT);
    query_int(&query, session->batch.account);
    query_int(&query, page);
    query_text(&query, dates);
    query_text(&query, types);
    session->batch.delta[COUNT_VISITS] += added;
    session->batch.delta[COUNT_PAGES] += added > 0;
    session->batch.fresh = 0;
    return query_later(&query, COUNT_NONE, COUNT_NONE);
}

int visits_put(void *self, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    enum { FEW = 200 };
    struct op op;
    char *dates = NULL, *types = NULL;
    int64_t added = 0;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = check_types(op.session, visits, count);
    if (r == 0)
        r = make_arrays(op.session, visits, count, &dates, &types);
    if (r == 0 && op.session->batch.fresh == page && count > 0 && count <= FEW) {
        added = count_different(visits, count);
        r = put_fresh(op.session, page, dates, types, added);
    } else if (r == 0) {
        r = put_and_ask(op.session, page, dates, types, &added);
    }
    if (r == 0 && ret_added != NULL)
        *ret_added = added;
    return op_end_in_batch(&op, r);
}

int visits_remove(void *self, struct hearth_call *call, int64_t page)
{
    static const char REMOVE[] = "WITH v AS (DELETE FROM visits WHERE account = $1 AND page = $2 RETURNING 1) "
                                 "SELECT -count(*), -least(count(*), 1) FROM v";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_int(&query, op.session->batch.account);
    query_int(&query, page);
    return op_end_in_batch(&op, query_later(&query, COUNT_VISITS, COUNT_PAGES));
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------ */

int page_visits(void *self, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb, void *ctx)
{
    static const char VISITS[] =
        "SELECT date, type FROM visits WHERE account = " ACCOUNT_ROW("$1") " AND page = $2 ORDER BY date DESC, type DESC";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, VISITS);
    query_text(&query, account);
    query_int(&query, page);
    EACH_ROW(query, op, r, struct hearth_visit visit = {.date = column_int(&query, 0), .type = (int32_t)column_int(&query, 1)};
             if (cb(ctx, &visit) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

struct visit_receiver {
    hearth_page_visit_cb cb;
    void *ctx;
};

static int on_page_visit_row(void *ctx, struct query *query)
{
    const struct visit_receiver *receiver = ctx;
    struct hearth_visit visit = {.date = column_int(query, 1), .type = (int32_t)column_int(query, 2)};
    return receiver->cb(receiver->ctx, column_int(query, 0), &visit);
}

int visits_of_pages(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_visit_cb cb,
                    void *ctx)
{
    static const char VISITS[] = "SELECT page, date, type FROM visits WHERE account = " ACCOUNT_ROW("$1") " AND page = ANY ($2::bigint[])";
    struct visit_receiver receiver = {cb, ctx};
    return pages_each_row(self, call, VISITS, account, pages, count, on_page_visit_row, &receiver);
}

/* The place in (date, page, type), all descending, before which the next rows are. */
struct place {
    int64_t date, page, type;
};

static struct place place_of(int64_t to, int64_t after_date, int64_t after_page, int64_t after_type)
{
    if (after_date == 0 || (to != 0 && after_date >= to))
        return (struct place){to == 0 ? INT64_MAX : to, INT64_MIN, INT64_MIN};
    return (struct place){after_date, after_page, after_type};
}

struct listing {
    const char *sql, *account, *host;
    int64_t from;
    struct place place;
    bool rows; /* URL and title too */
};

/* One piece: 1 when there may be more. */
static int list_piece(struct op *op, struct listing *listing, int limit, hearth_visit_row_cb cb, void *ctx)
{
    struct query query;
    query_open(&query, op->session, listing->sql);
    query_text(&query, listing->account);
    query_int(&query, listing->from);
    query_int(&query, listing->place.date);
    query_int(&query, listing->place.page);
    query_int(&query, listing->place.type);
    query_int(&query, limit);
    if (listing->host != NULL) {
        query_int(&query, support_host_key(listing->host));
        query_text(&query, listing->host);
    }
    int r;
    EACH_ROW(
        query, *op, r,
        struct hearth_visit_row row = {.struct_size = sizeof(row),
                                       .date = column_int(&query, 0),
                                       .page = column_int(&query, 1),
                                       .type = (int32_t)column_int(&query, 2)};
        listing->place = (struct place){row.date, row.page, row.type}; if (listing->rows) {
            row.url = column_text(&query, 3);
            row.title = column_text(&query, 4);
            row.bookmarked = column_int(&query, 5) > 0;
        } if (cb(ctx, &row) != 0) break;)
    if (r == 0)
        r = query.rows == limit;
    else if (r > 0)
        r = 0;
    query_close(&query);
    return r;
}

/* In pieces by place: a person's page of history is one of them. Visits that come meanwhile do not disturb those that follow. */
static int list(struct op *op, struct listing *listing, hearth_visit_row_cb cb, void *ctx)
{
    int r = 1, most = listing->rows ? PIECE_MOST : PIECE_DATES; /* dates are small, and mostly wanted all */
    for (int limit = PIECE_FIRST; r > 0; limit = limit < most ? limit * 4 : most)
        r = list_piece(op, listing, limit, cb, ctx);
    return r;
}

#define BEFORE " AND v.date >= $2 AND (v.date, v.page, v.type) < ($3, $4, $5::bigint) "
#define ORDER  " ORDER BY v.date DESC, v.page DESC, v.type DESC LIMIT $6"

int visit_list(void *self, struct hearth_call *call, const char *account, const struct hearth_visit_query *filter, hearth_visit_row_cb cb,
               void *ctx)
{
#define ROWS                                                                                                                               \
    "SELECT v.date, v.page, v.type, p.url, coalesce(p.title, p.bookmark_title), p.bookmarks FROM visits v "                                \
    "JOIN pages p ON p.account = v.account AND p.id = v.page WHERE NOT v.hidden AND v.account = " ACCOUNT_ROW("$1") BEFORE
    static const char ANY_HOST[] = ROWS ORDER;
    static const char ONE_HOST[] = ROWS " AND v.host_key = $7 AND p.host = $8" ORDER;
#undef ROWS
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct listing listing = {.sql = filter->host == NULL ? ANY_HOST : ONE_HOST,
                              .account = account,
                              .host = filter->host,
                              .from = filter->from == 0 ? INT64_MIN : filter->from,
                              .place = place_of(filter->to, filter->after_date, filter->after_page, filter->after_type),
                              .rows = true};
    return op_end(&op, list(&op, &listing, cb, ctx));
}

int visit_dates(void *self, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb, void *ctx)
{
    static const char DATES[] =
        "SELECT v.date, v.page, v.type FROM visits v WHERE NOT v.hidden AND v.account = " ACCOUNT_ROW("$1") BEFORE ORDER;
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct listing listing = {
        .sql = DATES, .account = account, .from = from == 0 ? INT64_MIN : from, .place = place_of(to, 0, 0, 0), .rows = false};
    return op_end(&op, list(&op, &listing, cb, ctx));
}
