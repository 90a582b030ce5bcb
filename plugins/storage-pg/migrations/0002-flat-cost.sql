-- The bookmarks of a tag, newest first: without it every page of such a list sorts all of them.
CREATE INDEX bookmark_tags_by_added ON bookmark_tags (account, md5(folded), added DESC, left(guid, 64) DESC);
-- One bookmark is looked for by its guid. In a table that had no rows when the statement was planned, this index looked as good for that as
-- bookmarks_key, and the first sync of many bookmarks took a time that grew with their square. A partial one cannot be taken for it.
DROP INDEX bookmarks_by_parent;
CREATE INDEX bookmarks_by_parent ON bookmarks (account, md5(parent), position) WHERE parent IS NOT NULL;
INSERT INTO schema_version VALUES (2, 1); -- who knows version 1 alone can go on with it
