/* Bookmarks in a batch. Everything but bookmark_place() is sent without waiting for an answer. */
#include "bookmarks.h"

#include "session.h"
#include "support/call.h"
#include "support/fold.h"
#include "support/text.h"

/* An item is counted as a bookmark, a folder as a folder unless it is a root; what the statement adds is new minus old. */
#define ITEM(kind)         "(" kind " IN (1, 4, 5))::int"
#define FOLDER(kind, guid) "(" kind " = 2 AND NOT EXISTS (SELECT 1 FROM bookmark_roots r WHERE r.guid = " guid "))::int"
#define THE_BOOKMARK       "account = $1 AND md5(guid) = md5($2) AND guid = $2"

/* Runs a statement with the parameters account and guid, later. */
static int later_with_guid(struct session *session, const char *sql, const char *guid, enum counter first, enum counter second)
{
    struct query query;
    query_open(&query, session, sql);
    query_int(&query, session->batch.account);
    query_text(&query, guid);
    return query_later(&query, first, second);
}

/* $4, the parent, NULL: parent and position stay. A new bookmark has no tombstone. */
static int write_row(struct session *session, const struct hearth_bookmark *bookmark)
{
    static const char PUT[] =
        "WITH old AS (SELECT kind FROM bookmarks WHERE " THE_BOOKMARK "), "
        "t AS (DELETE FROM bookmark_tombstones WHERE " THE_BOOKMARK " AND NOT EXISTS (SELECT 1 FROM old)), "
        "n AS (INSERT INTO bookmarks AS b (account, guid, kind, parent, position, said_parent, title, url, keyword, tag_query, tags, page, "
        "added, modified) VALUES ($1, $2, $3, $4, CASE WHEN $4::text IS NULL THEN 0 ELSE $5::bigint END, $6, $7, $8, $9, $10, $11, "
        "nullif($12::bigint, 0), $13, $14) ON CONFLICT (account, md5(guid)) DO UPDATE SET kind = excluded.kind, "
        "parent = coalesce(excluded.parent, b.parent), position = CASE WHEN excluded.parent IS NULL THEN b.position ELSE excluded.position "
        "END, said_parent = excluded.said_parent, title = excluded.title, url = excluded.url, keyword = excluded.keyword, "
        "tag_query = excluded.tag_query, tags = excluded.tags, page = excluded.page, added = excluded.added, "
        "modified = excluded.modified) "
        "SELECT " ITEM("$3::int") " - coalesce((SELECT " ITEM("kind") " FROM old), 0), " FOLDER(
            "$3::int", "$2") " - coalesce((SELECT " FOLDER("kind", "$2") " FROM old), 0)";
    struct query query;
    query_open(&query, session, PUT);
    query_int(&query, session->batch.account);
    query_text(&query, bookmark->guid);
    query_int(&query, bookmark->kind);
    query_text(&query, bookmark->parent);
    query_int(&query, bookmark->position);
    query_text(&query, bookmark->said_parent);
    query_text(&query, bookmark->title);
    query_text(&query, bookmark->url);
    query_text(&query, bookmark->keyword);
    query_text(&query, bookmark->tag_query);
    query_text(&query, bookmark->tags);
    query_int(&query, bookmark->page);
    query_int(&query, bookmark->added);
    query_int(&query, bookmark->modified);
    return query_later(&query, COUNT_BOOKMARKS, COUNT_FOLDERS);
}

/* Triggers of the table wrote down each move (migrations/0003-children.sql); those of a release that does not add them up are
 * added by the next batch of this one. */
int bookmark_add_moves(struct session *session)
{
    static const char ADD[] =
        "WITH moved AS (DELETE FROM bookmark_moves WHERE account = $1 RETURNING parent, children) "
        "INSERT INTO bookmark_folders AS f (account, guid, children) SELECT $1::bigint, parent, sum(children) FROM moved GROUP BY parent "
        "HAVING sum(children) <> 0 ON CONFLICT (account, md5(guid)) DO UPDATE SET children = f.children + excluded.children";
    static const char EMPTY[] = "DELETE FROM bookmark_folders WHERE account = $1 AND children = 0";
    static const char *const ALL[] = {ADD, EMPTY};
    int r = 0;
    for (size_t i = 0; r == 0 && session->batch.moved && i < sizeof(ALL) / sizeof(ALL[0]); i++) {
        struct query query;
        query_open(&query, session, ALL[i]);
        query_int(&query, session->batch.account);
        r = query_later(&query, COUNT_NONE, COUNT_NONE);
    }
    session->batch.moved = false;
    return r;
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
    static const char INSERT[] =
        "INSERT INTO bookmark_tags (account, folded, added, guid, tag) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    char *folded = session->store->host->alloc(session->call, (SUPPORT_FOLD_GROWTH + 1) * size + 2);
    struct query query;
    if (folded == NULL)
        return support_no_memory(session->call);
    size_t length = support_fold(tag, size, folded);
    char *written = folded + length + 1; /* the memory is zeroed: both texts end */
    memcpy(written, tag, size);
    query_open(&query, session, INSERT);
    query_int(&query, session->batch.account);
    query_text(&query, folded);
    query_int(&query, bookmark->added);
    query_text(&query, bookmark->guid);
    query_text(&query, written);
    return query_later(&query, COUNT_NONE, COUNT_NONE);
}

static int write_tags(struct session *session, const struct hearth_bookmark *bookmark)
{
    static const char REMOVE[] = "DELETE FROM bookmark_tags WHERE " THE_BOOKMARK;
    const char *at = bookmark_is_item(bookmark->kind) ? bookmark->tags : NULL, *tag;
    int r = later_with_guid(session, REMOVE, bookmark->guid, COUNT_NONE, COUNT_NONE);
    for (size_t size; r == 0 && (size = bookmark_next_tag(&at, &tag)) > 0;)
        r = insert_tag(session, bookmark, tag, size);
    return r;
}

int bookmark_put(void *self, struct hearth_call *call, const struct hearth_bookmark *bookmark)
{
    struct op op;
    if (bookmark->guid == NULL || bookmark->kind < HEARTH_BOOKMARK || bookmark->kind > HEARTH_LIVEMARK)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    op.session->batch.moved |= bookmark->parent != NULL;
    r = write_row(op.session, bookmark);
    if (r == 0)
        r = write_tags(op.session, bookmark);
    return op_end_in_batch(&op, r);
}

int bookmark_remove(void *self, struct hearth_call *call, const char *guid)
{
    /* A tombstone of something unknown is remembered too, but does not replace one that knows the parent. */
    static const char BURY[] = "INSERT INTO bookmark_tombstones AS t (account, guid, parent) "
                               "VALUES ($1, $2, (SELECT parent FROM bookmarks WHERE " THE_BOOKMARK ")) "
                               "ON CONFLICT (account, md5(guid)) DO UPDATE SET parent = coalesce(excluded.parent, t.parent)";
    static const char TAGS[] = "DELETE FROM bookmark_tags WHERE " THE_BOOKMARK;
    static const char CLAIMS[] = "DELETE FROM bookmark_claims WHERE account = $1 AND md5(folder) = md5($2) AND folder = $2";
    static const char REMOVE[] =
        "WITH old AS (DELETE FROM bookmarks WHERE " THE_BOOKMARK " RETURNING kind) "
        "SELECT -coalesce((SELECT " ITEM("kind") " FROM old), 0), -coalesce((SELECT " FOLDER("kind", "$2") " FROM old), 0)";
    struct op op;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    op.session->batch.moved = true;
    r = later_with_guid(op.session, BURY, guid, COUNT_NONE, COUNT_NONE);
    if (r == 0)
        r = later_with_guid(op.session, TAGS, guid, COUNT_NONE, COUNT_NONE);
    if (r == 0)
        r = later_with_guid(op.session, CLAIMS, guid, COUNT_NONE, COUNT_NONE);
    if (r == 0)
        r = later_with_guid(op.session, REMOVE, guid, COUNT_BOOKMARKS, COUNT_FOLDERS);
    return op_end_in_batch(&op, r);
}

int bookmark_clear(void *self, struct hearth_call *call)
{
    static const char CLEAR[] =
        "WITH t AS (DELETE FROM bookmark_tags WHERE account = $1), c AS (DELETE FROM bookmark_claims WHERE account = $1), "
        "s AS (DELETE FROM bookmark_tombstones WHERE account = $1), b AS (DELETE FROM bookmarks WHERE account = $1 RETURNING kind, guid) "
        "SELECT -coalesce(sum(" ITEM("kind") "), 0), -coalesce(sum(" FOLDER("kind", "b.guid") "), 0) FROM b";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    op.session->batch.moved = true;
    query_open(&query, op.session, CLEAR);
    query_int(&query, op.session->batch.account);
    return op_end_in_batch(&op, query_later(&query, COUNT_BOOKMARKS, COUNT_FOLDERS));
}

int bookmark_claims_put(void *self, struct hearth_call *call, const char *folder, const char *const *children, size_t count_of_children)
{
    static const char REMOVE[] = "DELETE FROM bookmark_claims WHERE account = $1 AND md5(folder) = md5($2) AND folder = $2";
    static const char INSERT[] = "INSERT INTO bookmark_claims (account, folder, position, child) VALUES ($1, $2, $3, $4)";
    struct op op;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count_of_children; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = later_with_guid(op.session, REMOVE, folder, COUNT_NONE, COUNT_NONE);
    for (size_t i = 0; r == 0 && i < count_of_children; i++) {
        struct query query;
        query_open(&query, op.session, INSERT);
        query_int(&query, op.session->batch.account);
        query_text(&query, folder);
        query_int(&query, (int64_t)i);
        query_text(&query, children[i]);
        r = query_later(&query, COUNT_NONE, COUNT_NONE);
    }
    return op_end_in_batch(&op, r);
}

int bookmark_place(void *self, struct hearth_call *call, const char *guid, const char *parent, int64_t position)
{
    static const char PLACE[] = "UPDATE bookmarks SET parent = $3, position = $4 WHERE " THE_BOOKMARK;
    struct op op;
    struct query query;
    int64_t affected = 0;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    op.session->batch.moved = true;
    query_open(&query, op.session, PLACE);
    query_int(&query, op.session->batch.account);
    query_text(&query, guid);
    query_text(&query, parent);
    query_int(&query, position);
    r = query_run(&query, &affected);
    if (r == 0 && affected == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", support_or_empty(guid));
    return op_end_in_batch(&op, r);
}
