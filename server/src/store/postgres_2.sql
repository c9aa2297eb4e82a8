-- How far each device says to have read everything.
CREATE TABLE has_read (
  workspace BYTEA NOT NULL REFERENCES workspace (id),
  device    BYTEA NOT NULL,
  bytes     BYTEA NOT NULL,
  PRIMARY KEY (workspace, device)
) PARTITION BY HASH (workspace);

-- Pieces of attachments; they themselves are in the object store.
CREATE TABLE blob (
  workspace BYTEA NOT NULL REFERENCES workspace (id),
  name      BYTEA NOT NULL,
  size      BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (workspace, name)
) PARTITION BY HASH (workspace);

DO $$
DECLARE t TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['has_read', 'blob'] LOOP
    FOR n IN 0..15 LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                     t || '_' || n, t, n);
    END LOOP;
  END LOOP;
END $$;
