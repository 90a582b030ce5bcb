/* The row of a bookmark, in a batch: sent without waiting for an answer. */
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/bookmark_row.h"

/* An item is counted as a bookmark, a folder as a folder unless it is a root; what a statement
 * adds is new minus old. */
#define ITEM(kind) "(" kind " IN (1, 4, 5))::int"
#define FOLDER(kind, guid)                                                                         \
    "(" kind " = 2 AND NOT EXISTS (SELECT 1 FROM bookmark_roots r WHERE r.guid = " guid "))::int"
#define THE_BOOKMARK OF_BATCH SAME_TEXT("guid", "?2")

/* A new bookmark has no tombstone. Whether it is new nobody knows before the answer comes. */
int sql_bookmark_write(struct handle *handle, const struct hearth_bookmark *bookmark,
                       bool *ret_is_new)
{
    static const char PUT[] =
        "WITH old AS (SELECT kind FROM bookmarks WHERE " THE_BOOKMARK "), "
        "t AS (DELETE FROM bookmark_tombstones WHERE " THE_BOOKMARK
        " AND NOT EXISTS (SELECT 1 FROM old)), n AS (" PUT_BOOKMARK ") "
        "SELECT " ITEM("?3") " - coalesce((SELECT " ITEM("kind") " FROM old), 0), " FOLDER(
            "?3", "?2") " - coalesce((SELECT " FOLDER("kind", "?2") " FROM old), 0)";
    struct query query;
    handle->batch.moved |= bookmark->parent != NULL;
    sql_query_open(&query, handle, PUT);
    sql_query_batch(&query);
    sql_bind_bookmark(&query, bookmark);
    *ret_is_new = false;
    return pg_query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

int sql_bookmark_erase(struct handle *handle, const char *guid)
{
    static const char REMOVE[] =
        "WITH old AS (DELETE FROM bookmarks WHERE " THE_BOOKMARK " RETURNING kind) "
        "SELECT -coalesce((SELECT " ITEM("kind") " FROM old), 0), -coalesce((SELECT " FOLDER(
            "kind", "?2") " FROM old), 0)";
    struct query query;
    handle->batch.moved = true;
    sql_query_open(&query, handle, REMOVE);
    sql_query_batch(&query);
    sql_query_text(&query, guid);
    return pg_query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

int sql_bookmark_erase_all(struct handle *handle, int64_t source)
{
    static const char REMOVE[] =
        "WITH b AS (DELETE FROM bookmarks WHERE account = ?1 AND source = ?2 RETURNING kind, guid) "
        "SELECT -coalesce(sum(" ITEM("kind") "), 0), -coalesce(sum(" FOLDER(
            "kind", "b.guid") "), 0) FROM b";
    struct query query;
    handle->batch.moved = true;
    sql_query_open(&query, handle, REMOVE);
    sql_query_batch(&query);
    sql_query_int(&query, source);
    return pg_query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

void sql_bookmark_will_move(struct handle *handle)
{
    handle->batch.moved = true;
}

bool sql_bookmark_has_moved(const struct handle *handle)
{
    return handle->batch.moved;
}

/* Triggers of the table wrote down each move (migrations/0003-children.sql); those of a release
 * that does not add them up are added by the next batch of this one. */
int sql_bookmark_add_moves(struct handle *handle)
{
    static const char ADD[] =
        "WITH moved AS (DELETE FROM bookmark_moves WHERE account = ?1 RETURNING parent, children) "
        "INSERT INTO bookmark_folders AS f (account, guid, children) SELECT ?1::bigint, parent, "
        "sum(children) FROM moved GROUP BY parent "
        "HAVING sum(children) <> 0 ON CONFLICT (account, md5(guid)) DO UPDATE SET children = "
        "f.children + excluded.children";
    static const char EMPTY[] = "DELETE FROM bookmark_folders WHERE account = ?1 AND children = 0";
    static const char *const ALL[] = {ADD, EMPTY};
    int r = 0;
    for (size_t i = 0; r == 0 && handle->batch.moved && i < sizeof(ALL) / sizeof(ALL[0]); i++) {
        struct query query;
        sql_query_open(&query, handle, ALL[i]);
        sql_query_int(&query, handle->batch.account);
        r = sql_query_later(&query, COUNT_NONE, 0);
    }
    handle->batch.moved = false;
    return r;
}
