-- What was done on this device, a line each, the newest last. Nothing of it is ever changed or removed.
CREATE TABLE audit (
  row INTEGER PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  act TEXT NOT NULL,
  line TEXT NOT NULL
) STRICT;
-- Ordinary changes are in no index: an edit does not pay for one.
CREATE INDEX audit_by_act ON audit (act, row) WHERE act <> 'change';
CREATE INDEX audit_begin ON audit (incarnation) WHERE seq = 1;

-- Signatures over all lines up to one.
CREATE TABLE audit_head (
  row INTEGER PRIMARY KEY REFERENCES audit (row),
  at INTEGER NOT NULL,
  signature BLOB NOT NULL
) STRICT;

-- How far the trails of devices were when they were last heard of: of colleagues, and of this one as it was before it was
-- restored.
CREATE TABLE audit_seen (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, seq)
) STRICT, WITHOUT ROWID;

-- What has added up for a rule within the hour, and alerts that are to become records.
CREATE TABLE alert_window (
  rule TEXT PRIMARY KEY NOT NULL,
  since INTEGER NOT NULL,
  count INTEGER NOT NULL,
  told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_due (
  row INTEGER PRIMARY KEY,
  alert TEXT NOT NULL
) STRICT;
