-- Nothing yet.
INSERT INTO schema_version VALUES (5, 1);
