/* The row of a bookmark, in a batch: sent without waiting for an answer. */
#include "rows.h"
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/bookmark_row.h"
#include "support/call.h"

/* An item is counted as a bookmark, a folder as a folder unless it is a root; what a statement
 * adds is new minus old. */
#define ITEM(kind) "(" kind " IN (1, 4, 5))::int"
#define FOLDER(kind, guid)                                                                         \
    "(" kind " = 2 AND NOT EXISTS (SELECT 1 FROM bookmark_roots r WHERE r.guid = " guid "))::int"
#define THE_BOOKMARK OF_BATCH SAME_TEXT("guid", "?2")

/* --- what the batch knows --- */

bool sql_bookmark_expect(struct op *op, const char *account, const char *guid)
{
    struct batch *batch = sql_op_batch_of(op, account);
    return batch == NULL || !batch->knows_bookmarks || guid == NULL ||
           number_set_has_text(&batch->bookmarks, guid);
}

int sql_bookmark_expect_list(struct handle *handle, const char *folder)
{
    struct batch *batch = &handle->batch;
    if (!batch->knows_bookmarks || number_set_has_text(&batch->lists, folder))
        return 1;
    return number_set_add_text(&batch->lists, folder) ? 0 : support_no_memory(handle->call);
}

/* One that is forgotten is asked for. */
void sql_bookmark_note(struct op *op, const char *account, const char *guid)
{
    struct batch *batch = sql_op_batch_of(op, account);
    if (batch != NULL && !number_set_add_text(&batch->bookmarks, guid))
        batch->knows_bookmarks = false;
}

/* The sets cannot forget one. */
static void forget_bookmarks(struct batch *batch)
{
    batch->knows_bookmarks = false;
    number_set_clear(&batch->bookmarks);
    number_set_clear(&batch->lists);
}

static int load_roots(struct handle *handle)
{
    struct batch *batch = &handle->batch;
    struct query query;
    bool failed = false;
    if (batch->roots.count > 0)
        return 0;
    sql_query_open(&query, handle, "SELECT guid FROM bookmark_roots");
    int r;
    while ((r = sql_query_step(&query)) > 0)
        failed |= !number_set_add_text(&batch->roots, sql_column_text(&query, 0));
    sql_query_close(&query);
    return r == 0 && failed ? support_no_memory(handle->call) : r;
}

/* --- rows --- */

#define SQL_COLUMN_u_page     ~, "nullif(u.page, 0)"
#define SQL_COLUMN_u_position ~, "CASE WHEN u.parent IS NULL THEN 0 ELSE u.position END"

/* Of one that is known to be new: it has no tombstone, no list and no tags. */
static int collect_bookmark(struct handle *handle, const struct hearth_bookmark *bookmark)
{
    /* clang-format off */
    static const char INSERT[] =
        "INSERT INTO bookmarks (account, " SQL_NAMES(HEARTH_BOOKMARK_FIELDS) ", generation) "
        "SELECT ?1::bigint, " SQL_COLUMNS(u, HEARTH_BOOKMARK_FIELDS) ", u.generation "
        "FROM unnest(" SQL_ARRAYS("?2::text[]", HEARTH_BOOKMARK_FIELDS) ", ?::bigint[]) "
        "AS u (" SQL_NAMES(HEARTH_BOOKMARK_FIELDS) ", generation)";
    /* clang-format on */
    struct batch *batch = &handle->batch;
    struct query query;
    int r = bookmark->kind == HEARTH_FOLDER ? load_roots(handle) : 0;
    if (r < 0)
        return r;
    if (!number_set_add_text(&batch->bookmarks, bookmark->guid))
        return support_no_memory(handle->call);
    batch->delta[COUNT_BOOKMARKS] += bookmark_is_item(bookmark->kind);
    batch->delta[COUNT_FOLDERS] +=
        bookmark->kind == HEARTH_FOLDER && !number_set_has_text(&batch->roots, bookmark->guid);
    pg_rows_open(&query, handle, ROWS_BOOKMARKS, INSERT);
    sql_bind_put(&query, bookmark, batch->generation);
    return pg_rows_add(&query);
}

int sql_bookmark_insert_tag(struct handle *handle, const struct hearth_bookmark *bookmark,
                            const char *folded, const char *tag)
{
    static const char INSERT[] =
        "INSERT INTO bookmark_tags (account, folded, added, guid, tag) SELECT ?1::bigint, u.* FROM "
        "unnest(?2::text[], ?3::bigint[], ?4::text[], ?5::text[]) AS u ON CONFLICT DO NOTHING";
    struct query query;
    pg_rows_open(&query, handle, ROWS_TAGS, INSERT);
    sql_query_text(&query, folded);
    sql_query_int(&query, bookmark->added);
    sql_query_text(&query, bookmark->guid);
    sql_query_text(&query, tag);
    return pg_rows_add(&query);
}

int sql_bookmark_insert_claim(struct handle *handle, int64_t source, const char *folder,
                              int64_t position, const char *child)
{
    static const char INSERT[] =
        "INSERT INTO bookmark_claims (account, folder, position, child, source) SELECT "
        "?1::bigint, u.* FROM unnest(?2::text[], ?3::bigint[], ?4::text[], ?5::bigint[]) AS u";
    struct query query;
    pg_rows_open(&query, handle, ROWS_CLAIMS, INSERT);
    sql_query_text(&query, folder);
    sql_query_int(&query, position);
    sql_query_text(&query, child);
    sql_query_int(&query, source);
    return pg_rows_add(&query);
}

int sql_bookmark_move(struct handle *handle, const char *guid, const char *parent, int64_t position)
{
    static const char MOVE[] = MOVE_BOOKMARK;
    static const char MOVE_ROWS[] =
        "UPDATE bookmarks b SET parent = u.parent, position = u.position, generation = "
        "u.generation FROM unnest(?2::text[], ?3::text[], ?4::bigint[], ?5::bigint[]) AS u (guid, "
        "parent, position, generation) WHERE b.account = ?1 "
        "AND " SAME_TEXT("b.guid", "u.guid");
    struct query query;
    int64_t rows = 0;
    if (guid != NULL && number_set_has_text(&handle->batch.bookmarks, guid)) {
        int r = pg_rows_open_once_text(&query, handle, ROWS_PLACES, MOVE_ROWS, guid);
        if (r < 0)
            return r;
        sql_bind_place(&query, guid, parent, position, handle->batch.generation);
        return pg_rows_add(&query);
    }
    sql_query_open(&query, handle, MOVE);
    sql_query_batch(&query);
    sql_bind_place(&query, guid, parent, position, handle->batch.generation);
    int r = sql_query_run(&query, &rows);
    return r == 0 && rows == 0 ? HEARTH_ERR_NOT_FOUND : r;
}

/* A new bookmark has no tombstone. Whether it is new nobody knows before the answer comes, unless
 * the batch does. */
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
    *ret_is_new = handle->batch.knows_bookmarks &&
                  !number_set_has_text(&handle->batch.bookmarks, bookmark->guid);
    if (*ret_is_new)
        return collect_bookmark(handle, bookmark);
    sql_query_open(&query, handle, PUT);
    sql_query_batch(&query);
    sql_bind_put(&query, bookmark, handle->batch.generation);
    return pg_query_later_sums(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

int sql_bookmark_erase(struct handle *handle, const char *guid)
{
    static const char REMOVE[] =
        "WITH old AS (DELETE FROM bookmarks WHERE " THE_BOOKMARK " RETURNING kind) "
        "SELECT -coalesce((SELECT " ITEM("kind") " FROM old), 0), -coalesce((SELECT " FOLDER(
            "kind", "?2") " FROM old), 0)";
    struct query query;
    forget_bookmarks(&handle->batch);
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
    struct batch *batch = &handle->batch;
    struct query query;
    if (batch->knows_bookmarks && batch->bookmarks.count == 0 && batch->lists.count == 0)
        return 0; /* there are none, as before a first sync */
    forget_bookmarks(batch);
    batch->moved = true;
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
