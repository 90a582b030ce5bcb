-- Of which generation visits and bookmarks are, as pages have it, so that a copy that follows is told what is new alone. Of rows of before
-- nobody knows, and those of a release that knows nothing of this have 0: whoever has a copy of an older generation loads anew
-- (accounts.removals_forgotten says so, which batches behind such a release's set).

LOCK TABLE accounts IN EXCLUSIVE MODE;

ALTER TABLE visits ADD COLUMN generation bigint NOT NULL DEFAULT 0; -- of the batch that brought it
ALTER TABLE bookmarks ADD COLUMN generation bigint NOT NULL DEFAULT 0; -- of the batch that changed it last
CREATE INDEX bookmarks_by_generation ON bookmarks (account, generation, guid);

UPDATE accounts SET removals_forgotten = generation WHERE generation > 0;

INSERT INTO schema_version VALUES (11, 1); -- who knows version 1 alone can go on with it
