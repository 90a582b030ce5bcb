-- What was removed, of every kind, so that whoever has a copy hears of it; a generation for each collection; and what people removed here.

-- Batches that are under way end first: what they removed is copied below.
LOCK TABLE accounts IN EXCLUSIVE MODE;

CREATE TABLE removal_kinds (kind integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO removal_kinds VALUES (1, 'page'), (2, 'visit'), (3, 'bookmark'), (4, 'tab'), (5, 'device');

CREATE TABLE removals (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, -- also when a release removes it that knows nothing of this table
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

INSERT INTO removals SELECT account, 1, '', id, 0, 0, 0, generation FROM removed_pages;
UPDATE accounts SET removals_forgotten = generation WHERE generation > 0;
-- Which collection a batch was of, nobody knows any more: each may have changed in the last one.
INSERT INTO generations SELECT a.row, c.collection, a.generation FROM accounts a CROSS JOIN collections c
WHERE a.generation > 0 AND c.collection > 0;

-- Releases that know nothing of this go on with it until they are replaced. removed_pages stays theirs, and says the same as the removals of
-- pages. That they removed anything else without a record is seen by the account's generation, which is greater than those of its
-- collections then.
CREATE FUNCTION removed_page_mirrored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        DELETE FROM removals WHERE account = OLD.account AND kind = 1 AND md5("key") = md5('') AND page = OLD.id;
    ELSE
        INSERT INTO removals VALUES (NEW.account, 1, '', NEW.id, 0, 0, 0, NEW.generation)
            ON CONFLICT (account, kind, md5("key"), page, date, type, position) DO UPDATE SET generation = excluded.generation;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER removed_page_mirrored AFTER INSERT OR UPDATE OR DELETE ON removed_pages FOR EACH ROW EXECUTE FUNCTION removed_page_mirrored();
CREATE FUNCTION removal_mirrored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        DELETE FROM removed_pages WHERE account = OLD.account AND id = OLD.page;
    ELSE
        INSERT INTO removed_pages VALUES (NEW.account, NEW.page, NEW.generation)
            ON CONFLICT (account, id) DO UPDATE SET generation = excluded.generation;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER removal_mirrored AFTER INSERT OR UPDATE ON removals FOR EACH ROW WHEN (NEW.kind = 1) EXECUTE FUNCTION removal_mirrored();
CREATE TRIGGER removal_taken_off AFTER DELETE ON removals FOR EACH ROW WHEN (OLD.kind = 1) EXECUTE FUNCTION removal_mirrored();

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

INSERT INTO schema_version VALUES (6, 1); -- who knows version 1 alone can go on with it
