/* What begins and ends a batch on either database. */
#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"
#include "storage-sql/removals.h"

int sql_batch_check_collection(struct hearth_call *call, int32_t collection)
{
    if (collection == HEARTH_COLLECTION_NONE || hearth_collection_name(collection) != NULL)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
}

int sql_batch_is_none(struct handle *handle)
{
    return handle->batch.open ? hearth_fail(handle->call, HEARTH_ERR_INVALID, "a batch is open")
                              : 0;
}

int sql_batch_begin(void *self, struct hearth_call *call, const char *account, int32_t collection,
                    int64_t *ret_generation)
{
    struct op op;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.handle->batch.open)
        return sql_op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already"));
    r = sql_batch_check_collection(call, collection);
    if (r == 0)
        r = sql_batch_start(op.handle, account);
    if (r == 0) {
        op.handle->batch.collection = collection;
        *ret_generation = op.handle->batch.generation;
    }
    return sql_op_end(&op, r);
}

int sql_batch_commit(void *self, struct hearth_call *call, bool changed)
{
    struct op op;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0) {
        sql_batch_abort(self);
        return r;
    }
    return sql_op_end(&op, sql_batch_finish(op.handle, changed));
}

static int write_generation(struct handle *handle)
{
    static const char PUT[] =
        "INSERT INTO generations (" ACCOUNT_COLUMN "collection, generation) SELECT " ACCOUNT_VALUE
        "collection, " VALUE_INT("?3") " FROM collections WHERE collection > 0 AND (collection "
                                       "= " VALUE_INT("?2") " OR " VALUE_INT(
                                           "?2") " = 0) "
                                                 "ON CONFLICT (" ACCOUNT_COLUMN
                                                 "collection) DO UPDATE SET generation = "
                                                 "excluded.generation";
    struct query query;
    sql_query_open(&query, handle, PUT);
    sql_query_batch(&query);
    sql_query_int(&query, handle->batch.collection);
    sql_query_int(&query, handle->batch.generation);
    return sql_query_later(&query, COUNT_NONE, 0);
}

/* Of an account without rows: what it was made with, which any collection may have changed in. */
static int list_first_generations(void *self, struct hearth_call *call, const char *account,
                                  hearth_generation_cb cb, void *ctx)
{
    int64_t generation = 0;
    int r = sql_account_first_generation(self, call, account, &generation);
    for (int32_t c = 1; r == 0 && generation > 0 && c < HEARTH_COLLECTION_SLOTS; c++)
        if (cb(ctx, c, generation) != 0)
            break;
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

int sql_generation_list(void *self, struct hearth_call *call, const char *account,
                        hearth_generation_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " GENERATIONS " ORDER BY collection";
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS)
        return list_first_generations(self, call, account, cb, ctx);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, LIST);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0)
        if (cb(ctx, (int32_t)sql_column_int(&query, 0), sql_column_int(&query, 1)) != 0)
            break;
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_batch_write_account(struct handle *handle, bool changed)
{
#define ADD_COUNTER(name, column) ", " #column " = " #column " + " VALUE_INT("?")
    static const char FINISH[] =
        "UPDATE " ACCOUNT_OF_BATCH " SET generation = CASE WHEN " VALUE_FLAG(
            "?2") " THEN " VALUE_INT("?3") " ELSE generation END" SQL_COUNTERS(ADD_COUNTER)
            WHERE_ROW_OF_BATCH;
#undef ADD_COUNTER
    struct batch *batch = &handle->batch;
    struct query query;
    sql_query_open(&query, handle, FINISH);
    sql_query_batch(&query);
    sql_query_flag(&query, changed);
    sql_query_int(&query, batch->generation);
    for (int i = 0; i < COUNTERS; i++)
        sql_query_int(&query, batch->delta[i]);
    int r = sql_query_later(&query, COUNT_NONE, 0);
    if (r == 0 && changed)
        r = write_generation(handle);
    return r == 0 && batch->removed ? sql_removal_forget(handle) : r;
}
