-- Requests for a sync are counted, so that none is lost to a sync that ends at that moment: rows of before begin with none. A release that
-- knows nothing of this neither counts nor answers; the next attempt of one that does answers them all.
ALTER TABLE accounts ADD COLUMN asked bigint NOT NULL DEFAULT 0; -- how often a sync was asked for
ALTER TABLE accounts ADD COLUMN answered bigint NOT NULL DEFAULT 0; -- what it was when the attempt began that ended last

INSERT INTO schema_version VALUES (10, 1); -- who knows version 1 alone can go on with it
