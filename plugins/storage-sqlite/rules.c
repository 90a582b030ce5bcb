#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "storage-sql/bookmark_hooks.h"
#include "support/hash.h"

/* Each yields one line of text for each thing found. Lines name ids, not titles or URLs: they
 * end up in bug reports. */
static const char *const SHARED_RULES[] = {
    "SELECT printf('token %s: its hash has %d bytes', id, length(hash)) FROM tokens WHERE "
    "length(hash) <> 32",
    "SELECT printf('account %s: it has no placement', id) FROM accounts WHERE placement = ''",
    "SELECT printf('account row %d: is not there, but has an identity of %s', account, issuer) "
    "FROM identities "
    "WHERE account NOT IN (SELECT row FROM accounts)",
    "SELECT printf('account row %d: an identity has an issuer of %d and a subject of %d bytes', "
    "account, i, s) FROM ("
    "SELECT account, length(CAST(issuer AS BLOB)) AS i, length(CAST(subject AS BLOB)) AS s FROM "
    "identities) "
    "WHERE i NOT BETWEEN 1 AND 1024 OR s NOT BETWEEN 1 AND 1024",
    "SELECT printf('account row %d: an identity is of the unknown issuer %s', account, issuer) "
    "FROM identities "
    "WHERE issuer <> 'proxy' AND issuer NOT GLOB 'sync:?*' AND issuer NOT GLOB 'oidc:?*' AND "
    "issuer NOT GLOB 'adopt:?*' "
    "AND issuer NOT GLOB 'left:?*' AND issuer NOT GLOB 'closed:?*'",
    /* An account whose identity another one has was there before identities were, and lost to
     * who was seen last. */
    "SELECT printf('account %s: has no identity, so nobody can sign in to it: see \"hearthd "
    "account adopt\"', id) FROM accounts a "
    "WHERE uid <> '' AND length(CAST(uid AS BLOB)) <= 1024 AND length(CAST(provider AS BLOB)) <= "
    "1019 "
    "AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.account = a.row AND i.issuer NOT GLOB "
    "'adopt:*' AND i.issuer NOT GLOB 'left:*' "
    "AND i.issuer NOT GLOB 'closed:*') "
    "AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.issuer = 'sync:' || a.provider AND "
    "i.subject = a.uid)",
    "SELECT printf('property %s: a name and a text of %d bytes are none of hearthd''s', name, "
    "length(CAST(text AS BLOB))) FROM properties "
    "WHERE name GLOB '*[^a-z_]*' OR length(name) NOT BETWEEN 1 AND 64 OR length(CAST(text AS "
    "BLOB)) > 4096",
    "SELECT 'property owned: its text cannot be read' FROM properties WHERE name = 'owned' AND "
    "text <> 'yes'",
    "WITH RECURSIVE lines (line, rest) AS (SELECT NULL, text FROM properties WHERE name = "
    "'key_fingerprint' "
    "UNION ALL SELECT substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, "
    "char(10)) + 1) FROM lines "
    "WHERE instr(rest, char(10)) > 0) SELECT 'property key_fingerprint: its text cannot be read' "
    "FROM lines "
    "WHERE (line IS NULL AND rest = '') OR (rest <> '' AND instr(rest, char(10)) = 0) OR line NOT "
    "GLOB '[1-9]*' "
    "OR instr(line, ' ') <> length(line) - 16 OR substr(line, -16) GLOB '*[^0-9a-f]*' "
    "OR substr(line, 1, length(line) - 17) GLOB '*[^0-9]*' OR length(line) > 27 LIMIT 1",
};

/* The same in a person's file; the account is named before each line. */
static const char *const PERSON_RULES[] = {
    /* The counters. */
    "SELECT printf('%s is kept as %d, but there are %d', what, kept, found) FROM ("
    "SELECT 'devices' AS what, devices AS kept, (SELECT count(*) FROM devices) AS found FROM "
    "account "
    "UNION ALL SELECT 'tabs', tabs, (SELECT count(*) FROM tabs) FROM account "
    "UNION ALL SELECT 'bookmarks', bookmarks, (SELECT count(*) FROM bookmarks b WHERE b.kind IN "
    "(1, 4, 5)) FROM account "
    "UNION ALL SELECT 'folders', folders, (SELECT count(*) FROM bookmarks b WHERE b.kind = 2 "
    "AND b.guid NOT IN (SELECT guid FROM bookmark_roots)) FROM account "
    "UNION ALL SELECT 'pages', pages, (SELECT count(*) FROM pages p WHERE EXISTS (SELECT 1 FROM "
    "visits v WHERE v.page_row = p.row)) "
    "FROM account "
    "UNION ALL SELECT 'visits', visits, (SELECT count(*) FROM visits v JOIN pages p ON p.row = "
    "v.page_row) FROM account) "
    "WHERE kept <> found",
    /* Pages and their visits. One of which nobody says how it came about counts (type 0), and
     * one before 1970 is no last one. */
    "SELECT printf('page %d: visit_count is %d, its visits make %d', id, visit_count, found) FROM ("
    "SELECT id, visit_count, (SELECT count(*) FROM visits v JOIN visit_types t USING (type) "
    "WHERE v.page_row = p.row AND (t.counted OR v.type = 0)) AS found FROM pages p) WHERE "
    "visit_count <> found",
    "SELECT printf('page %d: last_visit is %d, its newest visit %d', id, last_visit, found) FROM ("
    "SELECT id, last_visit, max(coalesce((SELECT max(date) FROM visits v WHERE v.page_row = "
    "p.row), 0), 0) AS found FROM pages p) "
    "WHERE last_visit <> found",
    "SELECT printf('page %d: %d visits do not agree with it in id, host or hidden', p.id, "
    "count(*)) "
    "FROM pages p JOIN visits v ON v.page_row = p.row "
    "WHERE v.page <> p.id OR v.hidden <> p.hidden OR v.host_key <> host_key(p.host) GROUP BY p.row",
    "SELECT printf('page %d: bookmarks is %d, but %d have its URL', id, bookmarks, found) FROM ("
    "SELECT id, bookmarks, (SELECT count(*) FROM bookmarks b WHERE b.page = p.id) AS found FROM "
    "pages p) WHERE bookmarks <> found",
    "SELECT printf('page %d: its generation %d has not come yet', p.id, p.generation) "
    "FROM pages p JOIN account a ON p.generation > a.generation + 1",
    "SELECT printf('page %d: is there, but remembered as removed', p.id) FROM removals r JOIN "
    "pages p ON p.id = r.page WHERE r.kind = 1",
    "SELECT printf('page %d: %d visits are there, but remembered as removed', v.page, count(*)) "
    "FROM removals r JOIN pages p ON p.id = "
    "r.page "
    "JOIN visits v ON v.page_row = p.row AND v.date = r.date AND v.type = r.type WHERE r.kind = 2 "
    "GROUP BY v.page",
    "SELECT printf('bookmark %s: is there, but remembered as removed', b.guid) FROM removals r "
    "JOIN bookmarks b ON b.guid = r.key "
    "WHERE r.kind = 3",
    "SELECT printf('device %s: %d tabs are there, but remembered as removed', t.device, count(*)) "
    "FROM removals r "
    "JOIN tabs t ON t.device = r.key AND t.position = r.position WHERE r.kind = 4 GROUP BY "
    "t.device",
    "SELECT printf('device %s: is there, but remembered as removed', d.id) FROM removals r JOIN "
    "devices d ON d.id = r.key WHERE r.kind = 5",
    "SELECT printf('a removal has the generation %d, which has not come yet', max(r.generation)) "
    "FROM removals r "
    "JOIN account a ON r.generation > a.generation + 1 HAVING count(*) > 0",
    "SELECT printf('collection %d: its generation %d is greater than %d, that of the account', "
    "g.collection, g.generation, a.generation) "
    "FROM generations g JOIN account a ON g.generation > a.generation",
    /* The tree of bookmarks. The root itself may have no row. */
    "SELECT printf('bookmark %s: its parent %s is not there', b.guid, b.parent) FROM bookmarks b "
    "WHERE b.parent IS NOT NULL AND b.parent NOT IN ('root________', 'places') "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = b.parent)",
    "SELECT printf('bookmark %s: its parent %s is not a folder', b.guid, b.parent) FROM bookmarks "
    "b "
    "JOIN bookmarks p ON p.guid = b.parent WHERE p.kind <> 2",
    "WITH RECURSIVE up (guid) AS (SELECT guid FROM bookmarks WHERE parent IS NULL OR parent IN "
    "('root________', 'places') "
    "UNION SELECT b.guid FROM up CROSS JOIN bookmarks b ON b.parent = up.guid) "
    "SELECT printf('bookmark %s: its folders go round in a circle', b.guid) FROM bookmarks b "
    "WHERE EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = b.parent) AND b.guid NOT IN (SELECT "
    "guid FROM up) "
    "AND b.parent NOT IN (SELECT c.guid FROM bookmarks c WHERE c.parent IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM bookmarks p WHERE p.guid = c.parent))",
    "SELECT printf('folder %s: %d bookmarks have position %d', parent, count(*), position) FROM "
    "bookmarks "
    "WHERE parent IS NOT NULL GROUP BY parent, position HAVING count(*) > 1",
    "SELECT printf('folder %s: children are kept as %d, but there are %d', guid, kept, found) FROM "
    "("
    "SELECT guid, sum(kept) AS kept, sum(found) AS found FROM (SELECT guid, children AS kept, 0 AS "
    "found FROM bookmark_folders "
    "UNION ALL SELECT parent, 0, count(*) FROM bookmarks WHERE parent IS NOT NULL GROUP BY parent) "
    "GROUP BY guid) WHERE kept <> found",
    "SELECT printf('bookmark %s: is there, but has a tombstone', b.guid) FROM bookmark_tombstones "
    "t JOIN bookmarks b ON b.guid = t.guid",
    "SELECT printf('bookmark %s: its page %d is not there', b.guid, b.page) FROM bookmarks b "
    "WHERE b.page IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pages p WHERE p.id = b.page)",
    "SELECT printf('bookmark %s: its tags were added at %d, it at %d', b.guid, t.added, b.added) "
    "FROM bookmark_tags t JOIN bookmarks b ON b.guid = t.guid WHERE t.added <> b.added GROUP BY "
    "b.row",
    "SELECT printf('bookmark %s: has rows of tags, but no tags', b.guid) FROM bookmark_tags t "
    "JOIN bookmarks b ON b.guid = t.guid WHERE b.tags IS NULL OR b.kind NOT IN (1, 4, 5) GROUP BY "
    "b.row",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct run {
    sqlite3 *db;
    hearth_text_cb cb;
    void *ctx;
    bool enough; /* the callback wants no more */
};

static void finding_report(struct run *run, const char *line)
{
    run->enough = run->enough || run->cb(run->ctx, line) != 0;
}

/* The end of a statement: the code of what failed in it, or SQLITE_OK. */
static int end_statement(sqlite3_stmt *statement, int r)
{
    int failed = sqlite3_finalize(statement);
    return r == SQLITE_OK || r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK
           : failed != SQLITE_OK                                 ? failed
                                                                 : r;
}

/* Each row is a finding, but for `sound`. */
static int check_rule(struct run *run, const char *sql, const char *sound)
{
    sqlite3_stmt *rule = NULL;
    int r = sqlite3_prepare_v2(run->db, sql, -1, &rule, NULL);
    while (r == SQLITE_OK && !run->enough && (r = sqlite3_step(rule)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(rule, 0);
        if (line == NULL || sound == NULL || strcmp(line, sound) != 0)
            finding_report(run, line == NULL ? "a value cannot be read" : line);
        r = SQLITE_OK;
    }
    return end_statement(rule, r);
}

static int check_foreign_keys(struct run *run)
{
    sqlite3_stmt *keys = NULL;
    char line[200];
    int r = sqlite3_prepare_v2(run->db, "PRAGMA foreign_key_check", -1, &keys, NULL);
    while (r == SQLITE_OK && !run->enough && (r = sqlite3_step(keys)) == SQLITE_ROW) {
        const char *row = (const char *)sqlite3_column_text(keys, 1);
        snprintf(line, sizeof(line), "%s%s%s: refers to a row of %s that is not there",
                 (const char *)sqlite3_column_text(keys, 0), row == NULL ? "" : " row ",
                 row == NULL ? "" : row, (const char *)sqlite3_column_text(keys, 2));
        finding_report(run, line);
        r = SQLITE_OK;
    }
    return end_statement(keys, r);
}

/* *ret_missing counts up when the bookmark has no row for this tag. */
static int look_for_tag(sqlite3_stmt *find, const char *guid, const char *tag, size_t size,
                        int64_t *ret_missing)
{
    char *folded = malloc(CODEC_FOLD_GROWTH * size + 1);
    if (folded == NULL)
        return SQLITE_NOMEM;
    size_t length = codec_fold(tag, size, folded);
    int r = sqlite3_bind_text(find, 1, guid, -1, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_bind_blob64(find, 2, length == 0 ? "" : folded, length, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_step(find);
    *ret_missing += r == SQLITE_DONE;
    sqlite3_reset(find);
    free(folded);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int check_tagged(struct run *run, sqlite3_stmt *tagged, sqlite3_stmt *find)
{
    char line[200];
    const char *guid = (const char *)sqlite3_column_text(tagged, 0),
               *at = (const char *)sqlite3_column_text(tagged, 1), *tag;
    int64_t tags = 0, missing = 0;
    int r = SQLITE_OK;
    if (guid == NULL || at == NULL)
        return SQLITE_NOMEM;
    for (size_t size; r == SQLITE_OK && (size = sql_bookmark_next_tag(&at, &tag)) > 0; tags++)
        r = look_for_tag(find, guid, tag, size, &missing);
    if (r == SQLITE_OK && (missing > 0 || sqlite3_column_int64(tagged, 2) > tags)) {
        snprintf(line, sizeof(line), "bookmark %s: its %lld tags are not its rows in bookmark_tags",
                 guid, (long long)tags);
        finding_report(run, line);
    }
    return r;
}

/* A field "tags" and the rows made of it, both ways: every tag has a row, and there are no more
 * rows than different tags. */
static int check_tags(struct run *run)
{
    static const char TAGGED[] =
        "SELECT guid, tags, (SELECT count(*) FROM bookmark_tags t WHERE t.guid = b.guid) "
        "FROM bookmarks b WHERE tags IS NOT NULL AND kind IN (1, 4, 5)";
    static const char FIND[] =
        "SELECT 1 FROM bookmark_tags WHERE guid = ? AND folded = CAST(? AS TEXT)";
    sqlite3_stmt *tagged = NULL, *find = NULL;
    int r = sqlite3_prepare_v2(run->db, TAGGED, -1, &tagged, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_prepare_v2(run->db, FIND, -1, &find, NULL);
    while (r == SQLITE_OK && !run->enough && (r = sqlite3_step(tagged)) == SQLITE_ROW)
        r = check_tagged(run, tagged, find);
    sqlite3_finalize(find);
    return end_statement(tagged, r);
}

/* host_key(text) for the rules. Nothing stored uses it: the sqlite3 shell can do all without it. */
static void host_key_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *host = (const char *)sqlite3_value_text(values[0]);
    if (host != NULL)
        sqlite3_result_int64(context, support_host_key(host));
}

static int rules_check_each(struct run *run, const char *const rules[], size_t count)
{
    int r = sqlite3_create_function(run->db, "host_key", 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                    host_key_function, NULL, NULL);
    if (r == SQLITE_OK)
        r = sqlite_rules_check_structure(run->db, run->cb, run->ctx, &run->enough);
    for (size_t i = 0; r == SQLITE_OK && !run->enough && i < count; i++)
        r = check_rule(run, rules[i], NULL);
    return r;
}

int sqlite_rules_check_structure(sqlite3 *db, hearth_text_cb cb, void *ctx, bool *ret_enough)
{
    struct run run = {db, cb, ctx, false};
    int r = check_rule(&run, "PRAGMA integrity_check", "ok");
    if (r == SQLITE_OK)
        r = check_foreign_keys(&run);
    *ret_enough = run.enough;
    return r;
}

int sqlite_rules_check_shared(sqlite3 *db, hearth_text_cb cb, void *ctx)
{
    struct run run = {db, cb, ctx, false};
    return rules_check_each(&run, SHARED_RULES, sizeof(SHARED_RULES) / sizeof(SHARED_RULES[0]));
}

int sqlite_rules_check_person(sqlite3 *db, hearth_text_cb cb, void *ctx)
{
    struct run run = {db, cb, ctx, false};
    int r = rules_check_each(&run, PERSON_RULES, sizeof(PERSON_RULES) / sizeof(PERSON_RULES[0]));
    return r == SQLITE_OK && !run.enough ? check_tags(&run) : r;
}

int sqlite_rules_count_finding(void *ctx, const char *line)
{
    struct rules_findings *findings = ctx;
    if (findings->count++ == 0)
        snprintf(findings->first, sizeof(findings->first), "%s", line);
    return findings->count >= RULES_ENOUGH;
}

const char *sqlite_rules_findings_text(struct rules_findings *findings)
{
    if (findings->count > 1)
        snprintf(findings->text, sizeof(findings->text), "%s, and %s%d more", findings->first,
                 findings->count >= RULES_ENOUGH ? "at least " : "", findings->count - 1);
    else
        snprintf(findings->text, sizeof(findings->text), "%s", findings->first);
    return findings->text;
}
