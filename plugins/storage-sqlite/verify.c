#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "bookmarks.h"
#include "files.h"
#include "fold.h"
#include "query.h"
#include "session.h"

/* Each yields one line of text for each thing found. Lines name ids, not titles or URLs: they end up in bug reports. */
static const char *const SHARED_RULES[] = {
    "SELECT printf('token %s: its hash has %d bytes', id, length(hash)) FROM tokens WHERE length(hash) <> 32",
    "SELECT printf('account %s: it has no placement', id) FROM accounts WHERE placement = ''",
    "SELECT printf('account row %d: is not there, but has an identity of %s', account, issuer) FROM identities "
    "WHERE account NOT IN (SELECT row FROM accounts)",
    "SELECT printf('account row %d: an identity has an issuer of %d and a subject of %d bytes', account, i, s) FROM ("
    "SELECT account, length(CAST(issuer AS BLOB)) AS i, length(CAST(subject AS BLOB)) AS s FROM identities) "
    "WHERE i NOT BETWEEN 1 AND 1024 OR s NOT BETWEEN 1 AND 1024",
    "SELECT printf('account row %d: an identity is of the unknown issuer %s', account, issuer) FROM identities "
    "WHERE issuer <> 'proxy' AND issuer NOT GLOB 'sync:?*' AND issuer NOT GLOB 'oidc:?*' AND issuer NOT GLOB 'adopt:?*' "
    "AND issuer NOT GLOB 'left:?*' AND issuer NOT GLOB 'closed:?*'",
    /* An account whose identity another one has was there before identities were, and lost to who was seen last. */
    "SELECT printf('account %s: has no identity, so nobody can sign in to it: see \"hearthd account adopt\"', id) FROM accounts a "
    "WHERE uid <> '' AND length(CAST(uid AS BLOB)) <= 1024 AND length(CAST(provider AS BLOB)) <= 1019 "
    "AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.account = a.row AND i.issuer NOT GLOB 'adopt:*' AND i.issuer NOT GLOB 'left:*' "
    "AND i.issuer NOT GLOB 'closed:*') "
    "AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.issuer = 'sync:' || a.provider AND i.subject = a.uid)",
    "SELECT printf('property %s: a name and a text of %d bytes are none of hearthd''s', name, length(CAST(text AS BLOB))) FROM properties "
    "WHERE name GLOB '*[^a-z_]*' OR length(name) NOT BETWEEN 1 AND 64 OR length(CAST(text AS BLOB)) > 4096",
    "SELECT 'property owned: its text cannot be read' FROM properties WHERE name = 'owned' AND text <> 'yes'",
    "WITH RECURSIVE lines (line, rest) AS (SELECT NULL, text FROM properties WHERE name = 'key_fingerprint' "
    "UNION ALL SELECT substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1) FROM lines "
    "WHERE instr(rest, char(10)) > 0) SELECT 'property key_fingerprint: its text cannot be read' FROM lines "
    "WHERE (line IS NULL AND rest = '') OR (rest <> '' AND instr(rest, char(10)) = 0) OR line NOT GLOB '[1-9]*' "
    "OR instr(line, ' ') <> length(line) - 16 OR substr(line, -16) GLOB '*[^0-9a-f]*' "
    "OR substr(line, 1, length(line) - 17) GLOB '*[^0-9]*' OR length(line) > 27 LIMIT 1",
};

/* The same in a person's file; the account is named before each line. */
static const char *const PERSON_RULES[] = {
    /* The counters. */
    "SELECT printf('%s is kept as %d, but there are %d', what, kept, found) FROM ("
    "SELECT 'devices' AS what, devices AS kept, (SELECT count(*) FROM devices) AS found FROM account "
    "UNION ALL SELECT 'tabs', tabs, (SELECT count(*) FROM tabs) FROM account "
    "UNION ALL SELECT 'bookmarks', bookmarks, (SELECT count(*) FROM bookmarks b WHERE b.kind IN (1, 4, 5)) FROM account "
    "UNION ALL SELECT 'folders', folders, (SELECT count(*) FROM bookmarks b WHERE b.kind = 2 "
    "AND b.guid NOT IN (SELECT guid FROM bookmark_roots)) FROM account "
    "UNION ALL SELECT 'pages', pages, (SELECT count(*) FROM pages p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.page_row = p.row)) "
    "FROM account "
    "UNION ALL SELECT 'visits', visits, (SELECT count(*) FROM visits v JOIN pages p ON p.row = v.page_row) FROM account) "
    "WHERE kept <> found",
    /* Pages and their visits. */
    "SELECT printf('page %d: visit_count is %d, its visits make %d', id, visit_count, found) FROM ("
    "SELECT id, visit_count, (SELECT count(*) FROM visits v JOIN visit_types t USING (type) "
    "WHERE v.page_row = p.row AND t.counted) AS found FROM pages p) WHERE visit_count <> found",
    "SELECT printf('page %d: last_visit is %d, its newest visit %d', id, last_visit, found) FROM ("
    "SELECT id, last_visit, coalesce((SELECT max(date) FROM visits v WHERE v.page_row = p.row), 0) AS found FROM pages p) "
    "WHERE last_visit <> found",
    "SELECT printf('page %d: %d visits do not agree with it in id, host or hidden', p.id, count(*)) "
    "FROM pages p JOIN visits v ON v.page_row = p.row "
    "WHERE v.page <> p.id OR v.hidden <> p.hidden OR v.host_key <> host_key(p.host) GROUP BY p.row",
    "SELECT printf('page %d: bookmarks is %d, but %d have its URL', id, bookmarks, found) FROM ("
    "SELECT id, bookmarks, (SELECT count(*) FROM bookmarks b WHERE b.page = p.id) AS found FROM pages p) WHERE bookmarks <> found",
    "SELECT printf('page %d: its generation %d has not come yet', p.id, p.generation) "
    "FROM pages p JOIN account a ON p.generation > a.generation + 1",
    "SELECT printf('page %d: is there, but remembered as removed', p.id) FROM removed_pages r JOIN pages p ON p.id = r.id",
    /* The tree of bookmarks. The root itself may have no row. */
    "SELECT printf('bookmark %s: its parent %s is not there', b.guid, b.parent) FROM bookmarks b "
    "WHERE b.parent IS NOT NULL AND b.parent NOT IN ('root________', 'places') "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = b.parent)",
    "SELECT printf('bookmark %s: its parent %s is not a folder', b.guid, b.parent) FROM bookmarks b "
    "JOIN bookmarks p ON p.guid = b.parent WHERE p.kind <> 2",
    "WITH RECURSIVE up (guid) AS (SELECT guid FROM bookmarks WHERE parent IS NULL OR parent IN ('root________', 'places') "
    "UNION SELECT b.guid FROM up CROSS JOIN bookmarks b ON b.parent = up.guid) "
    "SELECT printf('bookmark %s: its folders go round in a circle', b.guid) FROM bookmarks b "
    "WHERE EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = b.parent) AND b.guid NOT IN (SELECT guid FROM up) "
    "AND b.parent NOT IN (SELECT c.guid FROM bookmarks c WHERE c.parent IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = c.parent))",
    "SELECT printf('folder %s: %d bookmarks have position %d', parent, count(*), position) FROM bookmarks "
    "WHERE parent IS NOT NULL GROUP BY parent, position HAVING count(*) > 1",
    "SELECT printf('folder %s: children are kept as %d, but there are %d', guid, kept, found) FROM ("
    "SELECT guid, sum(kept) AS kept, sum(found) AS found FROM (SELECT guid, children AS kept, 0 AS found FROM bookmark_folders "
    "UNION ALL SELECT parent, 0, count(*) FROM bookmarks WHERE parent IS NOT NULL GROUP BY parent) GROUP BY guid) WHERE kept <> found",
    "SELECT printf('bookmark %s: is there, but has a tombstone', b.guid) FROM bookmark_tombstones t JOIN bookmarks b ON b.guid = t.guid",
    "SELECT printf('bookmark %s: its page %d is not there', b.guid, b.page) FROM bookmarks b "
    "WHERE b.page IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pages p WHERE p.id = b.page)",
    "SELECT printf('bookmark %s: its tags were added at %d, it at %d', b.guid, t.added, b.added) "
    "FROM bookmark_tags t JOIN bookmarks b ON b.guid = t.guid WHERE t.added <> b.added GROUP BY b.row",
    "SELECT printf('bookmark %s: has rows of tags, but no tags', b.guid) FROM bookmark_tags t "
    "JOIN bookmarks b ON b.guid = t.guid WHERE b.tags IS NULL OR b.kind NOT IN (1, 4, 5) GROUP BY b.row",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct report {
    struct session *session;
    const char *account; /* whose file is being checked; NULL: the shared one */
    hearth_text_cb cb;
    void *ctx;
    bool stopped;
};

static void say(struct report *report, const char *line)
{
    char named[512];
    if (report->account != NULL) {
        snprintf(named, sizeof(named), "account %s: %s", report->account, line);
        line = named;
    }
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
static int has_tag(struct session *session, const char *guid, const char *tag, size_t size)
{
    static const char FIND[] = "SELECT 1 FROM bookmark_tags WHERE guid = ? AND folded = CAST(? AS TEXT)";
    struct query query;
    int64_t one;
    char *folded = session->store->host->alloc(session->call, FOLD_GROWTH * size);
    if (folded == NULL)
        return hearth_fail(session->call, HEARTH_ERR_NOMEM, "out of memory");
    query_open(&query, session, FIND);
    query_text(&query, guid);
    query_bytes(&query, folded, fold_text(tag, size, folded));
    int r = query_number(&query, &one);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

/* A field "tags" and the rows made of it, both ways: every tag has a row, and there are no more rows than different tags. */
static int check_tags(struct report *report)
{
    static const char TAGGED[] = "SELECT guid, tags, (SELECT count(*) FROM bookmark_tags t WHERE t.guid = b.guid) "
                                 "FROM bookmarks b WHERE tags IS NOT NULL AND kind IN (1, 4, 5)";
    struct query query;
    char line[200];
    int r = 0;
    query_open(&query, report->session, TAGGED);
    while (!report->stopped && (r = query_step(&query)) > 0) {
        const char *guid = column_text(&query, 0), *at = column_text(&query, 1), *tag;
        int64_t tags = 0, missing = 0;
        for (size_t size; r >= 0 && (size = bookmark_next_tag(&at, &tag)) > 0; tags++) {
            r = has_tag(report->session, guid, tag, size);
            missing += r == 0;
        }
        if (r < 0)
            break;
        if (missing > 0 || column_int(&query, 2) > tags) {
            snprintf(line, sizeof(line), "bookmark %s: its %lld tags are not its rows in bookmark_tags", guid, (long long)tags);
            say(report, line);
        }
    }
    query_close(&query);
    return r < 0 ? r : 0;
}

/* One state for all checks of a file. */
static int check_database(struct report *report, const char *const rules[], size_t count)
{
    struct session *session = report->session;
    int r = query_exec(session, "BEGIN");
    if (r < 0)
        return r;
    r = check_file(report);
    if (r == 0)
        r = check_foreign_keys(report);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = check_rule(report, rules[i]);
    if (r == 0 && report->account != NULL)
        r = check_tags(report);
    sqlite3_exec(session->current->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* A file that is missing, damaged or somebody else's is a finding: the others are looked at as well. */
static int check_person(struct report *report, const char *account)
{
    struct session *session = report->session;
    struct connection *connection;
    struct file_state state;
    report->account = account;
    int r = pool_borrow(session, account, &connection);
    if (r == 0) {
        session->current = connection;
        r = check_database(report, PERSON_RULES, COUNT(PERSON_RULES));
        session->current = session->shared;
        pool_give_back(session, connection);
    }
    if ((r == HEARTH_ERR_IO || r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_UNSUPPORTED) && session_stopped(session) == 0) {
        /* It may have been removed in the usual way since the list was made. */
        char why[400];
        snprintf(why, sizeof(why), "%s", session->call->error);
        int now = file_state(session, account, &state);
        if (now == 0)
            say(report, why);
        r = now == HEARTH_ERR_NOT_FOUND ? 0 : now;
    }
    report->account = NULL;
    return r;
}

static int check_persons(struct report *report)
{
    static const char NEXT[] = "SELECT id FROM accounts WHERE file = 1 AND id > ? ORDER BY id LIMIT 1";
    char id[40] = "";
    int r = 0;
    while (r == 0 && !report->stopped) {
        struct query query;
        query_open(&query, report->session, NEXT);
        query_text(&query, id);
        int found = query_step(&query);
        char next[40] = "";
        if (found > 0)
            snprintf(next, sizeof(next), "%s", column_text(&query, 0));
        query_close(&query);
        if (found <= 0)
            return found;
        memcpy(id, next, sizeof(id));
        r = check_person(report, id);
    }
    return r;
}

/* Files without a row. One of a removed account is unlinked at the next start. */
static int check_strays(struct report *report)
{
    struct session *session = report->session;
    DIR *directory = opendir(session->store->accounts);
    int r = 0;
    if (directory == NULL)
        return hearth_fail(session->call, HEARTH_ERR_IO, "%s: %s", session->store->accounts, strerror(errno));
    for (struct dirent *entry; r == 0 && !report->stopped && (entry = readdir(directory)) != NULL;) {
        char id[40], line[400];
        struct query query;
        int64_t one;
        size_t size = strcspn(entry->d_name, ".");
        if (size == 0 || size >= sizeof(id) || strcmp(entry->d_name + size, ".db") != 0)
            continue;
        snprintf(id, sizeof(id), "%.*s", (int)size, entry->d_name);
        query_open(&query, session, "SELECT 1 FROM accounts WHERE id = ?1 UNION ALL SELECT 1 FROM removed_files WHERE id = ?1");
        query_text(&query, id);
        r = query_number(&query, &one);
        if (r == HEARTH_ERR_NOT_FOUND) {
            snprintf(line, sizeof(line), "%s/%s: belongs to no account: move it away", session->store->accounts, entry->d_name);
            say(report, line);
            r = 0;
        }
    }
    closedir(directory);
    return r;
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
    r = check_database(&report, SHARED_RULES, COUNT(SHARED_RULES));
    if (r == 0)
        r = check_persons(&report);
    if (r == 0)
        r = check_strays(&report);
    return op_end(&op, r);
}
