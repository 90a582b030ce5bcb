#include "bookmarks.h"

#include "query.h"
#include "session.h"
#include "support/call.h"
#include "support/fold.h"

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

static void count(struct session *session, int32_t kind, bool root, int64_t by)
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
    return query_run(&query);
}

static int write_row(struct session *session, const struct hearth_bookmark *bookmark, bool is_new)
{
    static const char INSERT[] = "INSERT INTO bookmarks (guid, kind, parent, position, said_parent, title, url, keyword, "
                                 "tag_query, tags, page, added, modified) "
                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, 0), ?12, ?13)";
    static const char UPDATE[] =
        "UPDATE bookmarks SET kind = ?2, parent = coalesce(?3, parent), position = iif(?3 IS NULL, position, ?4), said_parent = ?5, "
        "title = ?6, url = ?7, keyword = ?8, tag_query = ?9, tags = ?10, page = nullif(?11, 0), added = ?12, modified = ?13 "
        "WHERE guid = ?1";
    struct query query;
    query_open(&query, session, is_new ? INSERT : UPDATE);
    query_text(&query, bookmark->guid);
    query_int(&query, bookmark->kind);
    query_text(&query, bookmark->parent);
    query_int(&query, is_new && bookmark->parent == NULL ? 0 : bookmark->position);
    query_text(&query, bookmark->said_parent);
    query_text(&query, bookmark->title);
    query_text(&query, bookmark->url);
    query_text(&query, bookmark->keyword);
    query_text(&query, bookmark->tag_query);
    query_text(&query, bookmark->tags);
    query_int(&query, bookmark->page);
    query_int(&query, bookmark->added);
    query_int(&query, bookmark->modified);
    return query_run(&query);
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

static int insert_tags(struct session *session, const struct hearth_bookmark *bookmark)
{
    static const char INSERT[] = "INSERT INTO bookmark_tags (folded, added, guid, tag) "
                                 "VALUES (CAST(?1 AS TEXT), ?2, ?3, CAST(?4 AS TEXT)) ON CONFLICT DO NOTHING";
    const char *at = bookmark->tags, *tag;
    int r = 0;
    for (size_t size; r == 0 && (size = bookmark_next_tag(&at, &tag)) > 0;) {
        char *folded = session->store->host->alloc(session->call, SUPPORT_FOLD_GROWTH * size);
        if (folded == NULL)
            return support_no_memory(session->call);
        struct query query;
        query_open(&query, session, INSERT);
        query_bytes(&query, folded, support_fold(tag, size, folded));
        query_int(&query, bookmark->added);
        query_text(&query, bookmark->guid);
        query_bytes(&query, tag, size);
        r = query_run(&query);
    }
    return r;
}

static int write_tags(struct session *session, const struct hearth_bookmark *bookmark, bool is_new)
{
    static const char REMOVE[] = "DELETE FROM bookmark_tags WHERE guid = ?";
    int r = is_new ? 0 : run_with_guid(session, REMOVE, bookmark->guid);
    return r == 0 && bookmark_is_item(bookmark->kind) ? insert_tags(session, bookmark) : r;
}

int bookmark_put(void *self, struct hearth_call *call, const struct hearth_bookmark *bookmark)
{
    static const char REVIVE[] = "DELETE FROM bookmark_tombstones WHERE guid = ?";
    struct op op;
    struct old_bookmark old;
    if (bookmark->guid == NULL || bookmark->kind < HEARTH_BOOKMARK || bookmark->kind > HEARTH_LIVEMARK)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = find_old(op.session, bookmark->guid, &old);
    if (r == 0)
        r = write_row(op.session, bookmark, old.row == 0);
    if (r == 0)
        r = write_tags(op.session, bookmark, old.row == 0);
    if (r == 0 && old.row == 0)
        r = run_with_guid(op.session, REVIVE, bookmark->guid);
    if (r == 0) {
        if (old.row != 0)
            count(op.session, old.kind, old.root, -1);
        count(op.session, bookmark->kind, old.root, 1);
    }
    return op_end_in_batch(&op, r);
}

int bookmark_remove(void *self, struct hearth_call *call, const char *guid)
{
    /* A tombstone of something unknown is remembered too, but does not replace one that knows the parent. */
    static const char BURY[] = "INSERT INTO bookmark_tombstones (guid, parent) "
                               "VALUES (?1, (SELECT parent FROM bookmarks WHERE guid = ?1)) "
                               "ON CONFLICT (guid) DO UPDATE SET parent = coalesce(excluded.parent, parent)";
    static const char *const REMOVE[] = {
        BURY,
        "DELETE FROM bookmark_tags WHERE guid = ?",
        "DELETE FROM bookmark_claims WHERE folder = ?",
        "DELETE FROM bookmarks WHERE guid = ?",
    };
    struct op op;
    struct old_bookmark old;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = find_old(op.session, guid, &old);
    for (size_t i = 0; r == 0 && i < sizeof(REMOVE) / sizeof(REMOVE[0]); i++)
        r = run_with_guid(op.session, REMOVE[i], guid);
    if (r == 0 && old.row != 0)
        count(op.session, old.kind, old.root, -1);
    return op_end_in_batch(&op, r);
}

static int count_cleared(struct session *session)
{
    static const char COUNT[] = "SELECT kind, guid IN (SELECT guid FROM bookmark_roots), count(*) FROM bookmarks GROUP BY 1, 2";
    struct query query;
    int r;
    query_open(&query, session, COUNT);
    while ((r = query_step(&query)) > 0)
        count(session, (int32_t)column_int(&query, 0), column_int(&query, 1) != 0, -column_int(&query, 2));
    query_close(&query);
    return r;
}

int bookmark_clear(void *self, struct hearth_call *call)
{
    static const char *const CLEAR[] = {
        "DELETE FROM bookmark_tags",
        "DELETE FROM bookmark_claims",
        "DELETE FROM bookmark_tombstones",
        "DELETE FROM bookmarks",
    };
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = count_cleared(op.session);
    for (size_t i = 0; r == 0 && i < sizeof(CLEAR) / sizeof(CLEAR[0]); i++) {
        query_open(&query, op.session, CLEAR[i]);
        r = query_run(&query);
    }
    return op_end_in_batch(&op, r);
}

int bookmark_claims_put(void *self, struct hearth_call *call, const char *folder, const char *const *children, size_t count_of_children)
{
    static const char REMOVE[] = "DELETE FROM bookmark_claims WHERE folder = ?";
    static const char INSERT[] = "INSERT INTO bookmark_claims (folder, position, child) VALUES (?, ?, ?)";
    struct op op;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count_of_children; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = run_with_guid(op.session, REMOVE, folder);
    for (size_t i = 0; r == 0 && i < count_of_children; i++) {
        struct query query;
        query_open(&query, op.session, INSERT);
        query_text(&query, folder);
        query_int(&query, (int64_t)i);
        query_text(&query, children[i]);
        r = query_run(&query);
    }
    return op_end_in_batch(&op, r);
}

int bookmark_place(void *self, struct hearth_call *call, const char *guid, const char *parent, int64_t position)
{
    static const char PLACE[] = "UPDATE bookmarks SET parent = ?2, position = ?3 WHERE guid = ?1";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PLACE);
    query_text(&query, guid);
    query_text(&query, parent);
    query_int(&query, position);
    r = query_run(&query);
    if (r == 0 && query_changes(op.session) == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", guid == NULL ? "" : guid);
    return op_end_in_batch(&op, r);
}
