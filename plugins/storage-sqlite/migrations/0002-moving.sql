-- Schema 2: each person's rows are about to move into a file of their own (accounts/ID.db). From here to schema 3 the plugin copies one
-- account after another; whoever is interrupted goes on where accounts.file is still 0.
--
-- The tables are renamed before the first row moves: a program of an older release that still runs finds them gone and says so, instead of
-- writing rows that nobody would read again.

DROP VIEW readable_accounts;
DROP VIEW readable_tabs;
DROP VIEW readable_pages;
DROP VIEW readable_visits;
DROP VIEW readable_bookmarks;

ALTER TABLE marks RENAME TO moving_marks;
ALTER TABLE devices RENAME TO moving_devices;
ALTER TABLE tabs RENAME TO moving_tabs;
ALTER TABLE pages RENAME TO moving_pages;
ALTER TABLE removed_pages RENAME TO moving_removed_pages;
ALTER TABLE page_guids RENAME TO moving_page_guids;
ALTER TABLE visits RENAME TO moving_visits;
ALTER TABLE bookmarks RENAME TO moving_bookmarks;
ALTER TABLE bookmark_tags RENAME TO moving_bookmark_tags;
ALTER TABLE bookmark_claims RENAME TO moving_bookmark_claims;
ALTER TABLE bookmark_tombstones RENAME TO moving_bookmark_tombstones;

ALTER TABLE accounts ADD COLUMN file INTEGER NOT NULL DEFAULT 0; -- 1: accounts/ID.db exists; 0: nothing was ever stored in one

-- Accounts that were removed, until their files are.
CREATE TABLE removed_files (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
