#include <stdint.h>

#include "batch.h"
#include "connection.h"
#include "pages.h"
#include "session.h"
#include "support/abi.h"
#include "support/number_set.h"

#define COLUMNS                                                                                                                            \
    "id, url, host, guid, title, bookmark_title, tags, frecency, visit_count, last_visit, bookmarks, bookmark_added, typed, hidden, "      \
    "generation"

/* at: the column of `id`. */
static void row_of(const struct query *query, int at, struct hearth_page *ret_page)
{
    *ret_page = (struct hearth_page){
        .struct_size = sizeof(*ret_page),
        .id = column_int(query, at),
        .url = column_text(query, at + 1),
        .host = column_text(query, at + 2),
        .guid = column_text(query, at + 3),
        .title = column_text(query, at + 4),
        .bookmark_title = column_text(query, at + 5),
        .tags = column_text(query, at + 6),
        .frecency = column_int(query, at + 7),
        .visit_count = column_int(query, at + 8),
        .last_visit = column_int(query, at + 9),
        .bookmarks = (uint32_t)column_int(query, at + 10),
        .bookmark_added = column_int(query, at + 11),
        .typed = column_bool(query, at + 12),
        .hidden = column_bool(query, at + 13),
        .generation = column_int(query, at + 14),
    };
}

static int keep(struct session *session, struct hearth_page *page)
{
    const char **texts[] = {&page->url, &page->host, &page->guid, &page->title, &page->bookmark_title, &page->tags};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        r = session_copy(session, *texts[i], texts[i]);
    return r;
}

int page_get(void *self, struct hearth_call *call, const char *account, int64_t id, struct hearth_page *ret_page)
{
    static const char GET[] = "SELECT " COLUMNS " FROM pages WHERE account = " ACCOUNT_ROW("$1") " AND id = $2";
    struct op op;
    struct query query;
    struct hearth_page page;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct batch *batch = &op.session->batch;
    bool own = batch->open && strcmp(batch->id, account) == 0;
    if (own && !batch->knows && ++batch->asked == batch->worth)
        r = page_learn(op.session);
    bool there = !batch->knows || support_number_set_has(&batch->pages, (uint64_t)id);
    query_open(&query, op.session, GET);
    query_text(&query, account);
    query_int(&query, id);
    if (r == 0)
        r = own && !there ? 0 : query_step(&query);
    if (r > 0) {
        row_of(&query, 0, &page);
        r = keep(op.session, &page);
    } else if (r == 0) {
        if (own)
            batch->absent = id;
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)id);
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(page, ret_page);
    return op_end(&op, r);
}

/* An array that is written out as text, "{1,2,3}", has so many ids at most. */
enum { PAGE_IDS = 100, PAGE_IDS_TEXT = PAGE_IDS * 21 + 3 };

static void page_ids_text(const int64_t *pages, size_t count, size_t first, char ret_text[PAGE_IDS_TEXT])
{
    size_t size = 0;
    for (size_t i = first; i < count && i < first + PAGE_IDS; i++)
        size += (size_t)snprintf(ret_text + size, PAGE_IDS_TEXT - size, "%c%lld", i == first ? '{' : ',', (long long)pages[i]);
    snprintf(ret_text + size, PAGE_IDS_TEXT - size, "%s", size == 0 ? "{}" : "}");
}

int pages_each_row(void *self, struct hearth_call *call, const char *sql, const char *account, const int64_t *pages, size_t count,
                   page_row_fn on_row, void *ctx)
{
    struct op op;
    struct query query;
    bool stop = false;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    for (size_t done = 0; r == 0 && !stop && done < count; done += PAGE_IDS) {
        char array[PAGE_IDS_TEXT];
        page_ids_text(pages, count, done, array);
        query_open(&query, op.session, sql);
        query_text(&query, account);
        query_text(&query, array);
        EACH_ROW(query, op, r, stop = on_row(ctx, &query) != 0; if (stop) break;)
        query_close(&query);
        r = r > 0 ? 0 : r;
    }
    return op_end(&op, r);
}

struct page_receiver {
    hearth_page_cb cb;
    void *ctx;
};

static int on_page_row(void *ctx, struct query *query)
{
    const struct page_receiver *receiver = ctx;
    struct hearth_page page;
    row_of(query, 0, &page);
    return receiver->cb(receiver->ctx, &page);
}

int pages_get(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx)
{
    static const char GET[] = "SELECT " COLUMNS " FROM pages WHERE account = " ACCOUNT_ROW("$1") " AND id = ANY ($2::bigint[])";
    struct page_receiver receiver = {cb, ctx};
    return pages_each_row(self, call, GET, account, pages, count, on_page_row, &receiver);
}

/* A piece of the scan, and where the next one begins. */
static int scan_piece(struct op *op, const char *account, int limit, struct hearth_page *page, hearth_page_cb cb, void *ctx)
{
    static const char SCAN[] =
        "SELECT id, url, title, bookmark_title, tags, frecency, visit_count, last_visit, bookmarks, bookmark_added, typed, hidden "
        "FROM pages WHERE account = " ACCOUNT_ROW("$1") " AND (frecency, id) < ($2, $3) ORDER BY frecency DESC, id DESC LIMIT $4";
    struct query query;
    query_open(&query, op->session, SCAN);
    query_text(&query, account);
    query_int(&query, page->frecency);
    query_int(&query, page->id);
    query_int(&query, limit);
    int r, stop = 0;
    EACH_ROW(query, *op, r, page->id = column_int(&query, 0); page->url = column_text(&query, 1); page->title = column_text(&query, 2);
             page->bookmark_title = column_text(&query, 3); page->tags = column_text(&query, 4); page->frecency = column_int(&query, 5);
             page->visit_count = column_int(&query, 6); page->last_visit = column_int(&query, 7);
             page->bookmarks = (uint32_t)column_int(&query, 8); page->bookmark_added = column_int(&query, 9);
             page->typed = column_bool(&query, 10); page->hidden = column_bool(&query, 11); stop = cb(ctx, page); if (stop != 0) break;)
    if (r == 0)
        r = query.rows == limit;
    else if (r > 0)
        r = 0; /* the callback wants no more */
    query_close(&query);
    return r;
}

/* In pieces by (frecency, id), all of one snapshot: memory does not grow with the account, and the first rows come soon. host, guid and
 * generation stay empty, as searching needs none of them. */
int pages_by_frecency(void *self, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx)
{
    enum { FIRST = 256, MOST = 4096 };
    struct op op;
    struct hearth_page page = {.struct_size = sizeof(page), .host = "", .frecency = INT64_MAX, .id = INT64_MAX};
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = transaction_begin(op.session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    if (r == 0) {
        r = 1;
        for (int limit = FIRST; r > 0; limit = limit < MOST ? limit * 4 : MOST)
            r = scan_piece(&op, account, limit, &page, cb, ctx);
        r = transaction_end(op.session, r);
    }
    return op_end(&op, r);
}

/* Pages changed, then pages gone, in pieces by (generation, id). 0: that was all, 1: there is more, 2: the callback wants no more. */
static int changed_piece(struct op *op, const char *account, bool gone, struct hearth_page *after, hearth_page_cb cb, void *ctx)
{
    enum { PIECE = 2000 };
    static const char CHANGED[] =
        "SELECT " COLUMNS
        " FROM pages WHERE account = " ACCOUNT_ROW("$1") " AND (generation, id) > ($2, $3) ORDER BY generation, id LIMIT 2000";
    static const char GONE[] = "SELECT id, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, false, false, generation FROM removed_pages "
                               "WHERE account = " ACCOUNT_ROW("$1") " AND (generation, id) > ($2, $3) ORDER BY generation, id LIMIT 2000";
    struct query query;
    struct hearth_page page;
    query_open(&query, op->session, gone ? GONE : CHANGED);
    query_text(&query, account);
    query_int(&query, after->generation);
    query_int(&query, after->id);
    int r;
    EACH_ROW(query, *op, r, row_of(&query, 0, &page); page.gone = gone; after->generation = page.generation; after->id = page.id;
             if (cb(ctx, &page) != 0) break;)
    if (r == 0)
        r = query.rows == PIECE;
    else if (r > 0)
        r = 2; /* the callback wants no more */
    query_close(&query);
    return r;
}

static int is_known(struct op *op, const char *account, int64_t since)
{
    struct query query;
    query_open(&query, op->session, "SELECT forgotten <= $2 AND $2 <= generation FROM accounts WHERE id = $1");
    query_text(&query, account);
    query_int(&query, since);
    int r = query_step(&query);
    bool known = r > 0 && column_bool(&query, 0);
    query_close(&query);
    if (r >= 0 && !known)
        return hearth_fail(op->session->call, HEARTH_ERR_NOT_FOUND, "what changed since generation %lld is not known any more",
                           (long long)since);
    return r < 0 ? r : 0;
}

int pages_changed(void *self, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = transaction_begin(op.session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    if (r == 0) {
        r = is_known(&op, account, since);
        for (int gone = 0; r == 0 && gone < 2; gone++) {
            struct hearth_page after = {.struct_size = sizeof(after), .generation = since, .id = INT64_MAX};
            do
                r = changed_piece(&op, account, gone != 0, &after, cb, ctx);
            while (r == 1);
        }
        r = transaction_end(op.session, r > 0 ? 0 : r);
    }
    return op_end(&op, r);
}
