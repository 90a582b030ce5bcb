#include "files.h"
#include "pages.h"
#include "query.h"
#include "session.h"
#include "support/abi.h"
#include "support/hash.h"

#define COLUMNS                                                                                                                            \
    "row, id, url, host, guid, title, bookmark_title, tags, frecency, visit_count, last_visit, bookmarks, bookmark_added, typed, hidden, " \
    "generation"

/* at: the column of `row`. */
static void row_of(struct query *query, int at, struct hearth_page *ret_page)
{
    *ret_page = (struct hearth_page){
        .struct_size = sizeof(*ret_page),
        .id = column_int(query, at + 1),
        .url = column_text(query, at + 2),
        .host = column_text(query, at + 3),
        .guid = column_text(query, at + 4),
        .title = column_text(query, at + 5),
        .bookmark_title = column_text(query, at + 6),
        .tags = column_text(query, at + 7),
        .frecency = column_int(query, at + 8),
        .visit_count = column_int(query, at + 9),
        .last_visit = column_int(query, at + 10),
        .bookmarks = (uint32_t)column_int(query, at + 11),
        .bookmark_added = column_int(query, at + 12),
        .typed = column_int(query, at + 13) != 0,
        .hidden = column_int(query, at + 14) != 0,
        .generation = column_int(query, at + 15),
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

/* The core reads a page before it writes it: what is known now need not be looked up again. row 0: there is none. */
static void note_page(struct session *session, const char *account, int64_t row, int64_t id, const struct hearth_page *page)
{
    struct batch *batch = &session->batch;
    if (!batch->open || strcmp(batch->id, account) != 0)
        return;
    batch->page = (struct known_page){.id = id, .row = row};
    if (row != 0) {
        batch->page.host_key = support_host_key(page->host);
        batch->page.hidden = page->hidden;
    }
}

int page_get(void *self, struct hearth_call *call, const char *account, int64_t id, struct hearth_page *ret_page)
{
    static const char GET[] = "SELECT " COLUMNS " FROM pages WHERE id = ?";
    struct op op;
    struct query query;
    struct hearth_page page;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)id);
    query_open(&query, op.session, GET);
    query_int(&query, id);
    r = query_step(&query);
    if (r > 0) {
        row_of(&query, 0, &page);
        note_page(op.session, account, column_int(&query, 0), id, &page);
        r = keep(op.session, &page);
    } else if (r == 0) {
        note_page(op.session, account, 0, id, NULL);
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)id);
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(page, ret_page);
    return op_end(&op, r);
}

/* To borrow a connection costs more than to read a page. */
int pages_get(void *self, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx)
{
    static const char GET[] = "SELECT " COLUMNS " FROM pages WHERE id = ?";
    struct op op;
    bool stop = false;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && !stop && i < count; i++) {
        struct query query;
        struct hearth_page page;
        query_open(&query, op.session, GET);
        query_int(&query, pages[i]);
        r = query_step(&query);
        if (r > 0) {
            row_of(&query, 0, &page);
            stop = cb(ctx, &page) != 0;
            r = 0;
        }
        query_close(&query);
    }
    return op_end(&op, r);
}

int page_visits(void *self, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb, void *ctx)
{
    static const char VISITS[] = "SELECT v.date, v.type FROM pages p CROSS JOIN visits v ON v.page_row = p.row "
                                 "WHERE p.id = ? ORDER BY v.date DESC, v.type DESC";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, VISITS);
    query_int(&query, page);
    while ((r = query_step(&query)) > 0) {
        struct hearth_visit visit = {.date = column_int(&query, 0), .type = (int32_t)column_int(&query, 1)};
        if (cb(ctx, &visit) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

/* Reads nothing but the index pages_by_frecency. A column costs about 20 ns a page, so only what searching needs is in it: host, guid and
 * generation stay empty. */
int pages_by_frecency(void *self, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx)
{
    static const char SCAN[] =
        "SELECT id, url, title, bookmark_title, tags, frecency, visit_count, last_visit, bookmarks, bookmark_added, typed, "
        "hidden FROM pages INDEXED BY pages_by_frecency ORDER BY frecency DESC, id DESC";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, SCAN);
    struct hearth_page page = {.struct_size = sizeof(page), .host = ""};
    while ((r = query_step(&query)) > 0) {
        page.id = column_int(&query, 0);
        page.url = column_text(&query, 1);
        page.title = column_text(&query, 2);
        page.bookmark_title = column_text(&query, 3);
        page.tags = column_text(&query, 4);
        page.frecency = column_int(&query, 5);
        page.visit_count = column_int(&query, 6);
        page.last_visit = column_int(&query, 7);
        page.bookmarks = (uint32_t)column_int(&query, 8);
        page.bookmark_added = column_int(&query, 9);
        page.typed = column_int(&query, 10) != 0;
        page.hidden = column_int(&query, 11) != 0;
        if (cb(ctx, &page) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

/* One statement, so one snapshot: the account, whose row says whether the answer is known, then the pages, then those that are gone. */
static const char CHANGED[] =
    "SELECT forgotten <= ?1 AND ?1 <= generation, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0 "
    "FROM account "
    "UNION ALL SELECT 2, " COLUMNS " FROM pages INDEXED BY pages_by_generation WHERE generation > ?1 "
    "UNION ALL SELECT 3, 0, id, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, generation "
    "FROM removed_pages INDEXED BY removed_pages_by_generation WHERE generation > ?1";

enum { CHANGED_KNOWN = 1, CHANGED_GONE = 3 };

/* Nothing was ever stored: nothing has changed since what the account began with. */
static int unchanged_without_file(void *self, struct hearth_call *call, const char *account, int64_t since)
{
    struct op op;
    struct file_state state;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = file_state(op.session, account, &state);
    if (r == 0 && (since < 0 || since > state.generation))
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "what changed since generation %lld is not known any more", (long long)since);
    return op_end(&op, r);
}

int pages_changed(void *self, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    struct hearth_page page;
    bool known = false;
    int r = op_begin_person(&op, self, call, account);
    if (r == OP_NO_FILE)
        return unchanged_without_file(self, call, account, since);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    query_open(&query, op.session, CHANGED);
    query_int(&query, since);
    while ((r = query_step(&query)) > 0) {
        int64_t what = column_int(&query, 0);
        if (what == CHANGED_KNOWN) {
            known = true;
            continue;
        }
        row_of(&query, 1, &page);
        page.gone = what == CHANGED_GONE;
        if (!known || cb(ctx, &page) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    if (r == 0 && !known)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "what changed since generation %lld is not known any more", (long long)since);
    return op_end(&op, r);
}
