-- What rounds with remotes have come to, the newest last; of this device alone. Rounds in which nothing was sent,
-- received or wrong are in none.
CREATE TABLE sync_round (
  row INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  remote TEXT NOT NULL,
  sent INTEGER NOT NULL,
  received INTEGER NOT NULL,
  -- Records of which two values came together in it.
  conflicts INTEGER NOT NULL,
  -- What went wrong; empty where nothing did.
  error TEXT NOT NULL,
  -- The same went wrong so often in a row, first then and last at `at`.
  times INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT;
