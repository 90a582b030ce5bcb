/* Bookmarks in a batch: what surrounds the row itself, which each plugin writes (bookmark_hooks.h). */
#include "storage-sql/bookmark_hooks.h"

#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/removals.h"
#include "support/call.h"
#include "codec/codec.h"
#include "support/text.h"

/* Runs a statement with the parameter guid, later. */
static int later_with_guid(struct session *session, const char *sql, const char *guid)
{
    struct query query;
    query_open(&query, session, sql);
    query_batch(&query);
    query_text(&query, guid);
    return query_later(&query, COUNT_NONE, 0);
}

size_t bookmark_next_tag(const char **at, const char **ret_tag)
{
    size_t size = 0;
    while (size == 0 && *at != NULL && **at != '\0') {
        size = strcspn(*at, "\n");
        *ret_tag = *at;
        *at += size + ((*at)[size] == '\n');
    }
    return size;
}

static int insert_tag(struct session *session, const struct hearth_bookmark *bookmark, const char *tag, size_t size)
{
    static const char INSERT[] = "INSERT INTO bookmark_tags (" ACCOUNT_COLUMN "folded, added, guid, tag) "
                                 "VALUES (" ACCOUNT_VALUE "?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    char *folded = session->store->host->alloc(session->call, (CODEC_FOLD_GROWTH + 1) * size + 2);
    struct query query;
    if (folded == NULL)
        return support_no_memory(session->call);
    char *written = folded + codec_fold(tag, size, folded) + 1; /* the memory is zeroed: both texts end */
    memcpy(written, tag, size);
    query_open(&query, session, INSERT);
    query_batch(&query);
    query_text(&query, folded);
    query_int(&query, bookmark->added);
    query_text(&query, bookmark->guid);
    query_text(&query, written);
    return query_later(&query, COUNT_NONE, 0);
}

static int write_tags(struct session *session, const struct hearth_bookmark *bookmark, bool is_new)
{
    static const char REMOVE[] = "DELETE FROM bookmark_tags WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    const char *at = bookmark_is_item(bookmark->kind) ? bookmark->tags : NULL, *tag;
    int r = is_new ? 0 : later_with_guid(session, REMOVE, bookmark->guid);
    for (size_t size; r == 0 && (size = bookmark_next_tag(&at, &tag)) > 0;)
        r = insert_tag(session, bookmark, tag, size);
    return r;
}

int bookmark_put(void *self, struct hearth_call *call, const struct hearth_bookmark *bookmark)
{
    struct op op;
    bool is_new = false;
    if (bookmark->guid == NULL || bookmark->kind < HEARTH_BOOKMARK || bookmark->kind > HEARTH_LIVEMARK)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = bookmark_write(op.session, bookmark, &is_new);
    if (r == 0)
        r = write_tags(op.session, bookmark, is_new);
    if (r == 0)
        r = removal_take_off(op.session, &(struct hearth_removal){.kind = HEARTH_REMOVAL_BOOKMARK, .key = bookmark->guid});
    return op_end_in_batch(&op, r);
}

int bookmark_remove(void *self, struct hearth_call *call, const char *guid)
{
#define THAT(table) table " WHERE " OF_BATCH SAME_TEXT("guid", "?2")
    /* A tombstone of something unknown is remembered too, but does not replace one that knows the parent. */
    static const char BURY[] =
        "INSERT INTO bookmark_tombstones AS t (" ACCOUNT_COLUMN "guid, parent, source) VALUES (" ACCOUNT_VALUE
        "?2, (SELECT parent FROM " THAT("bookmarks") "), coalesce((SELECT source FROM " THAT("bookmarks") "), (SELECT source FROM " THAT(
            "bookmark_tombstones") "), 0)) "
                                   "ON CONFLICT (" ACCOUNT_COLUMN KEY_TEXT(
                                       "guid") ") DO UPDATE SET parent = coalesce(excluded.parent, t.parent), source = excluded.source";
#undef THAT
    static const char TAGS[] = "DELETE FROM bookmark_tags WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    static const char CLAIMS[] = "DELETE FROM bookmark_claims WHERE " OF_BATCH SAME_TEXT("folder", "?2");
    static const char *const ALL[] = {BURY, TAGS, CLAIMS};
    struct op op;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = removal_of_bookmark(op.session, guid);
    for (size_t i = 0; r == 0 && i < sizeof(ALL) / sizeof(ALL[0]); i++)
        r = later_with_guid(op.session, ALL[i], guid);
    if (r == 0)
        r = bookmark_erase(op.session, guid);
    return op_end_in_batch(&op, r);
}

int bookmark_clear(void *self, struct hearth_call *call, int64_t source)
{
    static const char *const CLEAR[] = {
        "DELETE FROM bookmark_tags WHERE " OF_BATCH "EXISTS (SELECT 1 FROM bookmarks b WHERE " SAME_ACCOUNT("b", "bookmark_tags")
            SAME_TEXT("b.guid", "bookmark_tags.guid") " AND b.source = ?2)",
        "DELETE FROM bookmark_claims WHERE " OF_BATCH "source = ?2",
        "DELETE FROM bookmark_tombstones WHERE " OF_BATCH "source = ?2",
    };
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = removal_of_bookmarks(op.session, source);
    for (size_t i = 0; r == 0 && i < sizeof(CLEAR) / sizeof(CLEAR[0]); i++) {
        query_open(&query, op.session, CLEAR[i]);
        query_batch(&query);
        query_int(&query, source);
        r = query_later(&query, COUNT_NONE, 0);
    }
    if (r == 0)
        r = bookmark_erase_all(op.session, source);
    return op_end_in_batch(&op, r);
}

int bookmark_claims_put(void *self, struct hearth_call *call, int64_t source, const char *folder, const char *const *children, size_t count)
{
    static const char REMOVE[] = "DELETE FROM bookmark_claims WHERE " OF_BATCH SAME_TEXT("folder", "?2");
    static const char INSERT[] =
        "INSERT INTO bookmark_claims (" ACCOUNT_COLUMN "folder, position, child, source) VALUES (" ACCOUNT_VALUE "?2, ?3, ?4, ?5)";
    struct op op;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = later_with_guid(op.session, REMOVE, folder);
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct query query;
        query_open(&query, op.session, INSERT);
        query_batch(&query);
        query_text(&query, folder);
        query_int(&query, (int64_t)i);
        query_text(&query, children[i]);
        query_int(&query, source);
        r = query_later(&query, COUNT_NONE, 0);
    }
    return op_end_in_batch(&op, r);
}

int bookmark_place(void *self, struct hearth_call *call, const char *guid, const char *parent, int64_t position)
{
    static const char PLACE[] = "UPDATE bookmarks SET parent = ?3, position = ?4 WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    bookmark_will_move(op.session);
    query_open(&query, op.session, PLACE);
    query_batch(&query);
    query_text(&query, guid);
    query_text(&query, parent);
    query_int(&query, position);
    r = query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", support_or_empty(guid));
    return op_end_in_batch(&op, r);
}
