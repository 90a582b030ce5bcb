#include "bookmarks.h"
#include "query.h"
#include "session.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/fold.h"

#define COLUMNS                                                                                                                            \
    "b.kind, b.guid, b.parent, b.said_parent, b.title, b.url, b.keyword, b.tag_query, b.tags, coalesce(b.page, 0), b.position, b.added, "  \
    "b.modified, iif(b.kind = 2, coalesce((SELECT f.children FROM bookmark_folders f WHERE f.guid = b.guid), 0), 0), "                     \
    "coalesce(p.last_visit, 0), coalesce(p.visit_count, 0) "
#define WITH_PAGE " LEFT JOIN pages p ON p.id = b.page "

static void row_of(struct query *query, struct hearth_bookmark *ret_bookmark)
{
    *ret_bookmark = (struct hearth_bookmark){
        .struct_size = sizeof(*ret_bookmark),
        .kind = (int32_t)column_int(query, 0),
        .guid = column_text(query, 1),
        .parent = column_text(query, 2),
        .said_parent = column_text(query, 3),
        .title = column_text(query, 4),
        .url = column_text(query, 5),
        .keyword = column_text(query, 6),
        .tag_query = column_text(query, 7),
        .tags = column_text(query, 8),
        .page = column_int(query, 9),
        .position = column_int(query, 10),
        .added = column_int(query, 11),
        .modified = column_int(query, 12),
        .children = column_int(query, 13),
        .last_visit = column_int(query, 14),
        .visit_count = column_int(query, 15),
    };
}

static int keep(struct session *session, struct hearth_bookmark *bookmark)
{
    const char **texts[] = {&bookmark->guid, &bookmark->parent,  &bookmark->said_parent, &bookmark->title,
                            &bookmark->url,  &bookmark->keyword, &bookmark->tag_query,   &bookmark->tags};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        r = session_copy(session, *texts[i], texts[i]);
    return r;
}

int bookmark_get(void *self, struct hearth_call *call, const char *account, const char *guid, struct hearth_bookmark *ret_bookmark)
{
    static const char GET[] = "SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE "WHERE b.guid = ?";
    struct op op;
    struct query query;
    struct hearth_bookmark bookmark;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    query_open(&query, op.session, GET);
    query_text(&query, guid);
    r = query_step(&query);
    if (r > 0) {
        row_of(&query, &bookmark);
        r = keep(op.session, &bookmark);
    } else if (r == 0) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(bookmark, ret_bookmark);
    return op_end(&op, r);
}

/* ret_stopped: whether the receiver wants no more; NULL. */
static int deliver(struct query *query, hearth_bookmark_cb cb, void *ctx, bool *ret_stopped)
{
    struct hearth_bookmark bookmark;
    bool stopped = false;
    int r = 0;
    while (!stopped && (r = query_step(query)) > 0) {
        row_of(query, &bookmark);
        stopped = cb(ctx, &bookmark) != 0;
    }
    query_close(query);
    if (ret_stopped != NULL)
        *ret_stopped = stopped;
    return stopped ? 0 : r;
}

static int list_by_position(struct session *session, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " COLUMNS "FROM bookmarks b INDEXED BY bookmarks_by_parent" WITH_PAGE
                               "WHERE b.parent IS ? AND b.position > ? ORDER BY b.position, b.guid";
    struct query query;
    query_open(&query, session, LIST);
    query_text(&query, filter->parent);
    query_int(&query, filter->after);
    return deliver(&query, cb, ctx, NULL);
}

/* The place in (added, guid), both descending, after which to go on. */
static void bind_before(struct query *query, const struct hearth_bookmark_query *filter)
{
    bool from_first = filter->after == 0 && filter->after_guid == NULL;
    query_int(query, from_first ? INT64_MAX : filter->after);
    query_text(query, filter->after_guid == NULL ? "" : filter->after_guid);
}

static int list_by_added(struct session *session, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " COLUMNS "FROM bookmarks b INDEXED BY bookmarks_by_added" WITH_PAGE
                               "WHERE b.kind IN (1, 4, 5) AND (b.added, b.guid) < (?, ?) "
                               "ORDER BY b.added DESC, b.guid DESC";
    struct query query;
    query_open(&query, session, LIST);
    bind_before(&query, filter);
    return deliver(&query, cb, ctx, NULL);
}

static int list_by_tag(struct session *session, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " COLUMNS "FROM bookmark_tags t CROSS JOIN bookmarks b ON b.guid = t.guid" WITH_PAGE
                               "WHERE t.folded = CAST(? AS TEXT) AND (t.added, t.guid) < (?, ?) "
                               "ORDER BY t.added DESC, t.guid DESC";
    struct query query;
    if (filter->tag == NULL)
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "no tag is given");
    size_t size = strlen(filter->tag);
    char *folded = session->store->host->alloc(session->call, SUPPORT_FOLD_GROWTH * size + 1);
    if (folded == NULL)
        return support_no_memory(session->call);
    query_open(&query, session, LIST);
    query_bytes(&query, folded, support_fold(filter->tag, size, folded));
    bind_before(&query, filter);
    return deliver(&query, cb, ctx, NULL);
}

int bookmark_list(void *self, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *filter,
                  hearth_bookmark_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    switch (filter->order) {
    case HEARTH_BY_POSITION:
        return op_end(&op, list_by_position(op.session, filter, cb, ctx));
    case HEARTH_BY_ADDED:
        return op_end(&op, list_by_added(op.session, filter, cb, ctx));
    case HEARTH_BY_TAG:
        return op_end(&op, list_by_tag(op.session, filter, cb, ctx));
    default:
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "no order %d", (int)filter->order));
    }
}

int bookmarks_of_pages(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_bookmark_cb cb,
                       void *ctx)
{
    static const char LIST[] =
        "SELECT " COLUMNS "FROM bookmarks b INDEXED BY bookmarks_by_page" WITH_PAGE "WHERE b.page = ? ORDER BY b.added DESC, b.guid DESC";
    struct op op;
    struct query query;
    bool stopped = false;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && !stopped && i < count; i++) {
        query_open(&query, op.session, LIST);
        query_int(&query, pages[i]);
        r = deliver(&query, cb, ctx, &stopped);
    }
    return op_end(&op, r);
}

int bookmarks_of_page(void *self, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx)
{
    return bookmarks_of_pages(self, call, account, &page, 1, cb, ctx);
}

static int list_nodes(void *self, struct hearth_call *call, const char *sql, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, sql);
    while ((r = query_step(&query)) > 0) {
        struct hearth_bookmark_node node = {
            .struct_size = sizeof(node),
            .guid = column_text(&query, 0),
            .parent = column_text(&query, 1),
            .said_parent = column_text(&query, 2),
            .kind = (int32_t)column_int(&query, 3),
            .position = column_int(&query, 4),
            .added = column_int(&query, 5),
            .modified = column_int(&query, 6),
        };
        if (cb(ctx, &node) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

int bookmark_nodes(void *self, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    static const char NODES[] = "SELECT guid, parent, said_parent, kind, position, added, modified FROM bookmarks ORDER BY guid";
    return list_nodes(self, call, NODES, account, cb, ctx);
}

int bookmark_tombstones(void *self, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    static const char TOMBSTONES[] = "SELECT guid, parent, NULL, 0, 0, 0, 0 FROM bookmark_tombstones ORDER BY guid";
    return list_nodes(self, call, TOMBSTONES, account, cb, ctx);
}

int bookmark_claims(void *self, struct hearth_call *call, const char *account, hearth_claim_cb cb, void *ctx)
{
    static const char CLAIMS[] = "SELECT folder, position, child FROM bookmark_claims ORDER BY folder, position";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, CLAIMS);
    while ((r = query_step(&query)) > 0) {
        if (cb(ctx, column_text(&query, 0), column_int(&query, 1), column_text(&query, 2)) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

int bookmark_tag_list(void *self, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx)
{
    /* Of several spellings, one: always the same. */
    static const char TAGS[] = "SELECT min(tag), count(*) FROM bookmark_tags GROUP BY folded ORDER BY folded";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, TAGS);
    while ((r = query_step(&query)) > 0) {
        if (cb(ctx, column_text(&query, 0), column_int(&query, 1)) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}
