-- What the server keeps: nothing in it can be read without a team's keys.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace (
  id         BLOB PRIMARY KEY,
  head       INTEGER NOT NULL,
  control    INTEGER NOT NULL,
  entries    INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE control (
  workspace BLOB NOT NULL REFERENCES workspace (id),
  seq       INTEGER NOT NULL,
  bytes     BLOB NOT NULL,
  PRIMARY KEY (workspace, seq)
) STRICT, WITHOUT ROWID;

-- How far each incarnation of a device is, and the hash there.
CREATE TABLE feed (
  workspace   BLOB NOT NULL REFERENCES workspace (id),
  device      BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  next        INTEGER NOT NULL,
  last        BLOB NOT NULL,
  PRIMARY KEY (workspace, device, incarnation)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
  id          INTEGER PRIMARY KEY,
  workspace   BLOB NOT NULL REFERENCES workspace (id),
  seq         INTEGER NOT NULL,
  device      BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  first       INTEGER NOT NULL,
  next        INTEGER NOT NULL,
  last        BLOB NOT NULL,
  at          INTEGER NOT NULL,
  size        INTEGER NOT NULL,
  bytes       BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX segment_seq ON segment (workspace, seq);
CREATE UNIQUE INDEX segment_feed ON segment (workspace, device, incarnation, first, seq, size);

-- The wrapped key of a document, apart from the log, so that it can be destroyed.
CREATE TABLE doc_key (
  workspace BLOB NOT NULL REFERENCES workspace (id),
  tag       BLOB NOT NULL,
  epoch     INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  bytes     BLOB NOT NULL,
  PRIMARY KEY (workspace, tag, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX doc_key_seq ON doc_key (workspace, seq);

CREATE TABLE invitation (
  workspace  BLOB NOT NULL REFERENCES workspace (id),
  pass       BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, pass)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
  workspace BLOB NOT NULL REFERENCES workspace (id),
  name      TEXT NOT NULL,
  pass      BLOB NOT NULL,
  at        INTEGER NOT NULL,
  bytes     BLOB NOT NULL,
  PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;
