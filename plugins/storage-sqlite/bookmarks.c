/* The row of a bookmark, in a batch. */
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/bookmark_row.h"

/* What is stored of a bookmark that is about to change. */
struct old_bookmark {
    int64_t row; /* 0: it is not there */
    int32_t kind;
    bool root;
};

static int find_old(struct session *session, const char *guid, struct old_bookmark *ret_old)
{
    static const char FIND[] = "SELECT coalesce(b.row, 0), coalesce(b.kind, 0), EXISTS (SELECT 1 FROM bookmark_roots r WHERE r.guid = ?1) "
                               "FROM (SELECT 1) LEFT JOIN bookmarks b ON b.guid = ?1";
    struct query query;
    query_open(&query, session, FIND);
    query_text(&query, guid);
    int r = query_step(&query);
    if (r > 0)
        *ret_old =
            (struct old_bookmark){.row = column_int(&query, 0), .kind = (int32_t)column_int(&query, 1), .root = column_int(&query, 2) != 0};
    query_close(&query);
    return r < 0 ? r : 0;
}

static void count_bookmark(struct session *session, int32_t kind, bool root, int64_t by)
{
    if (bookmark_is_item(kind))
        session->batch.delta[COUNT_BOOKMARKS] += by;
    else if (kind == HEARTH_FOLDER && !root)
        session->batch.delta[COUNT_FOLDERS] += by;
}

/* Runs a statement with the parameter guid. */
static int run_with_guid(struct session *session, const char *sql, const char *guid)
{
    struct query query;
    query_open(&query, session, sql);
    query_text(&query, guid);
    return query_run(&query, NULL);
}

int bookmark_write(struct session *session, const struct hearth_bookmark *bookmark, bool *ret_is_new)
{
    static const char PUT[] = PUT_BOOKMARK, REVIVE[] = "DELETE FROM bookmark_tombstones WHERE guid = ?";
    struct old_bookmark old;
    struct query query;
    int r = find_old(session, bookmark->guid, &old);
    if (r < 0)
        return r;
    query_open(&query, session, PUT);
    query_batch(&query);
    sql_bind_bookmark(&query, bookmark);
    r = query_run(&query, NULL);
    if (r == 0 && old.row == 0)
        r = run_with_guid(session, REVIVE, bookmark->guid);
    if (r < 0)
        return r;
    if (old.row != 0)
        count_bookmark(session, old.kind, old.root, -1);
    count_bookmark(session, (int32_t)bookmark->kind, old.root, 1);
    *ret_is_new = old.row == 0;
    return 0;
}

int bookmark_erase(struct session *session, const char *guid)
{
    struct old_bookmark old;
    int r = find_old(session, guid, &old);
    if (r == 0)
        r = run_with_guid(session, "DELETE FROM bookmarks WHERE guid = ?", guid);
    if (r == 0 && old.row != 0)
        count_bookmark(session, old.kind, old.root, -1);
    return r;
}

static int count_cleared(struct session *session, int64_t source)
{
    static const char COUNT[] =
        "SELECT kind, guid IN (SELECT guid FROM bookmark_roots), count(*) FROM bookmarks WHERE source = ? GROUP BY 1, 2";
    struct query query;
    int r;
    query_open(&query, session, COUNT);
    query_int(&query, source);
    while ((r = query_step(&query)) > 0)
        count_bookmark(session, (int32_t)column_int(&query, 0), column_int(&query, 1) != 0, -column_int(&query, 2));
    query_close(&query);
    return r;
}

int bookmark_erase_all(struct session *session, int64_t source)
{
    struct query query;
    int r = count_cleared(session, source);
    if (r < 0)
        return r;
    query_open(&query, session, "DELETE FROM bookmarks WHERE source = ?");
    query_int(&query, source);
    return query_run(&query, NULL);
}

/* The triggers count at once. */
void bookmark_will_move(struct session *session)
{
    (void)session;
}

bool bookmark_has_moved(const struct session *session)
{
    (void)session;
    return false;
}

int bookmark_add_moves(struct session *session)
{
    (void)session;
    return 0;
}
