-- How far each device says to have read everything.
CREATE TABLE has_read (
  workspace BLOB NOT NULL REFERENCES workspace (id),
  device    BLOB NOT NULL,
  bytes     BLOB NOT NULL,
  PRIMARY KEY (workspace, device)
) STRICT, WITHOUT ROWID;

-- Pieces of attachments; they themselves are in the object store.
CREATE TABLE blob (
  workspace BLOB NOT NULL REFERENCES workspace (id),
  name      BLOB NOT NULL,
  size      INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;
