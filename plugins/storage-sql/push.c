/* Where apps hear that something changed. To a storage these are rows, beside the account's tokens:
 * written outside of batches, waiting for none. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"

static int push_check(struct hearth_call *call, const char *id)
{
    return id != NULL ? 0 : hearth_fail(call, HEARTH_ERR_INVALID, "there is no id");
}

int sql_push_put(void *self, struct hearth_call *call, const char *account,
                 const struct hearth_push *push)
{
#define NAMES  SQL_NAMES(HEARTH_PUSH_FIELDS)
#define VALUES SQL_VALUES("?1", push, HEARTH_PUSH_FIELDS)
#define OTHERS SQL_EXCLUDED(push, HEARTH_PUSH_FIELDS)
    static const char PUT[] =
        "INSERT INTO push (account, " NAMES ") SELECT row, " VALUES " FROM accounts WHERE id = ? "
        "ON CONFLICT (account, id) DO UPDATE SET " OTHERS;
#undef NAMES
#undef VALUES
#undef OTHERS
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = push_check(call, push->id);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_bind_push(&query, push);
    sql_query_text(&query, account);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_is_missing(call);
    return sql_op_end_write(&op, r);
}

int sql_push_claim(void *self, struct hearth_call *call, const char *account,
                   const struct hearth_push *push, int64_t not_before)
{
    static const char CLAIM[] = "UPDATE push SET " SQL_SET(
        HEARTH_PUSH_FIELDS) " WHERE account = " ACCOUNT_ROW("?") " AND id = ? AND not_before = ?";
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = push_check(call, push->id);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, CLAIM);
    sql_bind_push_rest(&query, push);
    sql_query_text(&query, account);
    sql_query_text(&query, push->id);
    sql_query_int(&query, not_before);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(call, HEARTH_ERR_CONFLICT, "somebody else has claimed or removed it");
    return sql_op_end_write(&op, r);
}

int sql_push_remove(void *self, struct hearth_call *call, const char *account, const char *id)
{
    static const char REMOVE[] =
        "DELETE FROM push WHERE account = " ACCOUNT_ROW("?1") " AND id = ?2";
    struct op op;
    struct query query;
    int r = push_check(call, id);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_text(&query, id);
    return sql_op_end_write(&op, sql_query_run(&query, NULL));
}

int sql_push_list(void *self, struct hearth_call *call, const char *account, hearth_push_cb cb,
                  void *ctx)
{
    static const char LIST[] =
        "SELECT " SQL_COLUMNS(p, HEARTH_PUSH_FIELDS) " FROM push p WHERE p.account "
                                                     "= " ACCOUNT_ROW("?1") " ORDER BY "
                                                                            "p.created, p.id";
    struct op op;
    struct query query;
    struct hearth_push push;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_push(&query, 0, &push);
        if (cb(ctx, &push) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
