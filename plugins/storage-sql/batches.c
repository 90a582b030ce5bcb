/* What begins and ends a batch on either database. */
#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"

int batch_check_collection(struct hearth_call *call, int32_t collection)
{
    if (collection == HEARTH_COLLECTION_NONE || hearth_collection_name(collection) != NULL)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
}

int batch_is_none(struct session *session)
{
    return session->batch.open ? hearth_fail(session->call, HEARTH_ERR_INVALID, "a batch is open") : 0;
}

int batch_begin(void *self, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already"));
    r = batch_check_collection(call, collection);
    if (r == 0)
        r = batch_start(op.session, account);
    if (r == 0)
        *ret_generation = op.session->batch.generation;
    return op_end(&op, r);
}

int batch_commit(void *self, struct hearth_call *call, bool changed)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0) {
        batch_abort(self);
        return r;
    }
    return op_end(&op, batch_finish(op.session, changed));
}

int batch_write_account(struct session *session, bool changed)
{
#define ADD_COUNTER(name, column) ", " #column " = " #column " + " VALUE_INT("?")
    static const char FINISH[] = "UPDATE " ACCOUNT_OF_BATCH " SET generation = CASE WHEN " VALUE_FLAG("?2") " THEN " VALUE_INT(
        "?3") " ELSE generation END" SQL_COUNTERS(ADD_COUNTER) WHERE_ROW_OF_BATCH;
#undef ADD_COUNTER
    struct batch *batch = &session->batch;
    struct query query;
    query_open(&query, session, FINISH);
    query_batch(&query);
    query_flag(&query, changed);
    query_int(&query, batch->generation);
    for (int i = 0; i < COUNTERS; i++)
        query_int(&query, batch->delta[i]);
    int r = query_later(&query, COUNT_NONE, 0);
    return r == 0 && batch->removed_pages ? page_forget_removed(session) : r;
}
