-- Schema 1. Tables, columns and their meaning are those of storage-sqlite; docs/schema.md explains both for people who query them.
--
-- Inside, an account is a number (accounts.row, never used again). Text is compared by its bytes. No index holds text of unbounded length:
-- URLs of 65,536 bytes exist, and an index row has room for 2,700. Where such text is part of a key, its MD5 is.
--
-- Large tables declare no foreign keys: a first sync would pay a look-up for each of 300,000 visits. Every statement of the plugin names the
-- account, and `hearthd verify` checks the rest.

-- oldest: programs that know this version can still work with the tables as they are now. Each migration adds a row.
CREATE TABLE schema_version (version bigint PRIMARY KEY, oldest bigint NOT NULL);
INSERT INTO schema_version VALUES (1, 1);

CREATE TABLE account_states (state integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO account_states VALUES (0, 'ok'), (1, 'waiting'), (2, 'signin_needed'), (3, 'paused'), (4, 'error');

CREATE TABLE collections (collection integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO collections VALUES (0, 'account'), (1, 'clients'), (2, 'tabs'), (3, 'bookmarks'), (4, 'history');

CREATE TABLE visit_types (type integer PRIMARY KEY, name text NOT NULL UNIQUE, counted boolean NOT NULL);
INSERT INTO visit_types VALUES
    (0, 'unknown', false), (1, 'link', true), (2, 'typed', true), (3, 'bookmark', true), (4, 'embed', false),
    (5, 'redirect_permanent', true), (6, 'redirect_temporary', true), (7, 'download', false), (8, 'framed_link', false), (9, 'reload', false);

CREATE TABLE bookmark_kinds (kind integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO bookmark_kinds VALUES (1, 'bookmark'), (2, 'folder'), (3, 'separator'), (4, 'query'), (5, 'livemark');

CREATE TABLE bookmark_roots (guid text COLLATE "C" PRIMARY KEY, name text NOT NULL);
INSERT INTO bookmark_roots VALUES
    ('root________', ''), ('places', ''), ('menu________', 'Bookmarks Menu'), ('menu', 'Bookmarks Menu'),
    ('toolbar_____', 'Bookmarks Toolbar'), ('toolbar', 'Bookmarks Toolbar'), ('unfiled_____', 'Other Bookmarks'),
    ('unfiled', 'Other Bookmarks'), ('mobile______', 'Mobile Bookmarks'), ('mobile', 'Mobile Bookmarks');

CREATE TABLE accounts (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    email text COLLATE "C" NOT NULL,
    uid text NOT NULL,
    name text,
    provider text NOT NULL,
    node text NOT NULL,
    state integer NOT NULL REFERENCES account_states,
    state_detail text,
    created bigint NOT NULL,
    last_sync bigint NOT NULL,
    last_attempt bigint NOT NULL,
    next_sync bigint NOT NULL,
    last_seen bigint NOT NULL,
    claimed_until bigint NOT NULL DEFAULT 0,
    generation bigint NOT NULL,
    forgotten bigint NOT NULL DEFAULT 0, -- removed pages are known since this generation
    failures bigint NOT NULL,
    resync bigint NOT NULL,
    -- Kept by every batch, so that nothing has to be counted.
    devices bigint NOT NULL DEFAULT 0,
    tabs bigint NOT NULL DEFAULT 0,
    bookmarks bigint NOT NULL DEFAULT 0,
    folders bigint NOT NULL DEFAULT 0,
    pages bigint NOT NULL DEFAULT 0,
    visits bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70); -- every sync updates its row in place
CREATE UNIQUE INDEX accounts_by_email ON accounts (lower(email));
-- In the order of claiming: a claim moves an account behind those that are due, so looking costs the same however many are claimed.
CREATE INDEX accounts_due ON accounts (greatest(next_sync, claimed_until), row) WHERE next_sync > 0;

CREATE TABLE credentials (
    account bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    sealed bytea NOT NULL -- encrypted by the core
);

CREATE TABLE settings (
    account bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    json text NOT NULL
);

CREATE TABLE tokens (
    id text COLLATE "C" PRIMARY KEY,
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scope bigint NOT NULL,
    created bigint NOT NULL,
    last_used bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX tokens_by_account ON tokens (account, created, id);

CREATE TABLE picks (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    input text COLLATE "C" NOT NULL,
    page bigint NOT NULL, -- pages.id; outlives the page
    use_count double precision NOT NULL,
    used bigint NOT NULL
);
CREATE UNIQUE INDEX picks_key ON picks (account, md5(input), page);

CREATE TABLE marks (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    collection integer NOT NULL REFERENCES collections,
    text text NOT NULL,
    PRIMARY KEY (account, collection)
);

CREATE TABLE devices (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    os text,
    version text,
    fxa_device_id text,
    last_upload bigint NOT NULL
);
CREATE UNIQUE INDEX devices_key ON devices (account, md5(id));

CREATE TABLE tabs (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    device text COLLATE "C" NOT NULL, -- devices.id; the device's own record may come later
    position integer NOT NULL,
    title text NOT NULL,
    url text NOT NULL,
    icon text,
    "group" text,
    last_used bigint NOT NULL,
    inactive boolean NOT NULL,
    pinned boolean NOT NULL
);
CREATE UNIQUE INDEX tabs_key ON tabs (account, md5(device), position);

CREATE TABLE pages (
    account bigint NOT NULL,
    id bigint NOT NULL,
    url text NOT NULL,
    host text COLLATE "C" NOT NULL,
    host_key bigint NOT NULL, -- 32-bit FNV-1a of host
    guid text,
    title text,
    bookmark_title text,
    tags text,
    frecency bigint NOT NULL,
    visit_count bigint NOT NULL,
    last_visit bigint NOT NULL,
    bookmarks bigint NOT NULL,
    bookmark_added bigint NOT NULL,
    typed boolean NOT NULL,
    hidden boolean NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (account, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX pages_by_frecency ON pages (account, frecency DESC, id DESC);
CREATE INDEX pages_by_generation ON pages (account, generation, id);

CREATE TABLE removed_pages (
    account bigint NOT NULL,
    id bigint NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX removed_pages_by_generation ON removed_pages (account, generation, id);

CREATE TABLE page_guids (
    account bigint NOT NULL,
    guid text COLLATE "C" NOT NULL,
    page bigint NOT NULL -- pages.id
);
CREATE UNIQUE INDEX page_guids_key ON page_guids (account, md5(guid));
CREATE INDEX page_guids_by_page ON page_guids (account, page);

CREATE TABLE visits (
    account bigint NOT NULL,
    page bigint NOT NULL, -- pages.id
    date bigint NOT NULL,
    type integer NOT NULL,
    hidden boolean NOT NULL,  -- as the page
    host_key bigint NOT NULL, -- as the page
    PRIMARY KEY (account, page, date, type)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX visits_by_date ON visits (account, date DESC, page DESC, type DESC) WHERE NOT hidden;
CREATE INDEX visits_by_host ON visits (account, host_key, date DESC, page DESC, type DESC) WHERE NOT hidden;

CREATE TABLE bookmarks (
    account bigint NOT NULL,
    guid text COLLATE "C" NOT NULL,
    kind integer NOT NULL REFERENCES bookmark_kinds,
    parent text COLLATE "C", -- guid, in the repaired tree
    position bigint NOT NULL,
    said_parent text,
    title text,
    url text,
    keyword text,
    tag_query text,
    tags text, -- joined by line feeds
    page bigint, -- pages.id
    added bigint NOT NULL,
    modified bigint NOT NULL
);
CREATE UNIQUE INDEX bookmarks_key ON bookmarks (account, md5(guid));
CREATE INDEX bookmarks_by_parent ON bookmarks (account, md5(parent), position);
CREATE INDEX bookmarks_by_added ON bookmarks (account, added DESC, left(guid, 64) DESC) WHERE kind IN (1, 4, 5);
CREATE INDEX bookmarks_by_page ON bookmarks (account, page) WHERE page IS NOT NULL;

CREATE TABLE bookmark_tags (
    account bigint NOT NULL,
    folded text COLLATE "C" NOT NULL, -- lower case
    added bigint NOT NULL, -- as the bookmark
    guid text COLLATE "C" NOT NULL,
    tag text NOT NULL -- as it was written
);
CREATE UNIQUE INDEX bookmark_tags_key ON bookmark_tags (account, md5(folded), md5(guid));
CREATE INDEX bookmark_tags_by_bookmark ON bookmark_tags (account, md5(guid));

CREATE TABLE bookmark_claims (
    account bigint NOT NULL,
    folder text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    child text NOT NULL -- may not have arrived yet
);
CREATE UNIQUE INDEX bookmark_claims_key ON bookmark_claims (account, md5(folder), position);

CREATE TABLE bookmark_tombstones (
    account bigint NOT NULL,
    guid text COLLATE "C" NOT NULL,
    parent text
);
CREATE UNIQUE INDEX bookmark_tombstones_key ON bookmark_tombstones (account, md5(guid));

-- For people. Dates are in the session's time zone.

CREATE FUNCTION readable_time(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE WHEN ms > 0 THEN to_timestamp(ms / 1000.0) END $$;

CREATE VIEW readable_accounts AS
SELECT a.email, s.name AS state, a.state_detail, a.provider, a.node, readable_time(a.created) AS created,
       readable_time(a.last_sync) AS last_sync, readable_time(a.next_sync) AS next_sync, readable_time(a.last_seen) AS last_seen,
       a.devices, a.tabs, a.bookmarks, a.folders, a.pages, a.visits, a.generation, a.id
FROM accounts a LEFT JOIN account_states s USING (state);

CREATE VIEW readable_tabs AS
SELECT a.email, coalesce(d.name, t.device) AS device, t.position, t.title, t.url, t."group", readable_time(t.last_used) AS last_used,
       t.pinned, t.inactive
FROM tabs t JOIN accounts a ON a.row = t.account LEFT JOIN devices d ON d.account = t.account AND d.id = t.device;

CREATE VIEW readable_pages AS
SELECT a.email, p.title, p.url, p.host, p.frecency, p.visit_count, readable_time(p.last_visit) AS last_visit, p.bookmarks, p.tags, p.typed,
       p.hidden, p.id
FROM pages p JOIN accounts a ON a.row = p.account;

CREATE VIEW readable_visits AS
SELECT a.email, readable_time(v.date) AS date, t.name AS type, p.title, p.url, p.host, v.hidden, v.date AS date_ms
FROM visits v JOIN accounts a ON a.row = v.account JOIN pages p ON p.account = v.account AND p.id = v.page
LEFT JOIN visit_types t ON t.type = v.type;

CREATE VIEW readable_bookmarks AS
WITH RECURSIVE tree (account, guid, path, depth) AS (
    SELECT b.account, b.guid, coalesce(r.name, b.title, ''), 0
    FROM bookmarks b LEFT JOIN bookmark_roots r ON r.guid = b.guid
    WHERE b.kind = 2 AND (b.parent IS NULL OR b.parent IN ('root________', 'places')) AND b.guid NOT IN ('root________', 'places')
    UNION ALL
    SELECT b.account, b.guid, tree.path || ' / ' || coalesce(b.title, ''), tree.depth + 1
    FROM tree JOIN bookmarks b ON b.account = tree.account AND b.parent = tree.guid
    WHERE b.kind = 2 AND tree.depth < 100
)
SELECT a.email, tree.path AS folder, b.position, k.name AS kind, b.title, b.url, replace(b.tags, chr(10), ', ') AS tags, b.keyword,
       readable_time(b.added) AS added, readable_time(b.modified) AS modified, b.guid
FROM bookmarks b JOIN accounts a ON a.row = b.account LEFT JOIN bookmark_kinds k ON k.kind = b.kind
LEFT JOIN tree ON tree.account = b.account AND tree.guid = b.parent;
