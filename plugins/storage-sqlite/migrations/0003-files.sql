-- Schema 3: every person's rows are in a file of their own; person/0001-first.sql is its schema. What is left here is what people wait for
-- (accounts, credentials, settings, tokens, picks): it never waits for a batch.

DROP TABLE moving_visits;
DROP TABLE moving_page_guids;
DROP TABLE moving_removed_pages;
DROP TABLE moving_bookmark_tags;
DROP TABLE moving_bookmark_claims;
DROP TABLE moving_bookmark_tombstones;
DROP TABLE moving_bookmarks;
DROP TABLE moving_pages;
DROP TABLE moving_tabs;
DROP TABLE moving_devices;
DROP TABLE moving_marks;
DROP TABLE collections;
DROP TABLE visit_types;
DROP TABLE bookmark_kinds;
DROP TABLE bookmark_roots;

-- accounts.generation stays as what a file begins with.
ALTER TABLE accounts DROP COLUMN forgotten;
ALTER TABLE accounts DROP COLUMN devices;
ALTER TABLE accounts DROP COLUMN tabs;
ALTER TABLE accounts DROP COLUMN bookmarks;
ALTER TABLE accounts DROP COLUMN folders;
ALTER TABLE accounts DROP COLUMN pages;
ALTER TABLE accounts DROP COLUMN visits;

-- For people. Dates are UTC.
CREATE VIEW readable_accounts AS
SELECT a.email, s.name AS state, a.state_detail, a.provider, a.node,
       CASE WHEN a.created > 0 THEN datetime(a.created / 1000, 'unixepoch') END AS created,
       CASE WHEN a.last_sync > 0 THEN datetime(a.last_sync / 1000, 'unixepoch') END AS last_sync,
       CASE WHEN a.next_sync > 0 THEN datetime(a.next_sync / 1000, 'unixepoch') END AS next_sync,
       CASE WHEN a.last_seen > 0 THEN datetime(a.last_seen / 1000, 'unixepoch') END AS last_seen,
       a.id, iif(a.file, 'accounts/' || a.id || '.db', NULL) AS file
FROM accounts a LEFT JOIN account_states s USING (state);

PRAGMA user_version = 3;
