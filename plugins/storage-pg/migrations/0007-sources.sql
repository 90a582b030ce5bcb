-- Where rows come from. Source 0 is the account's own provider: what there was before is its own.

CREATE TABLE source_kinds (kind integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO source_kinds VALUES (1, 'sync'), (2, 'import');

CREATE TABLE sources (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, -- also when a release removes it that knows nothing of this table
    id integer NOT NULL, -- what `source` of other rows says
    name text NOT NULL,
    kind integer NOT NULL REFERENCES source_kinds,
    provider text NOT NULL,
    uid text NOT NULL,
    created bigint NOT NULL,
    ended bigint NOT NULL,
    state integer NOT NULL REFERENCES account_states,
    state_detail text,
    last_sync bigint NOT NULL,
    last_attempt bigint NOT NULL,
    next_sync bigint NOT NULL,
    failures bigint NOT NULL,
    resync bigint NOT NULL,
    sealed bytea, -- its credentials, encrypted by the core
    PRIMARY KEY (account, id)
);

-- None of these rewrites its table.
ALTER TABLE devices ADD COLUMN source integer NOT NULL DEFAULT 0;
ALTER TABLE visits ADD COLUMN source integer NOT NULL DEFAULT 0; -- that brought it first
ALTER TABLE bookmarks ADD COLUMN source integer NOT NULL DEFAULT 0;
ALTER TABLE bookmark_claims ADD COLUMN source integer NOT NULL DEFAULT 0;
ALTER TABLE bookmark_tombstones ADD COLUMN source integer NOT NULL DEFAULT 0;

-- Releases that know nothing of this go on with it until they are replaced: what they write is of source 0 by its default. Their
-- statements say ON CONFLICT (account, collection), so `marks` keeps its key, and is of source 0; so are `credentials`. They would take a
-- complete read of source 0 for all there is: no release makes another source before every one of a fleet knows of them.
CREATE TABLE source_marks (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    source integer NOT NULL,
    collection integer NOT NULL REFERENCES collections,
    text text NOT NULL,
    PRIMARY KEY (account, source, collection)
);

INSERT INTO schema_version VALUES (7, 1); -- who knows version 1 alone can go on with it
