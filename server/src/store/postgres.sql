-- What the server keeps: nothing in it can be read without a team's keys. Everything of a workspace is in one
-- partition, so that a distributed PostgreSQL can spread the workspaces over machines.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE workspace (
  id         BYTEA NOT NULL,
  head       BIGINT NOT NULL,
  control    BIGINT NOT NULL,
  entries    BIGINT NOT NULL,
  bytes      BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  written_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) PARTITION BY HASH (id);

CREATE TABLE control (
  workspace BYTEA NOT NULL REFERENCES workspace (id),
  seq       BIGINT NOT NULL,
  bytes     BYTEA NOT NULL,
  PRIMARY KEY (workspace, seq)
) PARTITION BY HASH (workspace);

-- How far each incarnation of a device is, and the hash there.
CREATE TABLE feed (
  workspace   BYTEA NOT NULL REFERENCES workspace (id),
  device      BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  next        BIGINT NOT NULL,
  last        BYTEA NOT NULL,
  PRIMARY KEY (workspace, device, incarnation)
) PARTITION BY HASH (workspace);

CREATE TABLE segment (
  workspace   BYTEA NOT NULL REFERENCES workspace (id),
  seq         BIGINT NOT NULL,
  device      BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  first       BIGINT NOT NULL,
  next        BIGINT NOT NULL,
  last        BYTEA NOT NULL,
  at          BIGINT NOT NULL,
  size        BIGINT NOT NULL,
  bytes       BYTEA NOT NULL,
  PRIMARY KEY (workspace, seq)
) PARTITION BY HASH (workspace);
CREATE UNIQUE INDEX segment_feed ON segment (workspace, device, incarnation, first) INCLUDE (seq, size);

-- The wrapped key of a document, apart from the log, so that it can be destroyed.
CREATE TABLE doc_key (
  workspace BYTEA NOT NULL REFERENCES workspace (id),
  tag       BYTEA NOT NULL,
  epoch     BIGINT NOT NULL,
  seq       BIGINT NOT NULL,
  bytes     BYTEA NOT NULL,
  PRIMARY KEY (workspace, tag, epoch)
) PARTITION BY HASH (workspace);
CREATE INDEX doc_key_seq ON doc_key (workspace, seq);

CREATE TABLE invitation (
  workspace  BYTEA NOT NULL REFERENCES workspace (id),
  pass       BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, pass)
) PARTITION BY HASH (workspace);

CREATE TABLE request (
  workspace BYTEA NOT NULL REFERENCES workspace (id),
  name      TEXT NOT NULL,
  pass      BYTEA NOT NULL,
  at        BIGINT NOT NULL,
  bytes     BYTEA NOT NULL,
  PRIMARY KEY (workspace, name)
) PARTITION BY HASH (workspace);

DO $$
DECLARE t TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['workspace', 'control', 'feed', 'segment', 'doc_key', 'invitation', 'request'] LOOP
    FOR n IN 0..15 LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                     t || '_' || n, t, n);
    END LOOP;
  END LOOP;
END $$;
