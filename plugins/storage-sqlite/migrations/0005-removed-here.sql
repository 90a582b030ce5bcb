-- What people removed here, and shall stay removed although its source still has it. Beside picks and settings: a new one waits for no batch.
CREATE TABLE removed_here (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id TEXT NOT NULL,
    kind INTEGER NOT NULL REFERENCES removed_here_kinds,
    page INTEGER NOT NULL, -- pages.id
    date INTEGER NOT NULL,
    type INTEGER NOT NULL,
    host TEXT NOT NULL,
    from_date INTEGER NOT NULL,
    to_date INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE removed_here_kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO removed_here_kinds VALUES (1, 'visit'), (2, 'page'), (3, 'site'), (4, 'span');

PRAGMA user_version = 5;
