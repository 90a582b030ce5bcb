/* Cursors: how far an account's collections have been fetched, of each source. Those of source 0
 * are in a table of their own, which releases know that know of no other. */
#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/operations.h"

int sql_sync_cursor_put(void *self, struct hearth_call *call, int64_t source, int32_t collection,
                        const char *text)
{
    static const char PUT[] =
        "INSERT INTO marks (" ACCOUNT_COLUMN "collection, text) VALUES (" ACCOUNT_VALUE "?2, ?3) "
        "ON CONFLICT (" ACCOUNT_COLUMN "collection) DO UPDATE SET text = excluded.text";
    static const char REMOVE[] = "DELETE FROM marks WHERE " OF_BATCH "collection = ?2";
    static const char PUT_OTHER[] =
        "INSERT INTO source_marks (" ACCOUNT_COLUMN
        "collection, text, source) VALUES (" ACCOUNT_VALUE "?2, ?3, ?4) "
        "ON CONFLICT (" ACCOUNT_COLUMN "source, collection) DO UPDATE SET text = excluded.text";
    static const char REMOVE_OTHER[] =
        "DELETE FROM source_marks WHERE " OF_BATCH "collection = ?2 AND source = ?3";
    struct op op;
    struct query query;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_check_collection(call, collection);
    if (r < 0)
        return sql_op_end(&op, r);
    sql_query_open(&query, op.handle,
                   source == 0    ? (text == NULL ? REMOVE : PUT)
                   : text == NULL ? REMOVE_OTHER
                                  : PUT_OTHER);
    sql_query_batch(&query);
    sql_query_int(&query, collection);
    if (text != NULL)
        sql_query_text(&query, text);
    if (source != 0)
        sql_query_int(&query, source);
    return sql_op_end_in_batch(&op, sql_query_later(&query, COUNT_NONE, 0));
}

int sql_sync_cursor_list(void *self, struct hearth_call *call, const char *account,
                         hearth_sync_cursor_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT 0 AS source, collection, text FROM marks" WHERE_ACCOUNT
        " UNION ALL SELECT source, collection, text FROM source_marks" WHERE_ACCOUNT
        " ORDER BY source, collection";
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, LIST);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0)
        if (cb(ctx, sql_column_int(&query, 0), (int32_t)sql_column_int(&query, 1),
               sql_column_text(&query, 2)) != 0)
            break;
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
