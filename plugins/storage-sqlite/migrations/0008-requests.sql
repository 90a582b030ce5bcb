-- Requests for a sync are counted, so that none is lost to a sync that ends at that moment: rows of before begin with none.
ALTER TABLE accounts ADD COLUMN asked INTEGER NOT NULL DEFAULT 0; -- how often a sync was asked for
ALTER TABLE accounts ADD COLUMN answered INTEGER NOT NULL DEFAULT 0; -- what it was when the attempt began that ended last

PRAGMA user_version = 8;
