-- Schema 2 of a person's file: tabs in their windows and groups, devices that their person does not want to see.

ALTER TABLE devices ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;

ALTER TABLE tabs ADD COLUMN "window" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tabs ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tabs ADD COLUMN active INTEGER NOT NULL DEFAULT 0;

CREATE TABLE tab_groups (
    device TEXT NOT NULL,
    id TEXT NOT NULL, -- tabs."group"
    name TEXT NOT NULL,
    color TEXT,
    collapsed INTEGER NOT NULL,
    PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

-- A tab had the name of its group, which is the group's id until the tabs are read again. Ids have 255 bytes at most.
INSERT INTO tab_groups
SELECT device, CASE WHEN length(CAST("group" AS BLOB)) <= 255 THEN "group" ELSE substr("group", 1, 56) || ' ' || min(position) END, "group", NULL, 0
FROM tabs WHERE "group" <> '' GROUP BY device, "group"
ON CONFLICT DO NOTHING;
UPDATE tabs SET "group" = (SELECT g.id FROM tab_groups g WHERE g.device = tabs.device AND g.name = tabs."group")
WHERE length(CAST("group" AS BLOB)) NOT BETWEEN 1 AND 255;

DROP VIEW readable_tabs;
CREATE VIEW readable_tabs AS
SELECT coalesce(d.name, t.device) AS device, t.position, t.title, t.url, g.name AS "group",
       CASE WHEN t.last_used > 0 THEN datetime(t.last_used / 1000, 'unixepoch') END AS last_used, t.pinned, t.inactive,
       t."window", t.place, t.active
FROM tabs t LEFT JOIN devices d ON d.id = t.device LEFT JOIN tab_groups g ON g.device = t.device AND g.id = t."group";

PRAGMA user_version = 2;
