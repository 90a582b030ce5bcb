-- Schema 6 of a person's file: of which generation visits and bookmarks are, as pages have it, so that a copy that follows is told what is
-- new alone. Of rows of before nobody knows: whoever has a copy of an older generation loads anew.

ALTER TABLE visits ADD COLUMN generation INTEGER NOT NULL DEFAULT 0; -- of the batch that brought it
ALTER TABLE bookmarks ADD COLUMN generation INTEGER NOT NULL DEFAULT 0; -- of the batch that changed it last
CREATE INDEX bookmarks_by_generation ON bookmarks (generation, guid);

UPDATE account SET removals_forgotten = generation;

PRAGMA user_version = 6;
