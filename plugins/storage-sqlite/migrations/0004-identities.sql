-- Schema 4: who is who. An account is found by what proves a person's identity, not by an e-mail address, which people change and companies
-- give to somebody else.

-- The address at the time when the account was made: decides the node of a fleet, and stays when the address changes.
ALTER TABLE accounts ADD COLUMN placement TEXT NOT NULL DEFAULT '';
UPDATE accounts SET placement = email;

CREATE TABLE identities (
    issuer TEXT NOT NULL,  -- 'sync:NAME' (subject: the uid there), 'oidc:URL', 'proxy'
    subject TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_account ON identities (account, issuer, subject);

-- Before this schema several accounts could have one identity: the one whose person was seen last gets it.
INSERT INTO identities (issuer, subject, account, created)
SELECT 'sync:' || provider, uid, row, created FROM (
    SELECT provider, uid, row, created, row_number() OVER (PARTITION BY provider, uid ORDER BY last_seen DESC, row DESC) AS place
    FROM accounts WHERE uid <> '' AND length(CAST(uid AS BLOB)) <= 1024 AND length(CAST(provider AS BLOB)) <= 1019)
WHERE place = 1;

-- What is known of the database as a whole.
CREATE TABLE properties (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO properties SELECT 'owned', 'yes' WHERE EXISTS (SELECT 1 FROM accounts);

PRAGMA user_version = 4;
