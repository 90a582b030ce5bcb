-- Schema 5 of a person's file: tags and keywords are those of the URL, beside what each record says; some records are kept and not shown.
-- said_kind 0 marks the rows of before: what they show becomes what they said when they are brought to today's rules (core/merge/bookmark_rules.c).

ALTER TABLE bookmarks ADD COLUMN said_tags TEXT;
ALTER TABLE bookmarks ADD COLUMN said_keyword TEXT;
ALTER TABLE bookmarks ADD COLUMN said_kind INTEGER NOT NULL DEFAULT 0;

INSERT INTO bookmark_kinds VALUES (6, 'not shown');

PRAGMA user_version = 5;
