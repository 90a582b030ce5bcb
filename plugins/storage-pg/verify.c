#include "connection.h"
#include "handle.h"
#include "storage-sql/batch_hooks.h"

/* Each yields one line of text for each thing found. Lines name ids, not titles or URLs: they
 * end up in bug reports. */
static const char *const rules[] = {
    "SELECT format('account %s: %s is kept as %s, but there are %s', id, what, kept, found) FROM ("
    "SELECT id, 'devices' AS what, devices AS kept, (SELECT count(*) FROM devices d WHERE "
    "d.account = a.row) AS found FROM accounts a "
    "UNION ALL SELECT id, 'tabs', tabs, (SELECT count(*) FROM tabs t WHERE t.account = a.row) FROM "
    "accounts a "
    "UNION ALL SELECT id, 'bookmarks', bookmarks, (SELECT count(*) FROM bookmarks b WHERE "
    "b.account = a.row AND b.kind IN (1, 4, 5)) "
    "FROM accounts a UNION ALL SELECT id, 'folders', folders, (SELECT count(*) FROM bookmarks b "
    "WHERE b.account = a.row AND b.kind = 2 "
    "AND b.guid NOT IN (SELECT guid FROM bookmark_roots)) FROM accounts a "
    "UNION ALL SELECT id, 'pages', pages, (SELECT count(DISTINCT page) FROM visits v WHERE "
    "v.account = a.row) FROM accounts a "
    "UNION ALL SELECT id, 'visits', visits, (SELECT count(*) FROM visits v WHERE v.account = "
    "a.row) FROM accounts a) c WHERE kept <> found",
    "SELECT format('page %s of account row %s: visit_count is %s, its visits make %s', p.id, "
    "p.account, p.visit_count, coalesce(n, 0)) "
    "FROM pages p LEFT JOIN (SELECT account, page, count(*) AS n FROM visits JOIN visit_types t "
    "USING (type) WHERE t.counted OR type = 0 "
    "GROUP BY 1, "
    "2) v "
    "ON v.account = p.account AND v.page = p.id WHERE p.visit_count <> coalesce(n, 0)",
    "SELECT format('page %s of account row %s: last_visit is %s, its newest visit %s', p.id, "
    "p.account, p.last_visit, coalesce(n, 0)) "
    "FROM pages p LEFT JOIN (SELECT account, page, greatest(max(date), 0) AS n FROM visits GROUP "
    "BY 1, 2) v ON v.account = p.account AND "
    "v.page = p.id "
    "WHERE p.last_visit <> coalesce(n, 0)",
    "SELECT format('visits of page %s of account row %s: there is no such page', v.page, "
    "v.account) FROM visits v "
    "LEFT JOIN pages p ON p.account = v.account AND p.id = v.page WHERE p.id IS NULL GROUP BY "
    "v.account, v.page",
    "SELECT format('page %s of account row %s: %s visits do not agree with it in host or hidden', "
    "p.id, p.account, count(*)) "
    "FROM pages p JOIN visits v ON v.account = p.account AND v.page = p.id WHERE v.hidden <> "
    "p.hidden OR v.host_key <> p.host_key "
    "GROUP BY p.account, p.id",
    "SELECT format('page %s of account row %s: bookmarks is %s, but %s have its URL', p.id, "
    "p.account, p.bookmarks, coalesce(n, 0)) "
    "FROM pages p LEFT JOIN (SELECT account, page, count(*) AS n FROM bookmarks WHERE page IS NOT "
    "NULL GROUP BY 1, 2) b "
    "ON b.account = p.account AND b.page = p.id WHERE p.bookmarks <> coalesce(n, 0)",
    "SELECT format('page %s of account row %s: its generation %s has not come yet', p.id, "
    "p.account, p.generation) "
    "FROM pages p JOIN accounts a ON a.row = p.account WHERE p.generation > a.generation + 1",
    "SELECT format('page %s of account row %s: is there, but remembered as removed', p.id, "
    "p.account) "
    "FROM removals r JOIN pages p ON p.account = r.account AND p.id = r.page WHERE r.kind = 1",
    "SELECT format('page %s of account row %s: %s visits are there, but remembered as removed', "
    "v.page, v.account, count(*)) "
    "FROM removals r JOIN visits v ON v.account = r.account AND v.page = r.page AND v.date = "
    "r.date AND v.type = r.type "
    "WHERE r.kind = 2 GROUP BY v.account, v.page",
    "SELECT format('bookmark %s of account row %s: is there, but remembered as removed', b.guid, "
    "b.account) FROM removals r "
    "JOIN bookmarks b ON b.account = r.account AND md5(b.guid) = md5(r.key) AND b.guid = r.key "
    "WHERE r.kind = 3",
    "SELECT format('device %s of account row %s: %s tabs are there, but remembered as removed', "
    "t.device, t.account, count(*)) "
    "FROM removals r JOIN tabs t ON t.account = r.account AND md5(t.device) = md5(r.key) AND "
    "t.device = r.key AND t.position = r.position "
    "WHERE r.kind = 4 GROUP BY t.account, t.device",
    "SELECT format('device %s of account row %s: is there, but remembered as removed', d.id, "
    "d.account) FROM removals r "
    "JOIN devices d ON d.account = r.account AND md5(d.id) = md5(r.key) AND d.id = r.key WHERE "
    "r.kind = 5",
    "SELECT format('account %s: a removal has the generation %s, which has not come yet', a.id, "
    "max(r.generation)) FROM removals r "
    "JOIN accounts a ON a.row = r.account WHERE r.generation > a.generation + 1 GROUP BY a.id",
    "SELECT format('account %s: the generation %s of collection %s is greater than %s, its own', "
    "a.id, g.generation, g.collection, "
    "a.generation) FROM generations g JOIN accounts a ON a.row = g.account WHERE g.generation > "
    "a.generation",
    "SELECT format('page guid %s of account row %s: its page is not there', g.guid, g.account) "
    "FROM page_guids g "
    "LEFT JOIN pages p ON p.account = g.account AND p.id = g.page WHERE p.id IS NULL",
    /* Of all tables that declare no foreign key, and of those whose key was switched off by
     * somebody. */
    "SELECT format('%s: has rows of account row %s, which is not there', t, account) FROM (SELECT "
    "DISTINCT 'pages' AS t, account FROM "
    "pages UNION SELECT DISTINCT 'visits', account FROM visits UNION SELECT DISTINCT 'removals', "
    "account FROM removals "
    "UNION SELECT DISTINCT 'page_guids', account FROM page_guids UNION SELECT DISTINCT "
    "'bookmarks', account FROM bookmarks "
    "UNION SELECT DISTINCT 'bookmark_tags', account FROM bookmark_tags UNION SELECT DISTINCT "
    "'bookmark_claims', account FROM "
    "bookmark_claims UNION SELECT DISTINCT 'bookmark_tombstones', account FROM bookmark_tombstones "
    "UNION SELECT DISTINCT 'bookmark_folders', account FROM bookmark_folders UNION SELECT DISTINCT "
    "'bookmark_moves', account FROM "
    "bookmark_moves UNION SELECT DISTINCT 'credentials', account FROM credentials UNION SELECT "
    "DISTINCT 'settings', account FROM settings "
    "UNION SELECT DISTINCT 'tokens', account FROM tokens UNION SELECT DISTINCT 'picks', account "
    "FROM picks UNION SELECT DISTINCT 'marks', "
    "account FROM marks UNION SELECT DISTINCT 'generations', account FROM generations UNION SELECT "
    "DISTINCT 'removed_here', account "
    "FROM removed_here UNION SELECT DISTINCT 'sources', account FROM sources UNION SELECT DISTINCT "
    "'source_marks', account FROM "
    "source_marks "
    "UNION SELECT DISTINCT 'devices', account FROM devices UNION SELECT DISTINCT 'tabs', account "
    "FROM tabs "
    "UNION SELECT DISTINCT 'tab_groups', account FROM tab_groups "
    "UNION SELECT DISTINCT 'push', account FROM push) x "
    "WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.row = x.account)",
    /* Who is who. An account whose identity another one has was there before identities were,
     * and lost to who was seen last. */
    "SELECT format('account %s: it has no placement', id) FROM accounts WHERE placement = ''",
    "SELECT format('account row %s: is not there, but has an identity of %s', account, issuer) "
    "FROM identities i "
    "WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.row = i.account)",
    "SELECT format('account row %s: an identity has an issuer of %s and a subject of %s bytes', "
    "account, octet_length(issuer), "
    "octet_length(subject)) FROM identities WHERE octet_length(issuer) NOT BETWEEN 1 AND 1024 OR "
    "octet_length(subject) NOT BETWEEN 1 AND "
    "1024",
    "SELECT format('account row %s: an identity is of the unknown issuer %s', account, issuer) "
    "FROM identities "
    "WHERE issuer <> 'proxy' AND issuer !~ '^(sync|oidc|adopt|left|closed):.'",
    "SELECT format('account %s: has no identity, so nobody can sign in to it: see \"hearthd "
    "account adopt\"', id) FROM accounts a "
    "WHERE uid <> '' AND octet_length(uid) <= 1024 AND octet_length(provider) <= 1019 AND NOT "
    "EXISTS (SELECT 1 FROM identities i WHERE "
    "i.account = a.row AND i.issuer !~ '^(adopt|left|closed):') AND NOT EXISTS (SELECT 1 FROM "
    "identities i WHERE i.issuer = 'sync:' || "
    "a.provider "
    "AND "
    "i.subject = a.uid)",
    "SELECT format('property %s: a name and a text of %s bytes are none of hearthd''s', name, "
    "octet_length(text)) FROM properties "
    "WHERE name !~ '^[a-z_]{1,64}$' OR octet_length(text) > 4096",
    "SELECT format('property %s: its text cannot be read', name) FROM properties WHERE (name = "
    "'owned' AND text <> 'yes') "
    "OR (name = 'key_fingerprint' AND text !~ '^([1-9][0-9]{0,9} [0-9a-f]{16}\n)+$')",
    /* The tree of bookmarks. The root itself may have no row. */
    "SELECT format('bookmark %s of account row %s: its parent %s is not there', b.guid, b.account, "
    "b.parent) FROM bookmarks b "
    "WHERE b.parent IS NOT NULL AND b.parent NOT IN ('root________', 'places') AND NOT EXISTS "
    "(SELECT 1 FROM bookmarks p "
    "WHERE p.account = b.account AND md5(p.guid) = md5(b.parent) AND p.guid = b.parent)",
    "SELECT format('bookmark %s of account row %s: its parent %s is not a folder', b.guid, "
    "b.account, b.parent) FROM bookmarks b "
    "JOIN bookmarks p ON p.account = b.account AND md5(p.guid) = md5(b.parent) AND p.guid = "
    "b.parent WHERE p.kind <> 2",
    "WITH RECURSIVE up (account, guid) AS (SELECT account, guid FROM bookmarks WHERE parent IS "
    "NULL OR parent IN ('root________', "
    "'places') "
    "UNION SELECT b.account, b.guid FROM up JOIN bookmarks b ON b.account = up.account AND "
    "md5(b.parent) = md5(up.guid) "
    "AND b.parent = up.guid) SELECT format('bookmark %s of account row %s: its folders go round in "
    "a circle', b.guid, b.account) "
    "FROM bookmarks b JOIN bookmarks p ON p.account = b.account AND md5(p.guid) = md5(b.parent) "
    "AND p.guid = b.parent "
    "WHERE NOT EXISTS (SELECT 1 FROM up WHERE up.account = b.account AND up.guid = b.guid)",
    "SELECT format('folder %s of account row %s: %s bookmarks have position %s', parent, account, "
    "count(*), position) FROM bookmarks "
    "WHERE parent IS NOT NULL GROUP BY account, parent, position HAVING count(*) > 1",
    "SELECT format('folder %s of account row %s: children are kept as %s, but there are %s', guid, "
    "account, coalesce(kept, 0), "
    "coalesce(found, 0)) FROM (SELECT account, guid, sum(children) AS kept FROM (SELECT account, "
    "guid, children FROM bookmark_folders "
    "UNION ALL SELECT account, parent, children FROM bookmark_moves) k GROUP BY 1, 2) kept FULL "
    "JOIN (SELECT account, parent AS guid, "
    "count(*) AS found FROM bookmarks WHERE parent IS NOT NULL GROUP BY 1, 2) found USING "
    "(account, guid) "
    "WHERE coalesce(kept, 0) <> coalesce(found, 0)",
    "SELECT format('bookmark %s of account row %s: is there, but has a tombstone', b.guid, "
    "b.account) FROM bookmark_tombstones t "
    "JOIN bookmarks b ON b.account = t.account AND md5(b.guid) = md5(t.guid) AND b.guid = t.guid",
    "SELECT format('bookmark %s of account row %s: its page %s is not there', b.guid, b.account, "
    "b.page) FROM bookmarks b "
    "WHERE b.page IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pages p WHERE p.account = b.account "
    "AND p.id = b.page)",
    "SELECT DISTINCT format('bookmark %s of account row %s: its tags were added at %s, it at %s', "
    "b.guid, b.account, t.added, b.added) "
    "FROM bookmark_tags t JOIN bookmarks b ON b.account = t.account AND md5(b.guid) = md5(t.guid) "
    "AND b.guid = t.guid "
    "WHERE t.added <> b.added",
    "SELECT DISTINCT format('bookmark %s of account row %s: has rows of tags, but no tags', "
    "t.guid, t.account) FROM bookmark_tags t "
    "LEFT JOIN bookmarks b ON b.account = t.account AND md5(b.guid) = md5(t.guid) AND b.guid = "
    "t.guid "
    "WHERE b.tags IS NULL OR b.kind NOT IN (1, 4, 5)",
};

/* The rules go through all rows: the planner may choose here (see connection.c). */
static const char *const whole_tables[] = {
    "SET LOCAL enable_seqscan = on", "SET LOCAL enable_bitmapscan = on",
    "SET LOCAL enable_hashjoin = on", "SET LOCAL enable_mergejoin = on",
    "SET LOCAL enable_sort = on"};

int sql_verify(void *self, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    bool stop = false;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_is_none(op.handle);
    if (r < 0)
        return sql_op_end(&op, r);
    /* one state for all checks */
    r = pg_transaction_begin(op.handle, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (size_t i = 0; r == 0 && i < sizeof(whole_tables) / sizeof(whole_tables[0]); i++)
        r = pg_query_exec(op.handle, whole_tables[i]);
    if (r == 0) {
        for (size_t i = 0; r == 0 && !stop && i < sizeof(rules) / sizeof(rules[0]); i++) {
            sql_query_open(&query, op.handle, rules[i]);
            while ((r = sql_query_step(&query)) > 0) {
                stop = cb(ctx, sql_column_text(&query, 0)) != 0;
                if (stop)
                    break;
            }
            sql_query_close(&query);
            r = r > 0 ? 0 : r;
        }
        r = pg_transaction_end(op.handle, r);
    }
    return sql_op_end(&op, r);
}
