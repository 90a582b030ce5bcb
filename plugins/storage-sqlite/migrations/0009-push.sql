-- Where apps hear, without a stream, that something changed. In the shared file, as the tokens with which they end: the process that sends
-- opens nobody's file for it.
CREATE TABLE push (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id TEXT NOT NULL,
    token TEXT NOT NULL, -- tokens.id; the row may outlive it for a while
    endpoint TEXT NOT NULL, -- its URL, encrypted by the core
    created INTEGER NOT NULL,
    last_sent INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    failing INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 9;
