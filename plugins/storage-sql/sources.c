/* Sources: where rows of an account come from besides its own provider. Beside its picks: written outside of batches, waiting for none. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"

int source_put(void *self, struct hearth_call *call, const char *account, const struct hearth_source *source)
{
#define NAMES  SQL_NAMES(HEARTH_SOURCE_FIELDS)
#define VALUES SQL_VALUES("?1", source, HEARTH_SOURCE_FIELDS)
#define OTHERS SQL_EXCLUDED(source, HEARTH_SOURCE_FIELDS)
    static const char PUT[] = "INSERT INTO sources (account, " NAMES ") SELECT row, " VALUES " FROM accounts WHERE id = ? "
                              "ON CONFLICT (account, id) DO UPDATE SET " OTHERS;
#undef NAMES
#undef VALUES
#undef OTHERS
    struct op op;
    struct query query;
    int64_t rows = 0;
    if (source->id < 1 || source->id > HEARTH_SOURCE_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no source can have the id %lld", (long long)source->id);
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    sql_bind_source(&query, source);
    query_text(&query, account);
    r = query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = account_is_missing(call);
    return op_end_write(&op, r);
}

int source_remove(void *self, struct hearth_call *call, const char *account, int64_t id)
{
    static const char REMOVE[] = "DELETE FROM sources WHERE account = " ACCOUNT_ROW("?1") " AND id = ?2";
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_int(&query, id);
    return op_end_write(&op, query_run(&query, NULL));
}

int source_list(void *self, struct hearth_call *call, const char *account, hearth_source_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " SQL_COLUMNS(s, HEARTH_SOURCE_FIELDS) " FROM sources s WHERE s.account = " ACCOUNT_ROW("?1") " ORDER BY s.id";
    struct op op;
    struct query query;
    struct hearth_source source;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        sql_read_source(&query, 0, &source);
        if (cb(ctx, &source) != 0)
            break;
    }
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}
