-- What was removed, of every kind, so that whoever has a copy hears of it; and a generation for each collection. docs/schema.md explains both.

CREATE TABLE removal_kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO removal_kinds VALUES (1, 'page'), (2, 'visit'), (3, 'bookmark'), (4, 'tab'), (5, 'device');

CREATE TABLE removals (
    kind INTEGER NOT NULL REFERENCES removal_kinds,
    "key" TEXT NOT NULL,       -- bookmarks: guid; tabs, devices: devices.id
    page INTEGER NOT NULL,     -- pages, visits: pages.id
    date INTEGER NOT NULL,     -- visits
    type INTEGER NOT NULL,     -- visits
    position INTEGER NOT NULL, -- tabs
    generation INTEGER NOT NULL,
    PRIMARY KEY (kind, "key", page, date, type, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX removals_by_generation ON removals (generation);
INSERT INTO removals SELECT 1, '', id, 0, 0, 0, generation FROM removed_pages;
DROP TABLE removed_pages;

-- The rest is known since this generation; pages, as before, since `forgotten`.
ALTER TABLE account ADD COLUMN removals_forgotten INTEGER NOT NULL DEFAULT 0;
UPDATE account SET removals_forgotten = generation;

-- Which collection a batch was of, nobody knows any more: each may have changed in the last one.
CREATE TABLE generations (
    collection INTEGER PRIMARY KEY REFERENCES collections,
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO generations SELECT c.collection, a.generation FROM collections c JOIN account a
WHERE a.generation > 0 AND c.collection > 0;

PRAGMA user_version = 3;
