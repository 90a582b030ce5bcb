-- Schema 4 of a person's file: which source rows come from. 0 is the account's own provider: what there was before is its own. The sources
-- themselves are in the shared file.

ALTER TABLE devices ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE visits ADD COLUMN source INTEGER NOT NULL DEFAULT 0; -- that brought it first
ALTER TABLE bookmarks ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bookmark_claims ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bookmark_tombstones ADD COLUMN source INTEGER NOT NULL DEFAULT 0;

-- `marks` are of source 0. They are tables of their own as in PostgreSQL, where older releases go on with `marks`.
CREATE TABLE source_marks (
    source INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collections,
    text TEXT NOT NULL,
    PRIMARY KEY (source, collection)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
