#include "verify.h"

#include <stdio.h>

#include "bookmarks.h"
#include "fold.h"
#include "query.h"
#include "session.h"

/* Each yields one line of text for each thing found. Lines name ids, not titles or URLs: they end up in bug reports. */
static const char *const RULES[] = {
    /* The counters of an account. */
    "SELECT printf('account %s: %s is kept as %d, but there are %d', id, what, kept, found) FROM ("
    "SELECT id, 'devices' AS what, devices AS kept, (SELECT count(*) FROM devices d WHERE d.account = a.row) AS found FROM accounts a "
    "UNION ALL SELECT id, 'tabs', tabs, (SELECT count(*) FROM tabs t WHERE t.account = a.row) FROM accounts a "
    "UNION ALL SELECT id, 'bookmarks', bookmarks, "
    "(SELECT count(*) FROM bookmarks b WHERE b.account = a.row AND b.kind IN (1, 4, 5)) FROM accounts a "
    "UNION ALL SELECT id, 'folders', folders, (SELECT count(*) FROM bookmarks b WHERE b.account = a.row AND b.kind = 2 "
    "AND b.guid NOT IN (SELECT guid FROM bookmark_roots)) FROM accounts a "
    "UNION ALL SELECT id, 'pages', pages, (SELECT count(*) FROM pages p WHERE p.account = a.row "
    "AND EXISTS (SELECT 1 FROM visits v WHERE v.page_row = p.row)) FROM accounts a "
    "UNION ALL SELECT id, 'visits', visits, (SELECT count(*) FROM visits v JOIN pages p ON p.row = v.page_row WHERE p.account = a.row) "
    "FROM accounts a) WHERE kept <> found",
    /* Pages and their visits. */
    "SELECT printf('page %d of account row %d: visit_count is %d, its visits make %d', id, account, visit_count, found) FROM ("
    "SELECT id, account, visit_count, (SELECT count(*) FROM visits v JOIN visit_types t USING (type) "
    "WHERE v.page_row = p.row AND t.counted) AS found FROM pages p) WHERE visit_count <> found",
    "SELECT printf('page %d of account row %d: last_visit is %d, its newest visit %d', id, account, last_visit, found) FROM ("
    "SELECT id, account, last_visit, coalesce((SELECT max(date) FROM visits v WHERE v.page_row = p.row), 0) AS found FROM pages p) "
    "WHERE last_visit <> found",
    "SELECT printf('page %d of account row %d: %d visits do not agree with it in account, id, host or hidden', p.id, p.account, count(*)) "
    "FROM pages p JOIN visits v ON v.page_row = p.row "
    "WHERE v.account <> p.account OR v.page <> p.id OR v.hidden <> p.hidden OR v.host_key <> host_key(p.host) GROUP BY p.row",
    "SELECT printf('page %d of account row %d: bookmarks is %d, but %d have its URL', id, account, bookmarks, found) FROM ("
    "SELECT id, account, bookmarks, (SELECT count(*) FROM bookmarks b WHERE b.account = p.account AND b.page = p.id) AS found "
    "FROM pages p) WHERE bookmarks <> found",
    "SELECT printf('page %d of account row %d: its generation %d has not come yet', p.id, p.account, p.generation) "
    "FROM pages p JOIN accounts a ON a.row = p.account WHERE p.generation > a.generation + 1",
    "SELECT printf('page %d of account row %d: is there, but remembered as removed', p.id, p.account) "
    "FROM removed_pages r JOIN pages p ON p.account = r.account AND p.id = r.id",
    "SELECT printf('page guid %s of account row %d: belongs to a page of another account', g.guid, g.account) "
    "FROM page_guids g JOIN pages p ON p.row = g.page_row WHERE p.account <> g.account",
    /* The tree of bookmarks. The root itself may have no row. */
    "SELECT printf('bookmark %s of account row %d: its parent %s is not there', b.guid, b.account, b.parent) FROM bookmarks b "
    "WHERE b.parent IS NOT NULL AND b.parent NOT IN ('root________', 'places') "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.account = b.account AND p.guid = b.parent)",
    "SELECT printf('bookmark %s of account row %d: its parent %s is not a folder', b.guid, b.account, b.parent) FROM bookmarks b "
    "JOIN bookmarks p ON p.account = b.account AND p.guid = b.parent WHERE p.kind <> 2",
    "WITH RECURSIVE up (account, guid) AS (SELECT account, guid FROM bookmarks WHERE parent IS NULL OR parent IN ('root________', "
    "'places') "
    "UNION SELECT b.account, b.guid FROM up CROSS JOIN bookmarks b ON b.account = up.account AND b.parent = up.guid) "
    "SELECT printf('bookmark %s of account row %d: its folders go round in a circle', b.guid, b.account) FROM bookmarks b "
    "WHERE EXISTS (SELECT 1 FROM bookmarks p WHERE p.account = b.account AND p.guid = b.parent) "
    "AND (b.account, b.guid) NOT IN (SELECT account, guid FROM up) "
    "AND (b.account, b.parent) NOT IN (SELECT c.account, c.guid FROM bookmarks c WHERE c.parent IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.account = c.account AND p.guid = c.parent))",
    "SELECT printf('folder %s of account row %d: %d bookmarks have position %d', parent, account, count(*), position) FROM bookmarks "
    "WHERE parent IS NOT NULL GROUP BY account, parent, position HAVING count(*) > 1",
    "SELECT printf('bookmark %s of account row %d: is there, but has a tombstone', b.guid, b.account) "
    "FROM bookmark_tombstones t JOIN bookmarks b ON b.account = t.account AND b.guid = t.guid",
    "SELECT printf('bookmark %s of account row %d: its page %d is not there', b.guid, b.account, b.page) FROM bookmarks b "
    "WHERE b.page IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pages p WHERE p.account = b.account AND p.id = b.page)",
    "SELECT printf('bookmark %s of account row %d: its tags were added at %d, it at %d', b.guid, b.account, t.added, b.added) "
    "FROM bookmark_tags t JOIN bookmarks b ON b.account = t.account AND b.guid = t.guid WHERE t.added <> b.added GROUP BY b.row",
    "SELECT printf('bookmark %s of account row %d: has rows of tags, but no tags', b.guid, b.account) FROM bookmark_tags t "
    "JOIN bookmarks b ON b.account = t.account AND b.guid = t.guid WHERE b.tags IS NULL OR b.kind NOT IN (1, 4, 5) GROUP BY b.row",
    "SELECT printf('token %s: its hash has %d bytes', id, length(hash)) FROM tokens WHERE length(hash) <> 32",
};

struct report {
    struct session *session;
    hearth_text_cb cb;
    void *ctx;
    bool stopped;
};

static void say(struct report *report, const char *line)
{
    if (!report->stopped && report->cb(report->ctx, line) != 0)
        report->stopped = true;
}

static int check_rule(struct report *report, const char *sql)
{
    struct query query;
    int r = 0;
    query_open(&query, report->session, sql);
    while (!report->stopped && (r = query_step(&query)) > 0)
        say(report, column_text(&query, 0));
    query_close(&query);
    return r < 0 ? r : 0;
}

static int check_file(struct report *report)
{
    struct query query;
    int r = 0;
    query_open(&query, report->session, "PRAGMA integrity_check");
    while (!report->stopped && (r = query_step(&query)) > 0)
        if (strcmp(column_text(&query, 0), "ok") != 0)
            say(report, column_text(&query, 0));
    query_close(&query);
    return r < 0 ? r : 0;
}

static int check_foreign_keys(struct report *report)
{
    struct query query;
    char line[200];
    int r = 0;
    query_open(&query, report->session, "PRAGMA foreign_key_check");
    while (!report->stopped && (r = query_step(&query)) > 0) {
        const char *row = column_text(&query, 1);
        snprintf(line, sizeof(line), "%s%s%s: refers to a row of %s that is not there", column_text(&query, 0), row == NULL ? "" : " row ",
                 row == NULL ? "" : row, column_text(&query, 2));
        say(report, line);
    }
    query_close(&query);
    return r < 0 ? r : 0;
}

/* 1: the bookmark has a row for this tag, 0: none. */
static int has_tag(struct session *session, int64_t account, const char *guid, const char *tag, size_t size)
{
    static const char FIND[] = "SELECT 1 FROM bookmark_tags WHERE account = ? AND guid = ? AND folded = CAST(? AS TEXT)";
    struct query query;
    int64_t one;
    char *folded = session->store->host->alloc(session->call, FOLD_GROWTH * size);
    if (folded == NULL)
        return hearth_fail(session->call, HEARTH_ERR_NOMEM, "out of memory");
    query_open(&query, session, FIND);
    query_int(&query, account);
    query_text(&query, guid);
    query_bytes(&query, folded, fold_text(tag, size, folded));
    int r = query_number(&query, &one);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

/* A field "tags" and the rows made of it, both ways: every tag has a row, and there are no more rows than different tags. */
static int check_tags(struct report *report)
{
    static const char TAGGED[] =
        "SELECT account, guid, tags, (SELECT count(*) FROM bookmark_tags t WHERE t.account = b.account AND t.guid = b.guid) "
        "FROM bookmarks b WHERE tags IS NOT NULL AND kind IN (1, 4, 5)";
    struct query query;
    char line[200];
    int r = 0;
    query_open(&query, report->session, TAGGED);
    while (!report->stopped && (r = query_step(&query)) > 0) {
        const char *guid = column_text(&query, 1), *at = column_text(&query, 2), *tag;
        int64_t account = column_int(&query, 0), tags = 0, missing = 0;
        for (size_t size; r >= 0 && (size = bookmark_next_tag(&at, &tag)) > 0; tags++) {
            r = has_tag(report->session, account, guid, tag, size);
            missing += r == 0;
        }
        if (r < 0)
            break;
        if (missing > 0 || column_int(&query, 3) > tags) {
            snprintf(line, sizeof(line), "bookmark %s of account row %lld: its %lld tags are not its rows in bookmark_tags", guid,
                     (long long)account, (long long)tags);
            say(report, line);
        }
    }
    query_close(&query);
    return r < 0 ? r : 0;
}

static int check_all(struct report *report)
{
    int r = check_file(report);
    if (r == 0)
        r = check_foreign_keys(report);
    for (size_t i = 0; r == 0 && i < sizeof(RULES) / sizeof(RULES[0]); i++)
        r = check_rule(report, RULES[i]);
    return r == 0 ? check_tags(report) : r;
}

int verify_run(void *self, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct report report = {.session = op.session, .cb = cb, .ctx = ctx};
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    r = query_exec(op.session, "BEGIN"); /* one state for all checks */
    if (r < 0)
        return op_end(&op, r);
    r = check_all(&report);
    sqlite3_exec(op.session->db, "ROLLBACK", NULL, NULL, NULL);
    return op_end(&op, r);
}
