/* Marks: how far an account's collections have been fetched. */
#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/operations.h"

int mark_put(void *self, struct hearth_call *call, int32_t collection, const char *text)
{
    static const char PUT[] = "INSERT INTO marks (" ACCOUNT_COLUMN "collection, text) VALUES (" ACCOUNT_VALUE "?2, ?3) "
                              "ON CONFLICT (" ACCOUNT_COLUMN "collection) DO UPDATE SET text = excluded.text";
    static const char REMOVE[] = "DELETE FROM marks WHERE " OF_BATCH "collection = ?2";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = batch_check_collection(call, collection);
    if (r < 0)
        return op_end(&op, r);
    query_open(&query, op.session, text == NULL ? REMOVE : PUT);
    query_batch(&query);
    query_int(&query, collection);
    if (text != NULL)
        query_text(&query, text);
    return op_end_in_batch(&op, query_later(&query, COUNT_NONE, 0));
}

int mark_list(void *self, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT collection, text FROM marks" WHERE_ACCOUNT " ORDER BY collection";
    struct op op;
    struct query query;
    int r = op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, LIST);
    query_account(&query, account);
    while ((r = query_step(&query)) > 0)
        if (cb(ctx, (int32_t)column_int(&query, 0), column_text(&query, 1)) != 0)
            break;
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}
