-- Where apps hear, without a stream, that something changed.
CREATE TABLE push (
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    token text COLLATE "C" NOT NULL, -- tokens.id; the row may outlive it for a while
    endpoint text COLLATE "C" NOT NULL, -- its URL, encrypted by the core
    created bigint NOT NULL,
    last_sent bigint NOT NULL,
    failures bigint NOT NULL,
    failing bigint NOT NULL,
    generation bigint NOT NULL,
    not_before bigint NOT NULL,
    PRIMARY KEY (account, id)
);

INSERT INTO schema_version VALUES (12, 1); -- who knows version 1 alone can go on with it
