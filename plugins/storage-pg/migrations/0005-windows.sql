-- Tabs in their windows and groups, devices that their person does not want to see.

ALTER TABLE devices ADD COLUMN hidden boolean NOT NULL DEFAULT false;

ALTER TABLE tabs ADD COLUMN "window" integer NOT NULL DEFAULT 0, ADD COLUMN place integer NOT NULL DEFAULT 0,
    ADD COLUMN active boolean NOT NULL DEFAULT false;

CREATE TABLE tab_groups (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    device text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL, -- tabs."group"
    name text NOT NULL,
    color text,
    collapsed boolean NOT NULL
);
CREATE UNIQUE INDEX tab_groups_key ON tab_groups (account, md5(device), md5(id));

-- A tab had the name of its group, which is the group's id until the tabs are read again. Ids have 255 bytes at most.
INSERT INTO tab_groups
SELECT account, device, CASE WHEN octet_length("group") <= 255 THEN "group" ELSE left("group", 56) || ' ' || min(position) END, "group", NULL, false
FROM tabs WHERE "group" <> '' GROUP BY account, device, "group"
ON CONFLICT DO NOTHING;
UPDATE tabs t SET "group" = (SELECT g.id FROM tab_groups g WHERE g.account = t.account AND g.device = t.device AND g.name = t."group")
WHERE octet_length("group") NOT BETWEEN 1 AND 255;

-- Releases that know nothing of this go on with it until they are replaced. They say no window, and write the name of the group.
ALTER TABLE tabs ALTER COLUMN "window" SET DEFAULT -1;
CREATE FUNCTION tab_grouped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."window" := 0;
    IF octet_length(NEW."group") NOT BETWEEN 1 AND 255 THEN
        NEW."group" := nullif(left(NEW."group", 63), '');
    END IF;
    IF NEW."group" IS NOT NULL THEN
        INSERT INTO tab_groups VALUES (NEW.account, NEW.device, NEW."group", NEW."group", NULL, false) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tab_grouped BEFORE INSERT ON tabs FOR EACH ROW WHEN (NEW."window" < 0) EXECUTE FUNCTION tab_grouped();

DROP VIEW readable_tabs;
CREATE VIEW readable_tabs AS
SELECT a.email, coalesce(d.name, t.device) AS device, t.position, t.title, t.url, g.name AS "group", readable_time(t.last_used) AS last_used,
       t.pinned, t.inactive, t."window", t.place, t.active
FROM tabs t JOIN accounts a ON a.row = t.account LEFT JOIN devices d ON d.account = t.account AND d.id = t.device
LEFT JOIN tab_groups g ON g.account = t.account AND g.device = t.device AND g.id = t."group";

INSERT INTO schema_version VALUES (5, 1); -- who knows version 1 alone can go on with it
