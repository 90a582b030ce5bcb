/* What people removed here. To a storage these are rows, beside the account's picks: written
 * outside of batches, waiting for none. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"

int sql_removed_here_put(void *self, struct hearth_call *call, const char *account,
                         const struct hearth_removed_here *removed)
{
#define NAMES  SQL_NAMES(HEARTH_REMOVED_HERE_FIELDS)
#define VALUES SQL_VALUES("?1", removed_here, HEARTH_REMOVED_HERE_FIELDS)
#define OTHERS SQL_EXCLUDED(removed_here, HEARTH_REMOVED_HERE_FIELDS)
    static const char PUT[] = "INSERT INTO removed_here (account, " NAMES ") SELECT row, " VALUES
                              " FROM accounts WHERE id = ? "
                              "ON CONFLICT (account, id) DO UPDATE SET " OTHERS;
#undef NAMES
#undef VALUES
#undef OTHERS
    struct op op;
    struct query query;
    int64_t rows = 0;
    if (removed->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "what is removed here needs an id");
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_bind_removed_here(&query, removed);
    sql_query_text(&query, account);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_is_missing(call);
    return sql_op_end_write(&op, r);
}

int sql_removed_here_remove(void *self, struct hearth_call *call, const char *account,
                            const char *id)
{
    static const char REMOVE[] =
        "DELETE FROM removed_here WHERE account = " ACCOUNT_ROW("?1") " AND id = ?2";
    struct op op;
    struct query query;
    if (id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "there is no id");
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_text(&query, id);
    return sql_op_end_write(&op, sql_query_run(&query, NULL));
}

int sql_removed_here_list(void *self, struct hearth_call *call, const char *account,
                          hearth_removed_here_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " SQL_COLUMNS(
        h, HEARTH_REMOVED_HERE_FIELDS) " FROM removed_here h WHERE h.account "
                                       "= " ACCOUNT_ROW("?1") " ORDER BY h.created, h.id";
    struct op op;
    struct query query;
    struct hearth_removed_here removed;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_removed_here(&query, 0, &removed);
        if (cb(ctx, &removed) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
