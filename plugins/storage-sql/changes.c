/* What changed after a generation: the extension hearth.storage.changes/1. Its visits are read
 * where those of pages are (visits_read.c). */
#include "driver.h"
#include "storage-sql/operations.h"

/* --- pages --- */

/* Where a page stands among those of the generation; 0, before all, when it is not there any more:
 * one that went and came back may stand elsewhere. */
static int page_place_find(struct handle *handle, const char *account, int64_t page,
                           int64_t generation, int64_t *ret_place)
{
    static const char FIND[] =
        "SELECT " PAGE_PLACE
        " FROM pages p WHERE " OF_ACCOUNT("p.") "p.id = ?2 AND p.generation = ?3";
    struct query query;
    sql_query_open(&query, handle, FIND);
    sql_query_account(&query, account);
    sql_query_int(&query, page);
    sql_query_int(&query, generation);
    int r = sql_query_step(&query);
    *ret_place = r > 0 ? sql_column_int(&query, 0) : 0;
    sql_query_close(&query);
    return r < 0 ? r : 0;
}

static int pages_list_since(struct op *op, const char *account, int64_t generation, int64_t place,
                            hearth_page_cb cb, void *ctx)
{
    /* clang-format off */
    static const char SINCE[] =
        "SELECT p.generation, " PAGE_PLACE ", " SQL_COLUMNS(p, HEARTH_PAGE_FIELDS) " FROM pages p"
        INDEXED_BY("pages_by_generation") " WHERE " OF_ACCOUNT("p.")
        "(p.generation, " PAGE_PLACE ") > (?2, ?3) ORDER BY p.generation, " PAGE_PLACE IN_PIECES;
    /* clang-format on */
    struct query query;
    struct piece piece = {256, 2048, 4};
    struct hearth_page page;
    int r;
    do {
        sql_query_open(&query, op->handle, SINCE);
        sql_query_account(&query, account);
        sql_query_int(&query, generation);
        sql_query_int(&query, place);
        sql_query_piece(&query, &piece);
        while ((r = sql_query_step(&query)) > 0) {
            generation = sql_column_int(&query, 0);
            place = sql_column_int(&query, 1);
            sql_read_page(&query, 2, &page);
            page.generation = generation;
            if (cb(ctx, &page) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &piece, r));
    return r > 0 ? 0 : r;
}

int sql_pages_since(void *self, struct hearth_call *call, const char *account, int64_t since,
                    int64_t after_generation, int64_t after, hearth_page_cb cb, void *ctx)
{
    struct op op;
    int64_t generation = sql_generation_before(since), place = INT64_MAX;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    if (after != 0) {
        generation = after_generation;
        r = page_place_find(op.handle, account, after, generation, &place);
    }
    if (r == 0)
        r = pages_list_since(&op, account, generation, place, cb, ctx);
    return sql_op_end(&op, r);
}

/* --- bookmarks --- */

struct bookmark_place {
    int64_t generation;
    const char *guid;
};

static int bookmarks_list_since(struct op *op, const char *account, struct bookmark_place place,
                                hearth_bookmark_change_cb cb, void *ctx)
{
    /* clang-format off */
    static const char SINCE[] =
        "SELECT b.generation, " SQL_COLUMNS(b, HEARTH_BOOKMARK_FIELDS) " FROM bookmarks b"
        INDEXED_BY("bookmarks_by_generation") " WHERE " OF_ACCOUNT("b.")
        "b.generation >= ?2 AND (b.generation > ?2 OR " BYTES("b.guid") " > " VALUE_TEXT("?3")
        ") ORDER BY b.generation, " BYTES("b.guid") IN_PIECES;
    /* clang-format on */
    struct query query;
    struct piece piece = {256, 2048, 4};
    char guid[HEARTH_KEY_MAX + 1];
    struct hearth_bookmark bookmark;
    int r;
    do {
        sql_query_open(&query, op->handle, SINCE);
        sql_query_account(&query, account);
        sql_query_int(&query, place.generation);
        sql_query_text(&query, place.guid);
        sql_query_piece(&query, &piece);
        while ((r = sql_query_step(&query)) > 0) {
            place.generation = sql_column_int(&query, 0);
            sql_read_bookmark(&query, 1, &bookmark);
            snprintf(guid, sizeof(guid), "%s", bookmark.guid);
            if (cb(ctx, place.generation, &bookmark) != 0)
                break;
        }
        place.guid = guid;
    } while (sql_query_close_piece(&query, &piece, r));
    return r > 0 ? 0 : r;
}

int sql_bookmarks_since(void *self, struct hearth_call *call, const char *account, int64_t since,
                        int64_t after_generation, const char *after, hearth_bookmark_change_cb cb,
                        void *ctx)
{
    struct op op;
    struct bookmark_place place = {sql_generation_before(since) + 1, ""};
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    if (after != NULL)
        place = (struct bookmark_place){after_generation, after};
    return sql_op_end(&op, bookmarks_list_since(&op, account, place, cb, ctx));
}
