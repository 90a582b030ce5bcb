-- What an account's state_detail says, for clients that have words of their own: rows of before have none. A release that knows nothing
-- of this changes state_detail alone; who reads the row then finds an older message beside it until the next sync.
ALTER TABLE accounts ADD COLUMN state_message text; -- the id
ALTER TABLE accounts ADD COLUMN state_parameters text; -- an object of JSON

INSERT INTO schema_version VALUES (8, 1); -- who knows version 1 alone can go on with it
