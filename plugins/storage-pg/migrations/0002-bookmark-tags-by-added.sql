-- The bookmarks of a tag, newest first: without it every page of such a list sorts all of them.
CREATE INDEX bookmark_tags_by_added ON bookmark_tags (account, md5(folded), added DESC, left(guid, 64) DESC);
INSERT INTO schema_version VALUES (2, 1); -- who knows version 1 alone can go on with it
