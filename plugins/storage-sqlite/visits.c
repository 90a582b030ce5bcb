#include "pages.h"
#include "query.h"
#include "session.h"
#include "support/hash.h"

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

static int insert_visits(struct session *session, const struct known_page *page, const struct hearth_visit *visits, size_t count,
                         int64_t *ret_added)
{
    static const char INSERT[] = "INSERT INTO visits (page_row, page, hidden, host_key, date, type) VALUES (?, ?, ?, ?, ?, ?) "
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
        query_int(&query, visits[i].date);
        query_int(&query, visits[i].type);
        r = query_step(&query);
        if (r == 0)
            added += query_changes(session);
        if (query.handle != NULL)
            sqlite3_reset(query.handle);
    }
    query_close(&query);
    if (r == 0)
        *ret_added = added;
    return r;
}

static int check_types(struct session *session, const struct hearth_visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (visits[i].type < 0 || visits[i].type > 9)
            return hearth_fail(session->call, HEARTH_ERR_INVALID, "a visit of type %d", (int)visits[i].type);
    return 0;
}

int visits_put(void *self, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    struct op op;
    struct known_page known;
    int64_t added = 0;
    int had = 0, r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = check_types(op.session, visits, count);
    if (r == 0)
        r = page_find(op.session, page, &known);
    if (r == 0)
        r = had = known.fresh ? 0 : has_visits(op.session, known.row);
    if (r >= 0)
        r = insert_visits(op.session, &known, visits, count, &added);
    if (r == 0) {
        op.session->batch.page.fresh = false;
        op.session->batch.delta[COUNT_VISITS] += added;
        op.session->batch.delta[COUNT_PAGES] += had == 0 && added > 0;
        if (ret_added != NULL)
            *ret_added = added;
    }
    return op_end_in_batch(&op, r);
}

int page_remove_visits(struct session *session, const struct known_page *page)
{
    static const char REMOVE[] = "DELETE FROM visits WHERE page_row = ?";
    struct query query;
    query_open(&query, session, REMOVE);
    query_int(&query, page->row);
    int r = query_run(&query);
    if (r < 0)
        return r;
    int64_t removed = query_changes(session);
    session->batch.delta[COUNT_VISITS] -= removed;
    session->batch.delta[COUNT_PAGES] -= removed > 0;
    return 0;
}

int visits_remove(void *self, struct hearth_call *call, int64_t page)
{
    struct op op;
    struct known_page known;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = page_find(op.session, page, &known);
    if (r == 0)
        r = page_remove_visits(op.session, &known);
    return op_end_in_batch(&op, r == HEARTH_ERR_NOT_FOUND ? 0 : r);
}

int visits_of_pages(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_visit_cb cb,
                    void *ctx)
{
    static const char VISITS[] = "SELECT v.date, v.type FROM pages p CROSS JOIN visits v ON v.page_row = p.row "
                                 "WHERE p.id = ?";
    struct op op;
    bool stop = false;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && !stop && i < count; i++) {
        struct query query;
        query_open(&query, op.session, VISITS);
        query_int(&query, pages[i]);
        while (!stop && (r = query_step(&query)) > 0) {
            struct hearth_visit visit = {.date = column_int(&query, 0), .type = (int32_t)column_int(&query, 1)};
            stop = cb(ctx, pages[i], &visit) != 0;
        }
        query_close(&query);
        r = r > 0 ? 0 : r;
    }
    return op_end(&op, r);
}

/* The place in (date, page, type) that rows have to be before. */
static void bind_before(struct query *query, int64_t to, int64_t date, int64_t page, int64_t type)
{
    if (date == 0 || (to != 0 && date >= to)) {
        date = to == 0 ? INT64_MAX : to;
        page = type = INT64_MIN;
    }
    query_int(query, date);
    query_int(query, page);
    query_int(query, type);
}

int visit_list(void *self, struct hearth_call *call, const char *account, const struct hearth_visit_query *filter, hearth_visit_row_cb cb,
               void *ctx)
{
#define ROWS(index)                                                                                                                        \
    "SELECT v.date, v.page, v.type, p.url, coalesce(p.title, p.bookmark_title), p.bookmarks FROM visits v INDEXED BY " index               \
    " CROSS JOIN pages p ON p.row = v.page_row WHERE v.hidden = 0 AND v.date >= ?1 AND (v.date, v.page, v.type) < (?2, ?3, ?4)"
#define ORDER " ORDER BY v.date DESC, v.page DESC, v.type DESC"
    static const char ANY_HOST[] = ROWS("visits_by_date") ORDER;
    static const char ONE_HOST[] = ROWS("visits_by_host") " AND v.host_key = ?5 AND p.host = ?6" ORDER;
#undef ROWS
#undef ORDER
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, filter->host == NULL ? ANY_HOST : ONE_HOST);
    query_int(&query, filter->from == 0 ? INT64_MIN : filter->from);
    bind_before(&query, filter->to, filter->after_date, filter->after_page, filter->after_type);
    if (filter->host != NULL) {
        query_int(&query, support_host_key(filter->host));
        query_text(&query, filter->host);
    }
    while ((r = query_step(&query)) > 0) {
        struct hearth_visit_row row = {
            .struct_size = sizeof(row),
            .date = column_int(&query, 0),
            .page = column_int(&query, 1),
            .type = (int32_t)column_int(&query, 2),
            .url = column_text(&query, 3),
            .title = column_text(&query, 4),
            .bookmarked = column_int(&query, 5) > 0,
        };
        if (cb(ctx, &row) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

int visit_dates(void *self, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb, void *ctx)
{
    static const char DATES[] = "SELECT date, page, type FROM visits INDEXED BY visits_by_date WHERE hidden = 0 "
                                "AND date >= ?1 AND (date, page, type) < (?2, ?3, ?4) ORDER BY date DESC, page DESC, type DESC";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, DATES);
    query_int(&query, from == 0 ? INT64_MIN : from);
    bind_before(&query, to, 0, 0, 0);
    while ((r = query_step(&query)) > 0) {
        struct hearth_visit_row row = {
            .struct_size = sizeof(row),
            .date = column_int(&query, 0),
            .page = column_int(&query, 1),
            .type = (int32_t)column_int(&query, 2),
        };
        if (cb(ctx, &row) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}
