/* What people picked for what they typed (adaptive history). */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"

static int pick_remove(void *self, struct hearth_call *call, const char *account,
                       const struct hearth_pick *pick)
{
    static const char REMOVE[] = "DELETE FROM picks WHERE account = " ACCOUNT_ROW(
        "?1") " AND " SAME_TEXT("input", "?2") " AND page = ?3";
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_text(&query, pick->input);
    sql_query_int(&query, pick->page);
    return sql_op_end_write(&op, sql_query_run(&query, NULL));
}

int sql_pick_put(void *self, struct hearth_call *call, const char *account,
                 const struct hearth_pick *pick)
{
    static const char PUT[] =
        "INSERT INTO picks (account, " SQL_NAMES(HEARTH_PICK_FIELDS) ") SELECT row, " SQL_VALUES(
            "?1", pick, HEARTH_PICK_FIELDS) " FROM accounts WHERE id = ? "
                                            "ON CONFLICT (account, " KEY_TEXT(
                                                "input") ", page) DO UPDATE "
                                                         "SET " SQL_EXCLUDED(pick,
                                                                             HEARTH_PICK_FIELDS);
    struct op op;
    struct query query;
    int64_t rows = 0;
    if (pick->use_count <= 0)
        return pick_remove(self, call, account, pick);
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_bind_pick(&query, pick);
    sql_query_text(&query, account);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_is_missing(call);
    return sql_op_end_write(&op, r);
}

int sql_pick_list(void *self, struct hearth_call *call, const char *account, hearth_pick_cb cb,
                  void *ctx)
{
    static const char LIST[] =
        "SELECT " SQL_COLUMNS(p, HEARTH_PICK_FIELDS) " FROM picks p WHERE p.account = " ACCOUNT_ROW(
            "?1") " ORDER BY p.input, p.page";
    struct op op;
    struct query query;
    struct hearth_pick pick;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_pick(&query, 0, &pick);
        if (cb(ctx, &pick) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
