/* Bookmarks in a batch: what surrounds the row itself, which each plugin writes
 * (bookmark_hooks.h). */
#include "storage-sql/bookmark_hooks.h"

#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/removals.h"
#include "support/call.h"
#include "codec/codec.h"
#include "support/text.h"

/* Runs a statement with the parameter guid, later. */
static int later_with_guid(struct handle *handle, const char *sql, const char *guid)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    sql_query_batch(&query);
    sql_query_text(&query, guid);
    return sql_query_later(&query, COUNT_NONE, 0);
}

size_t sql_bookmark_next_tag(const char **at, const char **ret_tag)
{
    size_t size = 0;
    while (size == 0 && *at != NULL && **at != '\0') {
        size = strcspn(*at, "\n");
        *ret_tag = *at;
        *at += size + ((*at)[size] == '\n');
    }
    return size;
}

static int insert_tag(struct handle *handle, const struct hearth_bookmark *bookmark,
                      const char *tag, size_t size)
{
    char *folded = handle->database->host->alloc(handle->call, (CODEC_FOLD_GROWTH + 1) * size + 2);
    if (folded == NULL)
        return support_no_memory(handle->call);
    /* the memory is zeroed: both texts end */
    char *written = folded + codec_fold(tag, size, folded) + 1;
    memcpy(written, tag, size);
    return sql_bookmark_insert_tag(handle, bookmark, folded, written);
}

static int write_tags(struct handle *handle, const struct hearth_bookmark *bookmark, bool is_new)
{
    static const char REMOVE[] =
        "DELETE FROM bookmark_tags WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    const char *at = bookmark_is_item(bookmark->kind) ? bookmark->tags : NULL, *tag;
    int r = is_new ? 0 : later_with_guid(handle, REMOVE, bookmark->guid);
    for (size_t size; r == 0 && (size = sql_bookmark_next_tag(&at, &tag)) > 0;)
        r = insert_tag(handle, bookmark, tag, size);
    return r;
}

int sql_bookmark_put(void *self, struct hearth_call *call, const struct hearth_bookmark *bookmark)
{
    struct op op;
    bool is_new = false;
    if (bookmark->guid == NULL || bookmark->kind < HEARTH_BOOKMARK ||
        bookmark->kind > HEARTH_NOT_SHOWN)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = sql_bookmark_write(op.handle, bookmark, &is_new);
    if (r == 0)
        r = write_tags(op.handle, bookmark, is_new);
    if (r == 0)
        r = sql_removal_take_off(
            op.handle,
            &(struct hearth_removal){.kind = HEARTH_REMOVAL_BOOKMARK, .key = bookmark->guid});
    return sql_op_end_in_batch(&op, r);
}

int sql_bookmark_remove(void *self, struct hearth_call *call, const char *guid)
{
#define THAT(table) table " WHERE " OF_BATCH SAME_TEXT("guid", "?2")
    /* A tombstone of something unknown is remembered too, but does not replace one that knows
     * the parent. */
    /* clang-format off */
    static const char BURY[] =
        "INSERT INTO bookmark_tombstones AS t (" ACCOUNT_COLUMN "guid, parent, source) VALUES ("
        ACCOUNT_VALUE "?2, (SELECT parent FROM " THAT("bookmarks") "), "
        "coalesce((SELECT source FROM " THAT("bookmarks") "), "
        "(SELECT source FROM " THAT("bookmark_tombstones") "), 0)) "
        "ON CONFLICT (" ACCOUNT_COLUMN KEY_TEXT("guid") ") DO UPDATE SET "
        "parent = coalesce(excluded.parent, t.parent), source = excluded.source";
    /* clang-format on */
#undef THAT
    static const char TAGS[] = "DELETE FROM bookmark_tags WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    static const char CHILDREN[] =
        "DELETE FROM bookmark_claims WHERE " OF_BATCH SAME_TEXT("folder", "?2");
    static const char *const ALL[] = {BURY, TAGS, CHILDREN};
    struct op op;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = sql_removal_of_bookmark(op.handle, guid);
    for (size_t i = 0; r == 0 && i < sizeof(ALL) / sizeof(ALL[0]); i++)
        r = later_with_guid(op.handle, ALL[i], guid);
    if (r == 0)
        r = sql_bookmark_erase(op.handle, guid);
    return sql_op_end_in_batch(&op, r);
}

int sql_bookmark_clear(void *self, struct hearth_call *call, int64_t source)
{
    static const char *const CLEAR[] = {
        "DELETE FROM bookmark_tags WHERE " OF_BATCH
        "EXISTS (SELECT 1 FROM bookmarks b WHERE " SAME_ACCOUNT("b", "bookmark_tags")
            SAME_TEXT("b.guid", "bookmark_tags.guid") " AND b.source = ?2)",
        "DELETE FROM bookmark_claims WHERE " OF_BATCH "source = ?2",
        "DELETE FROM bookmark_tombstones WHERE " OF_BATCH "source = ?2",
    };
    struct op op;
    struct query query;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = sql_removal_of_bookmarks(op.handle, source);
    for (size_t i = 0; r == 0 && i < sizeof(CLEAR) / sizeof(CLEAR[0]); i++) {
        sql_query_open(&query, op.handle, CLEAR[i]);
        sql_query_batch(&query);
        sql_query_int(&query, source);
        r = sql_query_later(&query, COUNT_NONE, 0);
    }
    if (r == 0)
        r = sql_bookmark_erase_all(op.handle, source);
    return sql_op_end_in_batch(&op, r);
}

int sql_bookmark_children_put(void *self, struct hearth_call *call, int64_t source,
                              const char *folder, const char *const *children, size_t count)
{
    static const char REMOVE[] =
        "DELETE FROM bookmark_claims WHERE " OF_BATCH SAME_TEXT("folder", "?2");
    struct op op;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = sql_bookmark_expect_list(op.handle, folder);
    if (r > 0)
        r = later_with_guid(op.handle, REMOVE, folder);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = sql_bookmark_insert_claim(op.handle, source, folder, (int64_t)i, children[i]);
    return sql_op_end_in_batch(&op, r);
}

int sql_bookmark_place(void *self, struct hearth_call *call, const char *guid, const char *parent,
                       int64_t position)
{
    struct op op;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    sql_bookmark_will_move(op.handle);
    r = sql_bookmark_move(op.handle, guid, parent, position);
    if (r == HEARTH_ERR_NOT_FOUND)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", support_or_empty(guid));
    return sql_op_end_in_batch(&op, r);
}
