-- Backups that were made here, where they are, and when they were proven.
CREATE TABLE backup (
  seq INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  file TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  records INTEGER NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  -- Read back, and restored into a scratch folder.
  verified_at INTEGER,
  drilled_at INTEGER,
  drill_ms INTEGER,
  UNIQUE (target, file)
) STRICT;
