-- Who did it: nothing for this device, else the id of the device that the operation came from.
ALTER TABLE operation ADD COLUMN origin TEXT;

-- The team's control log, as it was accepted.
CREATE TABLE control (
  seq INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE epoch (
  number INTEGER PRIMARY KEY,
  key BLOB NOT NULL
) STRICT;

-- The keys of documents by their tags; a record that two devices have made has two.
CREATE TABLE doc (
  tag BLOB PRIMARY KEY NOT NULL,
  record TEXT NOT NULL,
  key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX doc_by_record ON doc (record);

-- How far each incarnation of each device is known, this one's own included.
CREATE TABLE feed (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  next INTEGER NOT NULL,
  last BLOB NOT NULL,
  PRIMARY KEY (device, incarnation)
) STRICT, WITHOUT ROWID;

-- What this device has written, for remotes that do not have it, or have it no more.
CREATE TABLE segment (
  incarnation INTEGER NOT NULL,
  first INTEGER NOT NULL,
  next INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  keys BLOB NOT NULL,
  PRIMARY KEY (incarnation, first)
) STRICT;

CREATE TABLE remote (
  name TEXT PRIMARY KEY NOT NULL,
  address TEXT NOT NULL UNIQUE,
  -- The place of this device's log that the remote had at the last sync, and when that was.
  sent INTEGER NOT NULL DEFAULT 1,
  synced_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
  id BLOB PRIMARY KEY NOT NULL,
  link TEXT NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Entries that could not be applied; the rest of their feed was.
CREATE TABLE quarantine (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  why TEXT NOT NULL,
  chunk BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, seq)
) STRICT, WITHOUT ROWID;
