#include "driver.h"
#include "storage-sql/page_hooks.h"

/* Pages changed, then pages gone, in pieces by (generation, id). 0: that was all, 1: there is
 * more, 2: the callback wants no more. */
static int changed_piece(struct op *op, const char *account, bool gone, struct hearth_page *after,
                         hearth_page_cb cb, void *ctx)
{
    enum { PIECE = 2000 };
    static const char CHANGED[] = "SELECT p.generation, " SQL_COLUMNS(
        p,
        HEARTH_PAGE_FIELDS) " FROM pages p WHERE " OF_ACCOUNT("p.") "(p.generation, p.id) > (?2, "
                                                                    "?3) ORDER BY p.generation, "
                                                                    "p.id LIMIT 2000";
    static const char GONE[] = "SELECT generation, page FROM removals WHERE " OF_ACCOUNT(
        "") "kind = 1 AND (generation, page) > (?2, ?3) ORDER BY generation, page LIMIT 2000";
    struct query query;
    struct hearth_page page;
    sql_query_open(&query, op->handle, gone ? GONE : CHANGED);
    sql_query_account(&query, account);
    sql_query_int(&query, after->generation);
    sql_query_int(&query, after->id);
    int r;
    while ((r = sql_query_step(&query)) > 0) {
        if (gone)
            page = (struct hearth_page){
                .struct_size = sizeof(page), .id = sql_column_int(&query, 1), .gone = 1};
        else
            sql_read_page(&query, 1, &page);
        page.generation = sql_column_int(&query, 0);
        after->generation = page.generation;
        after->id = page.id;
        if (cb(ctx, &page) != 0)
            break;
    }
    if (r == 0)
        r = query.rows == PIECE;
    else if (r > 0)
        r = 2; /* the callback wants no more */
    sql_query_close(&query);
    return r;
}

static int generation_is_known(struct op *op, const char *account, int64_t since)
{
    struct query query;
    sql_query_open(&query, op->handle,
                   "SELECT forgotten <= $2 AND $2 <= generation FROM accounts WHERE id = $1");
    sql_query_text(&query, account);
    sql_query_int(&query, since);
    int r = sql_query_step(&query);
    bool known = r > 0 && sql_column_flag(&query, 0);
    sql_query_close(&query);
    if (r >= 0 && !known)
        return hearth_fail(op->handle->call, HEARTH_ERR_NOT_FOUND,
                           "what changed since generation %lld is not known any more",
                           (long long)since);
    return r < 0 ? r : 0;
}

/* Every account has its row. */
int sql_account_first_generation(void *self, struct hearth_call *call, const char *account,
                                 int64_t *ret_generation)
{
    (void)self;
    (void)account;
    (void)ret_generation;
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
}

int sql_pages_changed(void *self, struct hearth_call *call, const char *account, int64_t since,
                      hearth_page_cb cb, void *ctx)
{
    struct op op;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = sql_op_begin_snapshot(&op);
    if (r == 0) {
        r = generation_is_known(&op, account, since);
        for (int gone = 0; r == 0 && gone < 2; gone++) {
            struct hearth_page after = {
                .struct_size = sizeof(after), .generation = since, .id = INT64_MAX};
            do
                r = changed_piece(&op, account, gone != 0, &after, cb, ctx);
            while (r == 1);
        }
        r = sql_op_end_snapshot(&op, r > 0 ? 0 : r);
    }
    return sql_op_end(&op, r);
}
