CREATE TABLE setting (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The records. Everything that the projections show is derived from `bytes`.
CREATE TABLE document (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  heads BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

-- One row for each user action, newest last.
CREATE TABLE operation (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}',
  at INTEGER NOT NULL,
  person TEXT NOT NULL,
  device TEXT NOT NULL,
  records INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  undoes TEXT,
  undone_by TEXT
) STRICT;

-- The version of each touched record before and after the action; empty: the record was not there.
CREATE TABLE operation_record (
  operation INTEGER NOT NULL REFERENCES operation (seq),
  row INTEGER NOT NULL REFERENCES document (row),
  before BLOB NOT NULL,
  after BLOB NOT NULL,
  PRIMARY KEY (operation, row)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_record_by_row ON operation_record (row, operation);
