/* Sources: where rows of an account come from besides its own provider. Beside its picks:
 * written outside of batches, waiting for none. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"

int sql_source_put(void *self, struct hearth_call *call, const char *account,
                   const struct hearth_source *source)
{
#define NAMES  SQL_NAMES(HEARTH_SOURCE_FIELDS)
#define VALUES SQL_VALUES("?1", source, HEARTH_SOURCE_FIELDS)
#define OTHERS SQL_EXCLUDED(source, HEARTH_SOURCE_FIELDS)
    static const char PUT[] = "INSERT INTO sources (account, " NAMES ") SELECT row, " VALUES
                              " FROM accounts WHERE id = ? "
                              "ON CONFLICT (account, id) DO UPDATE SET " OTHERS;
#undef NAMES
#undef VALUES
#undef OTHERS
    struct op op;
    struct query query;
    int64_t rows = 0;
    if (source->id < 1 || source->id > HEARTH_SOURCE_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no source can have the id %lld",
                           (long long)source->id);
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_bind_source(&query, source);
    sql_query_text(&query, account);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_is_missing(call);
    return sql_op_end_write(&op, r);
}

int sql_source_remove(void *self, struct hearth_call *call, const char *account, int64_t id)
{
    static const char REMOVE[] =
        "DELETE FROM sources WHERE account = " ACCOUNT_ROW("?1") " AND id = ?2";
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_int(&query, id);
    return sql_op_end_write(&op, sql_query_run(&query, NULL));
}

int sql_source_list(void *self, struct hearth_call *call, const char *account, hearth_source_cb cb,
                    void *ctx)
{
    static const char LIST[] =
        "SELECT " SQL_COLUMNS(s, HEARTH_SOURCE_FIELDS) " FROM sources s WHERE s.account "
                                                       "= " ACCOUNT_ROW("?1") " ORDER BY s.id";
    struct op op;
    struct query query;
    struct hearth_source source;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_source(&query, 0, &source);
        if (cb(ctx, &source) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
