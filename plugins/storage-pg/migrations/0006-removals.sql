-- What was removed, of every kind, so that whoever has a copy hears of it; a generation for each collection; and what people removed here.

CREATE TABLE removal_kinds (kind integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO removal_kinds VALUES (1, 'page'), (2, 'visit'), (3, 'bookmark'), (4, 'tab'), (5, 'device');

CREATE TABLE removals (
    account bigint NOT NULL,
    kind integer NOT NULL,
    "key" text COLLATE "C" NOT NULL, -- bookmarks: guid; tabs, devices: devices.id
    page bigint NOT NULL,            -- pages, visits: pages.id
    date bigint NOT NULL,            -- visits
    type integer NOT NULL,           -- visits
    position bigint NOT NULL,        -- tabs
    generation bigint NOT NULL
);
CREATE UNIQUE INDEX removals_key ON removals (account, kind, md5("key"), page, date, type, position);
-- Partial, so that it cannot be taken for the other while the table is small.
CREATE INDEX removals_by_generation ON removals (account, generation, kind, page) WHERE generation IS NOT NULL;

-- The rest is known since this generation; pages, as before, since `forgotten`.
ALTER TABLE accounts ADD COLUMN removals_forgotten bigint NOT NULL DEFAULT 0;

CREATE TABLE generations (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    collection integer NOT NULL REFERENCES collections,
    generation bigint NOT NULL,
    PRIMARY KEY (account, collection)
) WITH (fillfactor = 70);

-- Releases that know nothing of this write batches that remove without a record, so they cannot go on. Their last batches end before this.
LOCK TABLE accounts IN EXCLUSIVE MODE;
INSERT INTO removals SELECT account, 1, '', id, 0, 0, 0, generation FROM removed_pages;
DROP TABLE removed_pages;
UPDATE accounts SET removals_forgotten = generation WHERE generation > 0;
-- Which collection a batch was of, nobody knows any more: each may have changed in the last one.
INSERT INTO generations SELECT a.row, c.collection, a.generation FROM accounts a CROSS JOIN collections c
WHERE a.generation > 0 AND c.collection > 0;

-- What shall stay removed although its source still has it.
CREATE TABLE removed_here_kinds (kind integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO removed_here_kinds VALUES (1, 'visit'), (2, 'page'), (3, 'site'), (4, 'span');
CREATE TABLE removed_here (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    kind integer NOT NULL REFERENCES removed_here_kinds,
    page bigint NOT NULL, -- pages.id
    date bigint NOT NULL,
    type integer NOT NULL,
    host text COLLATE "C" NOT NULL,
    from_date bigint NOT NULL,
    to_date bigint NOT NULL,
    created bigint NOT NULL,
    PRIMARY KEY (account, id)
);

INSERT INTO schema_version VALUES (6, 6);
