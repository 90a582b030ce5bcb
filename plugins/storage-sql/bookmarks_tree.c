/* What the repair of the tree of bookmarks reads, and the list of tags. */
#include "driver.h"
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/operations.h"

static int list_nodes(void *self, struct hearth_call *call, const char *sql, const char *account,
                      bool bookmarks, hearth_bookmark_item_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, sql);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        struct hearth_bookmark_item item = {
            .struct_size = sizeof(item),
            .guid = sql_column_text(&query, 0),
            .parent = sql_column_text(&query, 1),
            .said_parent = sql_column_text(&query, 2),
            .kind = (int32_t)sql_column_int(&query, 3),
            .position = sql_column_int(&query, 4),
            .added = sql_column_int(&query, 5),
            .modified = sql_column_int(&query, 6),
            .source = sql_column_int(&query, 7),
            .page = sql_column_int(&query, 8),
            .said_kind = sql_column_int(&query, 9),
            .keyword = sql_column_text(&query, 10),
            .said_keyword = sql_column_text(&query, 11),
        };
        if (bookmarks)
            sql_bookmark_note(&op, account, item.guid);
        if (cb(ctx, &item) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_bookmark_items(void *self, struct hearth_call *call, const char *account,
                       hearth_bookmark_item_cb cb, void *ctx)
{
    static const char NODES[] = "SELECT guid, parent, said_parent, kind, position, added, "
                                "modified, source, coalesce(page, 0), said_kind, keyword, "
                                "said_keyword FROM bookmarks" WHERE_ACCOUNT " ORDER BY guid";
    return list_nodes(self, call, NODES, account, true, cb, ctx);
}

int sql_bookmark_tombstones(void *self, struct hearth_call *call, const char *account,
                            hearth_bookmark_item_cb cb, void *ctx)
{
    static const char TOMBSTONES[] = "SELECT guid, parent, NULL, 0, 0, 0, 0, source, 0, 0, NULL, "
                                     "NULL FROM bookmark_tombstones" WHERE_ACCOUNT " ORDER BY guid";
    return list_nodes(self, call, TOMBSTONES, account, false, cb, ctx);
}

int sql_bookmark_children(void *self, struct hearth_call *call, const char *account,
                          hearth_child_cb cb, void *ctx)
{
    static const char CHILDREN[] =
        "SELECT source, folder, position, child FROM bookmark_claims" WHERE_ACCOUNT
        " ORDER BY folder, position";
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, CHILDREN);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0)
        if (cb(ctx, sql_column_int(&query, 0), sql_column_text(&query, 1),
               sql_column_int(&query, 2), sql_column_text(&query, 3)) != 0)
            break;
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_tag_list(void *self, struct hearth_call *call, const char *account, hearth_tag_cb cb,
                 void *ctx)
{
    /* Of several spellings, one: always the same. */
    static const char TAGS[] =
        "SELECT min(" BYTES("tag") "), count(*) FROM bookmark_tags" WHERE_ACCOUNT
                                   " GROUP BY folded ORDER BY folded";
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, TAGS);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0)
        if (cb(ctx, sql_column_text(&query, 0), sql_column_int(&query, 1)) != 0)
            break;
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
