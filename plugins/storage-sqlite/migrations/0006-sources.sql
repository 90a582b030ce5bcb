-- Where an account's rows come from besides its own provider. Beside settings and picks: a new one waits for no batch.
CREATE TABLE source_kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO source_kinds VALUES (1, 'sync'), (2, 'import');
CREATE TABLE sources (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id INTEGER NOT NULL, -- what `source` of other rows says
    name TEXT NOT NULL,
    kind INTEGER NOT NULL REFERENCES source_kinds,
    provider TEXT NOT NULL,
    uid TEXT NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    state INTEGER NOT NULL REFERENCES account_states,
    state_detail TEXT,
    last_sync INTEGER NOT NULL,
    last_attempt INTEGER NOT NULL,
    next_sync INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    resync INTEGER NOT NULL,
    sealed BLOB, -- its credentials, encrypted by the core
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 6;
