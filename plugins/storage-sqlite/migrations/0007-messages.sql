-- What an account's state_detail says, for clients that have words of their own: rows of before have none.
ALTER TABLE accounts ADD COLUMN state_message TEXT; -- the id
ALTER TABLE accounts ADD COLUMN state_parameters TEXT; -- an object of JSON

PRAGMA user_version = 7;
