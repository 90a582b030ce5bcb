/* The row of a bookmark, in a batch: sent without waiting for an answer. */
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/bookmark_row.h"

/* An item is counted as a bookmark, a folder as a folder unless it is a root; what a statement adds is new minus old. */
#define ITEM(kind)         "(" kind " IN (1, 4, 5))::int"
#define FOLDER(kind, guid) "(" kind " = 2 AND NOT EXISTS (SELECT 1 FROM bookmark_roots r WHERE r.guid = " guid "))::int"
#define THE_BOOKMARK       OF_BATCH SAME_TEXT("guid", "?2")

/* A new bookmark has no tombstone. Whether it is new nobody knows before the answer comes. */
int bookmark_write(struct session *session, const struct hearth_bookmark *bookmark, bool *ret_is_new)
{
    static const char PUT[] =
        "WITH old AS (SELECT kind FROM bookmarks WHERE " THE_BOOKMARK "), "
        "t AS (DELETE FROM bookmark_tombstones WHERE " THE_BOOKMARK " AND NOT EXISTS (SELECT 1 FROM old)), n AS (" PUT_BOOKMARK ") "
        "SELECT " ITEM("?3") " - coalesce((SELECT " ITEM("kind") " FROM old), 0), " FOLDER("?3", "?2") " - coalesce((SELECT " FOLDER(
            "kind", "?2") " FROM old), 0)";
    struct query query;
    session->batch.moved |= bookmark->parent != NULL;
    query_open(&query, session, PUT);
    query_batch(&query);
    sql_bind_bookmark(&query, bookmark);
    *ret_is_new = false;
    return query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

int bookmark_erase(struct session *session, const char *guid)
{
    static const char REMOVE[] =
        "WITH old AS (DELETE FROM bookmarks WHERE " THE_BOOKMARK " RETURNING kind) "
        "SELECT -coalesce((SELECT " ITEM("kind") " FROM old), 0), -coalesce((SELECT " FOLDER("kind", "?2") " FROM old), 0)";
    struct query query;
    session->batch.moved = true;
    query_open(&query, session, REMOVE);
    query_batch(&query);
    query_text(&query, guid);
    return query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

int bookmark_erase_all(struct session *session, int64_t source)
{
    static const char REMOVE[] = "WITH b AS (DELETE FROM bookmarks WHERE account = ?1 AND source = ?2 RETURNING kind, guid) "
                                 "SELECT -coalesce(sum(" ITEM("kind") "), 0), -coalesce(sum(" FOLDER("kind", "b.guid") "), 0) FROM b";
    struct query query;
    session->batch.moved = true;
    query_open(&query, session, REMOVE);
    query_batch(&query);
    query_int(&query, source);
    return query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

void bookmark_will_move(struct session *session)
{
    session->batch.moved = true;
}

bool bookmark_has_moved(const struct session *session)
{
    return session->batch.moved;
}

/* Triggers of the table wrote down each move (migrations/0003-children.sql); those of a release that does not add them up are
 * added by the next batch of this one. */
int bookmark_add_moves(struct session *session)
{
    static const char ADD[] =
        "WITH moved AS (DELETE FROM bookmark_moves WHERE account = ?1 RETURNING parent, children) "
        "INSERT INTO bookmark_folders AS f (account, guid, children) SELECT ?1::bigint, parent, sum(children) FROM moved GROUP BY parent "
        "HAVING sum(children) <> 0 ON CONFLICT (account, md5(guid)) DO UPDATE SET children = f.children + excluded.children";
    static const char EMPTY[] = "DELETE FROM bookmark_folders WHERE account = ?1 AND children = 0";
    static const char *const ALL[] = {ADD, EMPTY};
    int r = 0;
    for (size_t i = 0; r == 0 && session->batch.moved && i < sizeof(ALL) / sizeof(ALL[0]); i++) {
        struct query query;
        query_open(&query, session, ALL[i]);
        query_int(&query, session->batch.account);
        r = query_later(&query, COUNT_NONE, 0);
    }
    session->batch.moved = false;
    return r;
}
