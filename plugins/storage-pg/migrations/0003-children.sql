-- How many children each folder has, so that nobody counts them: the page that shows a folder of 60,000 bookmarks read all of them for it.
--
-- Triggers keep it, so that releases that know nothing of it keep it, too. They write down each move instead of changing the number: 60,000
-- changes of one row in one transaction take a time that grows with their square. The plugin adds the moves up before it commits.
CREATE TABLE bookmark_folders (
    account bigint NOT NULL,
    guid text COLLATE "C" NOT NULL, -- bookmarks.parent; the folder itself may not be there yet
    children bigint NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX bookmark_folders_key ON bookmark_folders (account, md5(guid));
CREATE INDEX bookmark_folders_empty ON bookmark_folders (account) WHERE children = 0;

CREATE TABLE bookmark_moves (
    account bigint NOT NULL,
    parent text COLLATE "C" NOT NULL,
    children bigint NOT NULL -- one more or one less
);
CREATE INDEX bookmark_moves_by_account ON bookmark_moves (account);

CREATE FUNCTION bookmark_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.parent IS NOT NULL THEN
        INSERT INTO bookmark_moves VALUES (OLD.account, OLD.parent, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.parent IS NOT NULL THEN
        INSERT INTO bookmark_moves VALUES (NEW.account, NEW.parent, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bookmark_placed AFTER INSERT ON bookmarks FOR EACH ROW WHEN (NEW.parent IS NOT NULL) EXECUTE FUNCTION bookmark_moved();
CREATE TRIGGER bookmark_moved AFTER UPDATE OF parent ON bookmarks FOR EACH ROW WHEN (OLD.parent IS DISTINCT FROM NEW.parent)
    EXECUTE FUNCTION bookmark_moved();
CREATE TRIGGER bookmark_gone AFTER DELETE ON bookmarks FOR EACH ROW WHEN (OLD.parent IS NOT NULL) EXECUTE FUNCTION bookmark_moved();

-- Who has written since a moment before this migration waits for it to end: creating a trigger locks the table.
INSERT INTO bookmark_folders SELECT account, parent, count(*) FROM bookmarks WHERE parent IS NOT NULL GROUP BY account, parent;

-- As in 0002: tags are removed by bookmark, guids looked up by guid. To the planner an index without that column looked as good while the
-- tables were small, and a first sync of many bookmarks took a time that grew with their square. Partial ones cannot be taken for it.
DROP INDEX bookmark_tags_key, bookmark_tags_by_added, page_guids_by_page;
CREATE UNIQUE INDEX bookmark_tags_key ON bookmark_tags (account, md5(folded), md5(guid)) WHERE folded IS NOT NULL;
CREATE INDEX bookmark_tags_by_added ON bookmark_tags (account, md5(folded), added DESC, left(guid, 64) DESC) WHERE folded IS NOT NULL;
CREATE INDEX page_guids_by_page ON page_guids (account, page) WHERE page IS NOT NULL;

INSERT INTO schema_version VALUES (3, 1); -- who knows version 1 alone can go on with it
