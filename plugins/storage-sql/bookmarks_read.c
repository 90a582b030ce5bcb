/* Reading bookmarks. */
#include "driver.h"
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/operations.h"
#include "support/abi.h"
#include "support/call.h"
#include "codec/codec.h"
#include "support/text.h"

/* Of bookmarks b, with the page p of each: what is stored, then what is derived. */
#define BOOKMARK_COLUMNS                                                                           \
    SQL_COLUMNS(b, HEARTH_BOOKMARK_FIELDS)                                                         \
    ", CASE WHEN b.kind = 2 THEN coalesce((SELECT f.children FROM bookmark_folders f "             \
    "WHERE " SAME_ACCOUNT("f", "b") SAME_TEXT(                                                     \
        "f.guid",                                                                                  \
        "b.guid") "), 0) ELSE 0 END, coalesce(p.last_visit, 0), coalesce(p.visit_count, 0)"
#define WITH_PAGE " LEFT JOIN pages p ON " SAME_ACCOUNT("p", "b") "p.id = b.page"

static void bookmark_row_read(struct query *query, struct hearth_bookmark *ret_bookmark)
{
    int next = sql_read_bookmark(query, 0, ret_bookmark);
    ret_bookmark->children = sql_column_int(query, next);
    ret_bookmark->last_visit = sql_column_int(query, next + 1);
    ret_bookmark->visit_count = sql_column_int(query, next + 2);
}

static int bookmark_row_find(struct handle *handle, const char *account, const char *guid,
                             struct hearth_bookmark *ret_bookmark)
{
    static const char GET[] = "SELECT " BOOKMARK_COLUMNS " FROM bookmarks b" WITH_PAGE
                              " WHERE " OF_ACCOUNT("b.") SAME_TEXT("b.guid", "?2");
    struct query query;
    sql_query_open(&query, handle, GET);
    sql_query_account(&query, account);
    sql_query_text(&query, guid);
    int r = sql_query_step(&query);
    if (r > 0) {
        bookmark_row_read(&query, ret_bookmark);
        r = sql_keep_bookmark(handle, ret_bookmark);
    } else if (r == 0) {
        r = hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    }
    sql_query_close(&query);
    return r;
}

int sql_bookmark_get(void *self, struct hearth_call *call, const char *account, const char *guid,
                     struct hearth_bookmark *ret_bookmark)
{
    struct op op;
    struct hearth_bookmark bookmark;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    r = sql_bookmark_expect(&op, account, guid)
            ? bookmark_row_find(op.handle, account, guid, &bookmark)
            : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    if (r == 0 && bookmark.kind == HEARTH_FOLDER && sql_bookmark_has_moved(op.handle)) {
        r = sql_bookmark_add_moves(op.handle);
        if (r == 0)
            r = bookmark_row_find(op.handle, account, guid, &bookmark);
    }
    if (r == 0)
        SUPPORT_GIVE(bookmark, ret_bookmark);
    return sql_op_end(&op, r);
}

int sql_bookmark_path(void *self, struct hearth_call *call, const char *account, const char *guid,
                      hearth_bookmark_cb cb, void *ctx)
{
    static const char PATH[] = "SELECT " SQL_COLUMNS(
        b, HEARTH_BOOKMARK_FIELDS) " FROM (WITH RECURSIVE up AS (SELECT 1 AS "
                                   "depth, b.* FROM bookmarks b WHERE " OF_ACCOUNT("b.") SAME_TEXT(
                                       "b.guid",
                                       "?2") " UNION ALL SELECT up.depth + 1, b.* FROM up" THEN_JOIN
                                             "bookmarks b ON " SAME_ACCOUNT("b", "up") SAME_TEXT(
                                                 "b.guid",
                                                 "up.parent") " WHERE up.depth < ?3) SELECT * FROM "
                                                              "up) b ORDER BY b.depth";
    struct op op;
    struct query query;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, PATH);
    sql_query_account(&query, account);
    sql_query_text(&query, guid);
    sql_query_int(&query, HEARTH_PATH_MAX);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_bookmark(&query, 0, &bookmark);
        if (cb(ctx, &bookmark) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

/* A list, and the place behind the row that came last. */
struct bookmark_listing {
    const char *sql, *account, *key; /* key: folder or tag; NULL where the statement has none */
    bool by_position;
    int64_t after;
    char after_guid[HEARTH_KEY_MAX + 1];
    struct piece piece;
};

static void place_behind(struct bookmark_listing *listing, int64_t after, const char *guid)
{
    listing->after = after;
    listing->after_guid[0] = '\0';
    strncat(listing->after_guid, guid, sizeof(listing->after_guid) - 1);
}

static int list_bookmarks(struct op *op, struct bookmark_listing *listing, hearth_bookmark_cb cb,
                          void *ctx)
{
    struct query query;
    struct hearth_bookmark bookmark;
    int r;
    do {
        sql_query_open(&query, op->handle, listing->sql);
        sql_query_account(&query, listing->account);
        sql_query_int(&query, listing->after);
        sql_query_text(&query, listing->after_guid);
        if (listing->key != NULL)
            sql_query_text(&query, listing->key);
        sql_query_piece(&query, &listing->piece);
        while ((r = sql_query_step(&query)) > 0) {
            bookmark_row_read(&query, &bookmark);
            place_behind(listing, listing->by_position ? bookmark.position : bookmark.added,
                         bookmark.guid);
            if (cb(ctx, &bookmark) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &listing->piece, r));
    return r > 0 ? 0 : r;
}

/* Rows of one position are not parted: the next piece begins behind the guid. */
static int bookmarks_list_by_position(struct op *op, struct bookmark_listing *listing,
                                      const struct hearth_bookmark_query *filter,
                                      hearth_bookmark_cb cb, void *ctx)
{
#define IN_FOLDER(folder)                                                                          \
    "SELECT " BOOKMARK_COLUMNS " FROM bookmarks b" INDEXED_BY("bookmarks_by_parent") WITH_PAGE     \
        " WHERE " OF_ACCOUNT("b.") folder                                                          \
        " AND b.position >= ?2 AND (b.position > ?2 OR (?3 <> '' AND b.guid > ?3)) ORDER BY "      \
        "b.position, b.guid" IN_PIECES
    static const char CHILDREN[] = IN_FOLDER(SAME_TEXT("b.parent", "?4")),
                      NOWHERE[] = IN_FOLDER("b.parent IS NULL");
#undef IN_FOLDER
    listing->sql = filter->parent == NULL ? NOWHERE : CHILDREN;
    listing->key = filter->parent;
    listing->by_position = true;
    place_behind(listing, filter->after, "");
    return list_bookmarks(op, listing, cb, ctx);
}

/* The place in (added, guid), both descending, after which to go on. */
static void place_before(struct bookmark_listing *listing,
                         const struct hearth_bookmark_query *filter)
{
    bool from_first = filter->after == 0 && filter->after_guid == NULL;
    place_behind(listing, from_first ? INT64_MAX : filter->after,
                 support_or_empty(filter->after_guid));
}

static int bookmarks_list_by_added(struct op *op, struct bookmark_listing *listing,
                                   const struct hearth_bookmark_query *filter,
                                   hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " BOOKMARK_COLUMNS " FROM bookmarks b" INDEXED_BY("bookmarks_by_added") WITH_PAGE
        " WHERE " OF_ACCOUNT("b.") "b.kind IN (1, 4, 5) AND " FIRST_OF_TWO(
            "b.added <= ?2") "(b.added, b.guid) < (?2, ?3) ORDER BY b.added DESC, b.guid "
                             "DESC" IN_PIECES;
    listing->sql = LIST;
    place_before(listing, filter);
    return list_bookmarks(op, listing, cb, ctx);
}

static int list_by_tag(struct op *op, struct bookmark_listing *listing,
                       const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " BOOKMARK_COLUMNS " FROM bookmark_tags t" THEN_JOIN
        "bookmarks b ON " SAME_ACCOUNT("b", "t") SAME_TEXT("b.guid", "t.guid") WITH_PAGE
        " WHERE " OF_ACCOUNT("t.") SAME_TEXT("t.folded", "?4") " AND " FIRST_OF_TWO(
            "t.added <= ?2") "(t.added, t.guid) < (?2, ?3) ORDER BY t.added DESC, t.guid "
                             "DESC" IN_PIECES;
    if (filter->tag == NULL)
        return hearth_fail(op->handle->call, HEARTH_ERR_INVALID, "no tag is given");
    size_t size = strlen(filter->tag);
    char *folded =
        op->handle->database->host->alloc(op->handle->call, CODEC_FOLD_GROWTH * size + 1);
    if (folded == NULL)
        return support_no_memory(op->handle->call);
    codec_fold(filter->tag, size, folded);
    listing->sql = LIST;
    listing->key = folded;
    place_before(listing, filter);
    return list_bookmarks(op, listing, cb, ctx);
}

int sql_bookmark_list(void *self, struct hearth_call *call, const char *account,
                      const struct hearth_bookmark_query *filter, hearth_bookmark_cb cb, void *ctx)
{
    struct bookmark_listing listing = {.account = account, .piece = {64, 4096, 2}};
    struct op op;
    sql_piece_expect(&listing.piece, HEARTH_HAS(filter, rows) ? filter->rows : 0);
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    r = sql_bookmark_add_moves(op.handle);
    if (r < 0)
        return sql_op_end(&op, r);
    switch (filter->order) {
    case HEARTH_BY_POSITION:
        return sql_op_end(&op, bookmarks_list_by_position(&op, &listing, filter, cb, ctx));
    case HEARTH_BY_ADDED:
        return sql_op_end(&op, bookmarks_list_by_added(&op, &listing, filter, cb, ctx));
    case HEARTH_BY_TAG:
        return sql_op_end(&op, list_by_tag(&op, &listing, filter, cb, ctx));
    default:
        return sql_op_end(&op,
                          hearth_fail(call, HEARTH_ERR_INVALID, "no order %d", (int)filter->order));
    }
}

int sql_bookmarks_of_pages(void *self, struct hearth_call *call, const char *account,
                           const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx)
{
    static const char LIST[] =
        THEN_SORTED("SELECT " BOOKMARK_COLUMNS " FROM bookmarks b" INDEXED_BY("bookmarks_by_page")
                        WITH_PAGE " WHERE " OF_ACCOUNT("b.") "b.page " OF_PAGES("?2"),
                    "b", "b.page, b.added DESC, b.guid DESC");
    struct op op;
    struct query query;
    struct hearth_bookmark bookmark;
    bool stop = false;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t done = 0; r == 0 && !stop && done < count;) {
        sql_query_open(&query, op.handle, LIST);
        sql_query_account(&query, account);
        sql_query_pages(&query, pages, count, &done);
        while (!stop && (r = sql_query_step(&query)) > 0) {
            bookmark_row_read(&query, &bookmark);
            stop = cb(ctx, &bookmark) != 0;
        }
        sql_query_close(&query);
        r = r > 0 ? 0 : r;
    }
    return sql_op_end(&op, r);
}

int sql_bookmarks_of_page(void *self, struct hearth_call *call, const char *account, int64_t page,
                          hearth_bookmark_cb cb, void *ctx)
{
    return sql_bookmarks_of_pages(self, call, account, &page, 1, cb, ctx);
}
