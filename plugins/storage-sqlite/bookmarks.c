/* The row of a bookmark, in a batch. */
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/bookmark_row.h"

/* What is stored of a bookmark that is about to change. */
struct old_bookmark {
    int64_t row; /* 0: it is not there */
    int32_t kind;
    bool root;
};

static int find_old(struct handle *handle, const char *guid, struct old_bookmark *ret_old)
{
    static const char FIND[] = "SELECT coalesce(b.row, 0), coalesce(b.kind, 0), EXISTS (SELECT 1 "
                               "FROM bookmark_roots r WHERE r.guid = ?1) "
                               "FROM (SELECT 1) LEFT JOIN bookmarks b ON b.guid = ?1";
    struct query query;
    sql_query_open(&query, handle, FIND);
    sql_query_text(&query, guid);
    int r = sql_query_step(&query);
    if (r > 0)
        *ret_old = (struct old_bookmark){.row = sql_column_int(&query, 0),
                                         .kind = (int32_t)sql_column_int(&query, 1),
                                         .root = sql_column_int(&query, 2) != 0};
    sql_query_close(&query);
    return r < 0 ? r : 0;
}

static void bookmark_count_kind(struct handle *handle, int32_t kind, bool root, int64_t by)
{
    if (bookmark_is_item(kind))
        handle->batch.delta[COUNT_BOOKMARKS] += by;
    else if (kind == HEARTH_FOLDER && !root)
        handle->batch.delta[COUNT_FOLDERS] += by;
}

/* Runs a statement with the parameter guid. */
static int run_with_guid(struct handle *handle, const char *sql, const char *guid)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    sql_query_text(&query, guid);
    return sql_query_run(&query, NULL);
}

int sql_bookmark_write(struct handle *handle, const struct hearth_bookmark *bookmark,
                       bool *ret_is_new)
{
    static const char PUT[] = PUT_BOOKMARK,
                      REVIVE[] = "DELETE FROM bookmark_tombstones WHERE guid = ?";
    struct old_bookmark old;
    struct query query;
    int r = find_old(handle, bookmark->guid, &old);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, PUT);
    sql_query_batch(&query);
    sql_bind_put(&query, bookmark, handle->batch.generation);
    r = sql_query_run(&query, NULL);
    if (r == 0 && old.row == 0)
        r = run_with_guid(handle, REVIVE, bookmark->guid);
    if (r < 0)
        return r;
    if (old.row != 0)
        bookmark_count_kind(handle, old.kind, old.root, -1);
    bookmark_count_kind(handle, (int32_t)bookmark->kind, old.root, 1);
    *ret_is_new = old.row == 0;
    return 0;
}

int sql_bookmark_erase(struct handle *handle, const char *guid)
{
    struct old_bookmark old;
    int r = find_old(handle, guid, &old);
    if (r == 0)
        r = run_with_guid(handle, "DELETE FROM bookmarks WHERE guid = ?", guid);
    if (r == 0 && old.row != 0)
        bookmark_count_kind(handle, old.kind, old.root, -1);
    return r;
}

static int count_cleared(struct handle *handle, int64_t source)
{
    static const char COUNT[] = "SELECT kind, guid IN (SELECT guid FROM bookmark_roots), count(*) "
                                "FROM bookmarks WHERE source = ? GROUP BY 1, 2";
    struct query query;
    int r;
    sql_query_open(&query, handle, COUNT);
    sql_query_int(&query, source);
    while ((r = sql_query_step(&query)) > 0)
        bookmark_count_kind(handle, (int32_t)sql_column_int(&query, 0),
                            sql_column_int(&query, 1) != 0, -sql_column_int(&query, 2));
    sql_query_close(&query);
    return r;
}

int sql_bookmark_erase_all(struct handle *handle, int64_t source)
{
    struct query query;
    int r = count_cleared(handle, source);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "DELETE FROM bookmarks WHERE source = ?");
    sql_query_int(&query, source);
    return sql_query_run(&query, NULL);
}

int sql_bookmark_insert_tag(struct handle *handle, const struct hearth_bookmark *bookmark,
                            const char *folded, const char *tag)
{
    static const char INSERT[] = "INSERT INTO bookmark_tags (folded, added, guid, tag) "
                                 "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    struct query query;
    sql_query_open(&query, handle, INSERT);
    sql_query_text(&query, folded);
    sql_query_int(&query, bookmark->added);
    sql_query_text(&query, bookmark->guid);
    sql_query_text(&query, tag);
    return sql_query_run(&query, NULL);
}

int sql_bookmark_insert_claim(struct handle *handle, int64_t source, const char *folder,
                              int64_t position, const char *child)
{
    static const char INSERT[] =
        "INSERT INTO bookmark_claims (folder, position, child, source) VALUES (?, ?, ?, ?)";
    struct query query;
    sql_query_open(&query, handle, INSERT);
    sql_query_text(&query, folder);
    sql_query_int(&query, position);
    sql_query_text(&query, child);
    sql_query_int(&query, source);
    return sql_query_run(&query, NULL);
}

int sql_bookmark_move(struct handle *handle, const char *guid, const char *parent, int64_t position)
{
    static const char MOVE[] = MOVE_BOOKMARK;
    struct query query;
    int64_t rows = 0;
    sql_query_open(&query, handle, MOVE);
    sql_query_batch(&query);
    sql_bind_place(&query, guid, parent, position, handle->batch.generation);
    int r = sql_query_run(&query, &rows);
    return r == 0 && rows == 0 ? HEARTH_ERR_NOT_FOUND : r;
}

/* To look is as quick as to know. */
bool sql_bookmark_expect(struct op *op, const char *account, const char *guid)
{
    (void)op;
    (void)account;
    (void)guid;
    return true;
}

int sql_bookmark_expect_list(struct handle *handle, const char *folder)
{
    (void)handle;
    (void)folder;
    return 1;
}

void sql_bookmark_note(struct op *op, const char *account, const char *guid)
{
    (void)op;
    (void)account;
    (void)guid;
}

/* The triggers count at once. */
void sql_bookmark_will_move(struct handle *handle)
{
    (void)handle;
}

bool sql_bookmark_has_moved(const struct handle *handle)
{
    (void)handle;
    return false;
}

int sql_bookmark_add_moves(struct handle *handle)
{
    (void)handle;
    return 0;
}
