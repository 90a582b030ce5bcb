-- Who is who. An account is found by what proves a person's identity, not by an e-mail address, which people change and companies give to
-- somebody else.

CREATE TABLE identities (
    issuer text COLLATE "C" NOT NULL CHECK (octet_length(issuer) BETWEEN 1 AND 1024),  -- 'sync:NAME' (subject: the uid there), 'oidc:URL', 'proxy'
    subject text COLLATE "C" NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 1024),
    account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created bigint NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_account ON identities (account, issuer, subject) WHERE account IS NOT NULL;

-- Before this version several accounts could have one identity: the one whose person was seen last gets it.
INSERT INTO identities (issuer, subject, account, created)
SELECT DISTINCT ON (provider, uid) 'sync:' || provider, uid, row, created
FROM accounts WHERE uid <> '' AND octet_length(uid) <= 1024 AND octet_length(provider) <= 1019
ORDER BY provider, uid, last_seen DESC, row DESC;

-- The address at the time when the account was made: decides the node of a fleet, and stays when the address changes.
ALTER TABLE accounts ADD COLUMN placement text NOT NULL DEFAULT '';
UPDATE accounts SET placement = email;

-- Releases that know nothing of this go on with it until they are replaced: the accounts that they make get both, too.
CREATE FUNCTION account_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.placement = '' THEN
        NEW.placement := NEW.email;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_placed BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION account_placed();
CREATE FUNCTION account_identified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO identities VALUES ('sync:' || NEW.provider, NEW.uid, NEW.row, NEW.created) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER account_identified AFTER INSERT ON accounts FOR EACH ROW
    WHEN (NEW.uid <> '' AND octet_length(NEW.uid) <= 1024 AND octet_length(NEW.provider) <= 1019) EXECUTE FUNCTION account_identified();

-- What is known of the database as a whole.
CREATE TABLE properties (name text COLLATE "C" PRIMARY KEY, text text NOT NULL);
INSERT INTO properties SELECT 'owned', 'yes' WHERE EXISTS (SELECT 1 FROM accounts);

INSERT INTO schema_version VALUES (4, 1);
