-- Tags and keywords are those of the URL, beside what each record says; some records are kept and not shown. said_kind 0 marks the rows of
-- before: what they show becomes what they said when they are brought to today's rules (core/merge/bookmark_rules.c).

ALTER TABLE bookmarks ADD COLUMN said_tags text, ADD COLUMN said_keyword text, ADD COLUMN said_kind integer NOT NULL DEFAULT 0;

INSERT INTO bookmark_kinds VALUES (6, 'not shown');

INSERT INTO schema_version VALUES (9, 1); -- who knows version 1 alone can go on with it
