-- Schema 1 of a person's file. docs/schema.md explains it for people who query it.
--
-- A page is an integer inside (pages.row). New pages get ascending rows, so that the visits and guids of a first sync are appended instead of
-- being scattered; pages.id, which the core derives from the URL, is random.
--
-- The foreign keys are declared for readers and for PRAGMA foreign_key_check. The plugin leaves their enforcement off: a first sync would
-- pay a look-up of the parent for each of 300,000 visits.

PRAGMA application_id = 1215460464; -- "Hrtp"

CREATE TABLE collections (collection INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO collections VALUES (0, 'account'), (1, 'clients'), (2, 'tabs'), (3, 'bookmarks'), (4, 'history');

CREATE TABLE visit_types (type INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, counted INTEGER NOT NULL) STRICT;
INSERT INTO visit_types VALUES
    (0, 'unknown', 0), (1, 'link', 1), (2, 'typed', 1), (3, 'bookmark', 1), (4, 'embed', 0), (5, 'redirect_permanent', 1),
    (6, 'redirect_temporary', 1), (7, 'download', 0), (8, 'framed_link', 0), (9, 'reload', 0);

CREATE TABLE bookmark_kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO bookmark_kinds VALUES (1, 'bookmark'), (2, 'folder'), (3, 'separator'), (4, 'query'), (5, 'livemark');

-- Both spellings of the roots: Firefox's own guids, and the ids of their sync records.
CREATE TABLE bookmark_roots (guid TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO bookmark_roots VALUES
    ('root________', ''), ('places', ''), ('menu________', 'Bookmarks Menu'), ('menu', 'Bookmarks Menu'),
    ('toolbar_____', 'Bookmarks Toolbar'), ('toolbar', 'Bookmarks Toolbar'), ('unfiled_____', 'Other Bookmarks'),
    ('unfiled', 'Other Bookmarks'), ('mobile______', 'Mobile Bookmarks'), ('mobile', 'Mobile Bookmarks');

-- One row: whose file this is, and what every batch keeps, so that nothing has to be counted.
CREATE TABLE account (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    id TEXT NOT NULL, -- accounts.id of the shared file
    generation INTEGER NOT NULL,
    forgotten INTEGER NOT NULL DEFAULT 0, -- removed pages are known since this generation
    devices INTEGER NOT NULL DEFAULT 0,
    tabs INTEGER NOT NULL DEFAULT 0,
    bookmarks INTEGER NOT NULL DEFAULT 0,
    folders INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    visits INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE marks (
    collection INTEGER PRIMARY KEY REFERENCES collections,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE devices (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    os TEXT,
    version TEXT,
    fxa_device_id TEXT,
    last_upload INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tabs (
    device TEXT NOT NULL, -- devices.id; the device's own record may come later
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    icon TEXT,
    "group" TEXT,
    last_used INTEGER NOT NULL,
    inactive INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
    row INTEGER PRIMARY KEY,
    id INTEGER NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    guid TEXT,
    title TEXT,
    bookmark_title TEXT,
    tags TEXT,
    frecency INTEGER NOT NULL,
    visit_count INTEGER NOT NULL,
    last_visit INTEGER NOT NULL,
    bookmarks INTEGER NOT NULL,
    bookmark_added INTEGER NOT NULL,
    typed INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    UNIQUE (id)
) STRICT;
-- Holds everything that loading an account for searching reads, in the order it is read: 0.3 µs a page, and no page of the table.
CREATE INDEX pages_by_frecency ON pages (frecency DESC, id DESC, url, title, bookmark_title, tags, visit_count, last_visit,
                                         bookmarks, bookmark_added, typed, hidden);
CREATE INDEX pages_by_generation ON pages (generation);

CREATE TABLE removed_pages (
    id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_pages_by_generation ON removed_pages (generation);

CREATE TABLE page_guids (
    guid TEXT NOT NULL,
    page_row INTEGER NOT NULL REFERENCES pages ON DELETE CASCADE,
    PRIMARY KEY (guid)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_guids_by_page ON page_guids (page_row);

CREATE TABLE visits (
    page_row INTEGER NOT NULL REFERENCES pages ON DELETE CASCADE,
    page INTEGER NOT NULL, -- pages.id
    date INTEGER NOT NULL,
    type INTEGER NOT NULL REFERENCES visit_types,
    hidden INTEGER NOT NULL,   -- as the page
    host_key INTEGER NOT NULL, -- 32-bit FNV-1a of the page's host
    PRIMARY KEY (page_row, date DESC, type DESC)
) STRICT, WITHOUT ROWID;
-- `hidden` is a column of both, although it is always 0: else SQLite looks it up in the table.
CREATE INDEX visits_by_date ON visits (date DESC, page DESC, type DESC, hidden) WHERE hidden = 0;
CREATE INDEX visits_by_host ON visits (host_key, date DESC, page DESC, type DESC, hidden) WHERE hidden = 0;

CREATE TABLE bookmarks (
    row INTEGER PRIMARY KEY,
    guid TEXT NOT NULL,
    kind INTEGER NOT NULL REFERENCES bookmark_kinds,
    parent TEXT, -- guid, in the repaired tree
    position INTEGER NOT NULL,
    said_parent TEXT,
    title TEXT,
    url TEXT,
    keyword TEXT,
    tag_query TEXT,
    tags TEXT, -- joined by line feeds
    page INTEGER, -- pages.id
    added INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    UNIQUE (guid)
) STRICT;
CREATE INDEX bookmarks_by_parent ON bookmarks (parent, position, guid);
CREATE INDEX bookmarks_by_added ON bookmarks (added DESC, guid DESC) WHERE kind IN (1, 4, 5);
CREATE INDEX bookmarks_by_page ON bookmarks (page, added DESC, guid DESC) WHERE page IS NOT NULL;

-- How many children each folder has, so that nobody counts them; kept by triggers.
CREATE TABLE bookmark_folders (
    guid TEXT NOT NULL, -- bookmarks.parent; the folder itself may not be there yet
    children INTEGER NOT NULL,
    PRIMARY KEY (guid)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER bookmark_placed AFTER INSERT ON bookmarks WHEN new.parent IS NOT NULL BEGIN
    INSERT INTO bookmark_folders VALUES (new.parent, 1) ON CONFLICT (guid) DO UPDATE SET children = children + 1;
END;
CREATE TRIGGER bookmark_moved AFTER UPDATE OF parent ON bookmarks WHEN old.parent IS NOT new.parent BEGIN
    UPDATE bookmark_folders SET children = children - 1 WHERE guid = old.parent;
    DELETE FROM bookmark_folders WHERE guid = old.parent AND children = 0;
    INSERT INTO bookmark_folders SELECT new.parent, 1 WHERE new.parent IS NOT NULL
        ON CONFLICT (guid) DO UPDATE SET children = children + 1;
END;
CREATE TRIGGER bookmark_gone AFTER DELETE ON bookmarks WHEN old.parent IS NOT NULL BEGIN
    UPDATE bookmark_folders SET children = children - 1 WHERE guid = old.parent;
    DELETE FROM bookmark_folders WHERE guid = old.parent AND children = 0;
END;

CREATE TABLE bookmark_tags (
    folded TEXT NOT NULL, -- lower case
    added INTEGER NOT NULL, -- as the bookmark
    guid TEXT NOT NULL,
    tag TEXT NOT NULL, -- as it was written
    PRIMARY KEY (folded, added DESC, guid DESC),
    FOREIGN KEY (guid) REFERENCES bookmarks (guid) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX bookmark_tags_by_bookmark ON bookmark_tags (guid);

CREATE TABLE bookmark_claims (
    folder TEXT NOT NULL,
    position INTEGER NOT NULL,
    child TEXT NOT NULL, -- may not have arrived yet
    PRIMARY KEY (folder, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE bookmark_tombstones (
    guid TEXT NOT NULL,
    parent TEXT,
    PRIMARY KEY (guid)
) STRICT, WITHOUT ROWID;

-- For people. Dates are UTC.

CREATE VIEW readable_tabs AS
SELECT coalesce(d.name, t.device) AS device, t.position, t.title, t.url, t."group",
       CASE WHEN t.last_used > 0 THEN datetime(t.last_used / 1000, 'unixepoch') END AS last_used, t.pinned, t.inactive
FROM tabs t LEFT JOIN devices d ON d.id = t.device;

CREATE VIEW readable_pages AS
SELECT p.title, p.url, p.host, p.frecency, p.visit_count,
       CASE WHEN p.last_visit > 0 THEN datetime(p.last_visit / 1000, 'unixepoch') END AS last_visit,
       p.bookmarks, p.tags, p.typed, p.hidden, p.id
FROM pages p;

CREATE VIEW readable_visits AS
SELECT datetime(v.date / 1000, 'unixepoch') AS date, t.name AS type, p.title, p.url, p.host, v.hidden, v.date AS date_ms
FROM visits v JOIN pages p ON p.row = v.page_row LEFT JOIN visit_types t ON t.type = v.type;

CREATE VIEW readable_bookmarks AS
WITH RECURSIVE tree (guid, path, depth) AS (
    SELECT b.guid, coalesce(r.name, b.title, ''), 0
    FROM bookmarks b LEFT JOIN bookmark_roots r ON r.guid = b.guid
    WHERE b.kind = 2 AND (b.parent IS NULL OR b.parent IN ('root________', 'places'))
      AND b.guid NOT IN ('root________', 'places')
    UNION ALL
    SELECT b.guid, tree.path || ' / ' || coalesce(b.title, ''), tree.depth + 1
    FROM tree JOIN bookmarks b ON b.parent = tree.guid
    WHERE b.kind = 2 AND tree.depth < 100
)
SELECT tree.path AS folder, b.position, k.name AS kind, b.title, b.url, replace(b.tags, char(10), ', ') AS tags, b.keyword,
       CASE WHEN b.added > 0 THEN datetime(b.added / 1000, 'unixepoch') END AS added,
       CASE WHEN b.modified > 0 THEN datetime(b.modified / 1000, 'unixepoch') END AS modified, b.guid
FROM bookmarks b LEFT JOIN bookmark_kinds k ON k.kind = b.kind
LEFT JOIN tree ON tree.guid = b.parent;

PRAGMA user_version = 1;
