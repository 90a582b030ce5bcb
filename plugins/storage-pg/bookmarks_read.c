#include <stdint.h>

#include "bookmarks.h"
#include "connection.h"
#include "pages.h"
#include "session.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/fold.h"
#include "support/text.h"

#define COLUMNS                                                                                                                            \
    "b.kind, b.guid, b.parent, b.said_parent, b.title, b.url, b.keyword, b.tag_query, b.tags, coalesce(b.page, 0) AS page, b.position, "   \
    "b.added, "                                                                                                                            \
    "b.modified, CASE WHEN b.kind = 2 THEN coalesce((SELECT f.children FROM bookmark_folders f WHERE f.account = b.account "               \
    "AND md5(f.guid) = md5(b.guid) AND f.guid = b.guid), 0) ELSE 0 END, coalesce(p.last_visit, 0), coalesce(p.visit_count, 0) "
#define WITH_PAGE " LEFT JOIN pages p ON p.account = b.account AND p.id = b.page "

static void row_of(const struct query *query, struct hearth_bookmark *ret_bookmark)
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
    static const char GET[] =
        "SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE "WHERE b.account = " ACCOUNT_ROW("$1") " AND md5(b.guid) = md5($2) AND b.guid = $2";
    struct op op;
    struct query query;
    struct hearth_bookmark bookmark;
    bool again;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    do { /* in a batch: once more when a folder's children are not added up yet */
        query_open(&query, op.session, GET);
        query_text(&query, account);
        query_text(&query, guid);
        r = query_step(&query);
        if (r > 0)
            row_of(&query, &bookmark);
        again = r > 0 && op.session->batch.moved && bookmark.kind == HEARTH_FOLDER;
        if (again) {
            query_close(&query);
            r = bookmark_add_moves(op.session);
        }
    } while (again && r == 0);
    if (r > 0) {
        r = keep(op.session, &bookmark);
    } else if (r == 0) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(bookmark, ret_bookmark);
    return op_end(&op, r);
}

/* A piece of a list: where it goes on is kept, and changed with each row. */
struct listing {
    const char *sql, *account, *key; /* key: folder or tag; NULL where the statement has none */
    int64_t after;
    char after_guid[256];
};

static int list_piece(struct op *op, struct listing *listing, int limit, bool by_position, hearth_bookmark_cb cb, void *ctx)
{
    struct query query;
    struct hearth_bookmark bookmark;
    query_open(&query, op->session, listing->sql);
    query_text(&query, listing->account);
    query_int(&query, listing->after);
    query_text(&query, listing->after_guid);
    query_int(&query, limit);
    if (listing->key != NULL)
        query_text(&query, listing->key);
    int r;
    EACH_ROW(query, *op, r, row_of(&query, &bookmark); listing->after = by_position ? bookmark.position : bookmark.added;
             listing->after_guid[0] = '\0'; strncat(listing->after_guid, bookmark.guid, sizeof(listing->after_guid) - 1);
             if (cb(ctx, &bookmark) != 0) break;)
    if (r == 0)
        r = query.rows == limit;
    else if (r > 0)
        r = 0;
    query_close(&query);
    return r;
}

static int list(struct op *op, struct listing *listing, bool by_position, hearth_bookmark_cb cb, void *ctx)
{
    enum { FIRST = 64, MOST = 4096 }; /* a page of the API has 50 as a rule; whatever is read beyond it is for nothing */
    int r = 1;
    for (int limit = FIRST; r > 0; limit = limit < MOST ? limit * 2 : MOST)
        r = list_piece(op, listing, limit, by_position, cb, ctx);
    return r;
}

/* Rows of one position are not parted: the next piece begins behind the guid. */
static int list_by_position(struct op *op, const char *account, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb,
                            void *ctx)
{
#define IN_FOLDER(folder)                                                                                                                  \
    "SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE "WHERE b.account = " ACCOUNT_ROW(                                                       \
        "$1") " AND " folder                                                                                                               \
              " AND b.position >= $2 AND (b.position > $2 OR ($3 <> '' AND b.guid > $3)) ORDER BY b.position, b.guid LIMIT $4"
    static const char CHILDREN[] = IN_FOLDER("md5(b.parent) = md5($5) AND b.parent = $5"), NOWHERE[] = IN_FOLDER("b.parent IS NULL");
#undef IN_FOLDER
    struct listing listing = {
        .sql = filter->parent == NULL ? NOWHERE : CHILDREN, .account = account, .key = filter->parent, .after = filter->after};
    return list(op, &listing, true, cb, ctx);
}

/* The place in (added, guid), both descending, after which to go on. */
static void set_place(struct listing *listing, const struct hearth_bookmark_query *filter)
{
    bool from_first = filter->after == 0 && filter->after_guid == NULL;
    listing->after = from_first ? INT64_MAX : filter->after;
    strncat(listing->after_guid, support_or_empty(filter->after_guid), sizeof(listing->after_guid) - 1);
}

static int list_by_added(struct op *op, const char *account, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE "WHERE b.account = " ACCOUNT_ROW(
        "$1") " AND b.kind IN (1, 4, 5) AND b.added <= $2 AND (b.added, b.guid) < ($2, $3) ORDER BY b.added DESC, b.guid DESC LIMIT $4";
    struct listing listing = {.sql = LIST, .account = account};
    set_place(&listing, filter);
    return list(op, &listing, false, cb, ctx);
}

static int list_by_tag(struct op *op, const char *account, const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " COLUMNS "FROM bookmark_tags t JOIN bookmarks b ON b.account = t.account AND md5(b.guid) = md5(t.guid) "
        "AND b.guid = t.guid" WITH_PAGE "WHERE t.account = " ACCOUNT_ROW(
            "$1") " AND md5(t.folded) = md5($5) AND t.folded = $5 AND t.added <= $2 AND (t.added, t.guid) < ($2, $3) "
                  "ORDER BY t.added DESC, t.guid DESC LIMIT $4";
    struct listing listing = {.sql = LIST, .account = account};
    if (filter->tag == NULL)
        return hearth_fail(op->session->call, HEARTH_ERR_INVALID, "no tag is given");
    size_t size = strlen(filter->tag);
    char *folded = op->session->store->host->alloc(op->session->call, SUPPORT_FOLD_GROWTH * size + 1);
    if (folded == NULL)
        return support_no_memory(op->session->call);
    support_fold(filter->tag, size, folded);
    listing.key = folded;
    set_place(&listing, filter);
    return list(op, &listing, false, cb, ctx);
}

int bookmark_list(void *self, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *filter,
                  hearth_bookmark_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = bookmark_add_moves(op.session);
    if (r < 0)
        return op_end(&op, r);
    switch (filter->order) {
    case HEARTH_BY_POSITION:
        return op_end(&op, list_by_position(&op, account, filter, cb, ctx));
    case HEARTH_BY_ADDED:
        return op_end(&op, list_by_added(&op, account, filter, cb, ctx));
    case HEARTH_BY_TAG:
        return op_end(&op, list_by_tag(&op, account, filter, cb, ctx));
    default:
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "no order %d", (int)filter->order));
    }
}

int bookmarks_of_page(void *self, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT * FROM (SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE
                               "WHERE b.account = " ACCOUNT_ROW("$1") " AND b.page = $2 OFFSET 0) f ORDER BY f.added DESC, f.guid DESC";
    struct op op;
    struct query query;
    struct hearth_bookmark bookmark;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    query_int(&query, page);
    EACH_ROW(query, op, r, row_of(&query, &bookmark); if (cb(ctx, &bookmark) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

struct bookmark_receiver {
    hearth_bookmark_cb cb;
    void *ctx;
};

static int on_page_bookmark_row(void *ctx, struct query *query)
{
    const struct bookmark_receiver *receiver = ctx;
    struct hearth_bookmark bookmark;
    row_of(query, &bookmark);
    return receiver->cb(receiver->ctx, &bookmark);
}

int bookmarks_of_pages(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_bookmark_cb cb,
                       void *ctx)
{
    static const char LIST[] =
        "SELECT * FROM (SELECT " COLUMNS "FROM bookmarks b" WITH_PAGE
        "WHERE b.account = " ACCOUNT_ROW("$1") " AND b.page = ANY ($2::bigint[]) OFFSET 0) f ORDER BY f.page, f.added DESC, f.guid DESC";
    struct bookmark_receiver receiver = {cb, ctx};
    return pages_each_row(self, call, LIST, account, pages, count, on_page_bookmark_row, &receiver);
}

/* The whole tree at once, without titles and URLs: who asks for it puts it together in memory. */
static int list_nodes(void *self, struct hearth_call *call, const char *sql, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, sql);
    query_text(&query, account);
    EACH_ROW(query, op, r,
             struct hearth_bookmark_node node = {.struct_size = sizeof(node),
                                                 .guid = column_text(&query, 0),
                                                 .parent = column_text(&query, 1),
                                                 .said_parent = column_text(&query, 2),
                                                 .kind = (int32_t)column_int(&query, 3),
                                                 .position = column_int(&query, 4),
                                                 .added = column_int(&query, 5),
                                                 .modified = column_int(&query, 6)};
             if (cb(ctx, &node) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

int bookmark_nodes(void *self, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    static const char NODES[] =
        "SELECT guid, parent, said_parent, kind, position, added, modified FROM bookmarks WHERE account = " ACCOUNT_ROW(
            "$1") " ORDER BY guid";
    return list_nodes(self, call, NODES, account, cb, ctx);
}

int bookmark_tombstones(void *self, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    static const char TOMBSTONES[] =
        "SELECT guid, parent, NULL, 0, 0, 0, 0 FROM bookmark_tombstones WHERE account = " ACCOUNT_ROW("$1") " ORDER BY guid";
    return list_nodes(self, call, TOMBSTONES, account, cb, ctx);
}

int bookmark_claims(void *self, struct hearth_call *call, const char *account, hearth_claim_cb cb, void *ctx)
{
    static const char CLAIMS[] =
        "SELECT folder, position, child FROM bookmark_claims WHERE account = " ACCOUNT_ROW("$1") " ORDER BY folder, position";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, CLAIMS);
    query_text(&query, account);
    EACH_ROW(query, op, r, if (cb(ctx, column_text(&query, 0), column_int(&query, 1), column_text(&query, 2)) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

int bookmark_tag_list(void *self, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx)
{
    /* Of several spellings, one: always the same. */
    static const char TAGS[] =
        "SELECT min(tag COLLATE \"C\"), count(*) FROM bookmark_tags WHERE account = " ACCOUNT_ROW("$1") " GROUP BY folded ORDER BY folded";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, TAGS);
    query_text(&query, account);
    EACH_ROW(query, op, r, if (cb(ctx, column_text(&query, 0), column_int(&query, 1)) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}
