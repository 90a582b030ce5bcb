/* What an account has once: credentials, settings, counts. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"
#include "support/abi.h"

/* Runs an INSERT … SELECT … FROM accounts: no row means that there is no such account. */
static int put_of_account(struct op *op, struct query *query)
{
    int64_t rows = 0;
    int r = sql_query_run(query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_is_missing(op->handle->call);
    return sql_op_end_write(op, r);
}

/* Those of source 0 are in a table of their own, which releases know that know of no other. */
static int put_of_source(struct op *op, const char *account, int64_t source, const void *sealed,
                         size_t size)
{
    static const char PUT[] =
        "UPDATE sources SET sealed = ?3 WHERE account = " ACCOUNT_ROW("?1") " AND id = ?2";
    struct query query;
    int64_t rows = 0;
    sql_query_open(&query, op->handle, PUT);
    sql_query_text(&query, account);
    sql_query_int(&query, source);
    sql_query_bytes(&query, sealed, size);
    int r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(op->handle->call, HEARTH_ERR_NOT_FOUND, "the account has no source %lld",
                        (long long)source);
    return sql_op_end_write(op, r);
}

int sql_credentials_put(void *self, struct hearth_call *call, const char *account, int64_t source,
                        const void *sealed, size_t size)
{
    static const char PUT[] = "INSERT INTO credentials (account, sealed) SELECT row, " VALUE_HASH(
        "?2") " FROM accounts WHERE id = ?1 "
              "ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed";
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    if (source != 0)
        return put_of_source(&op, account, source, sealed, size);
    sql_query_open(&query, op.handle, PUT);
    sql_query_text(&query, account);
    sql_query_bytes(&query, sealed, size);
    return put_of_account(&op, &query);
}

int sql_credentials_get(void *self, struct hearth_call *call, const char *account, int64_t source,
                        const void **ret_sealed, size_t *ret_size)
{
    static const char GET[] = "SELECT sealed FROM credentials WHERE account = " ACCOUNT_ROW("?1");
    static const char GET_OTHER[] = "SELECT sealed FROM sources WHERE account = " ACCOUNT_ROW(
        "?1") " AND id = ?2 AND sealed IS NOT NULL";
    struct op op;
    struct query query;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, source == 0 ? GET : GET_OTHER);
    sql_query_text(&query, account);
    if (source != 0)
        sql_query_int(&query, source);
    r = sql_query_step(&query);
    if (r > 0)
        r = sql_column_keep_bytes(&query, 0, ret_sealed, ret_size);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no credentials");
    sql_query_close(&query);
    return sql_op_end(&op, r);
}

int sql_settings_put(void *self, struct hearth_call *call, const char *account, const char *json)
{
    static const char PUT[] = "INSERT INTO settings (account, json) SELECT row, " VALUE_TEXT(
        "?2") " FROM accounts WHERE id = ?1 "
              "ON CONFLICT (account) DO UPDATE SET json = excluded.json";
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_query_text(&query, account);
    sql_query_text(&query, json);
    return put_of_account(&op, &query);
}

int sql_settings_get(void *self, struct hearth_call *call, const char *account,
                     const char **ret_json)
{
    static const char GET[] = "SELECT json FROM settings WHERE account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, GET);
    sql_query_text(&query, account);
    r = sql_query_step(&query);
    if (r > 0)
        r = sql_copy_text(op.handle, sql_column_text(&query, 0), ret_json);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no settings");
    sql_query_close(&query);
    return sql_op_end(&op, r);
}

/* With what the handle's own batch adds to it. */
static void read_counts(struct query *query, const struct batch *batch,
                        struct hearth_counts *ret_counts)
{
    int at = 1; /* behind the row */
#define READ_COUNT(name, column)                                                                   \
    ret_counts->column =                                                                           \
        sql_column_int(query, at++) + (batch == NULL ? 0 : batch->delta[COUNT_##name]);
    SQL_COUNTERS(READ_COUNT)
#undef READ_COUNT
}

int sql_account_counts(void *self, struct hearth_call *call, const char *account,
                       struct hearth_counts *ret_counts)
{
#define COUNTED(name, column) ", " #column
    static const char COUNTS[] = "SELECT row" SQL_COUNTERS(COUNTED) " FROM " COUNTS_OF_ACCOUNT;
#undef COUNTED
    struct op op;
    struct query query;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = sql_op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS) {
        SUPPORT_GIVE(counts, ret_counts);
        return 0;
    }
    if (r != 0)
        return r < 0 ? r : sql_account_is_missing(call);
    sql_query_open(&query, op.handle, COUNTS);
    sql_query_account(&query, account);
    r = sql_query_step(&query);
    if (r > 0)
        read_counts(&query, sql_op_batch_of(&op, account), &counts);
    else if (r == 0)
        r = sql_account_is_missing(call);
    sql_query_close(&query);
    if (r > 0)
        r = sql_account_read_space(op.handle, &counts.space);
    if (r == 0)
        SUPPORT_GIVE(counts, ret_counts);
    return sql_op_end(&op, r);
}
