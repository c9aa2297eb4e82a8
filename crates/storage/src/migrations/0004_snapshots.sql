-- A feed's number here: what is kept for each entry names its feed by it.
ALTER TABLE feed ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE feed SET number = (SELECT count(*) FROM feed f
  WHERE f.device < feed.device OR (f.device = feed.device AND f.incarnation <= feed.incarnation));
CREATE UNIQUE INDEX feed_by_number ON feed (number);

-- Entries that no snapshot stands for yet, with what they have led to; a snapshot with what it stands for. Entries of this
-- device stay, with the snapshot that stands for them, until they are left out of its log.
CREATE TABLE loose (
  feed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  row INTEGER NOT NULL REFERENCES document (row),
  heads BLOB NOT NULL,
  size INTEGER NOT NULL,
  covers BLOB,
  by_feed INTEGER,
  by_seq INTEGER,
  PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX loose_by_row ON loose (row) WHERE by_feed IS NULL;
CREATE INDEX loose_covered ON loose (by_feed, feed) WHERE by_feed IS NOT NULL;

-- Entries that are not here yet and that a snapshot stands for which is: they may come left out.
CREATE TABLE covered (
  feed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;

-- Goes up whenever segments are written anew without what was left out; a remote has what was written up to its own.
ALTER TABLE segment ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE remote ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE remote ADD COLUMN tended_at INTEGER;

-- Pieces of attachments that are here, and up to which of them a remote has got them.
CREATE TABLE blob (
  seq INTEGER PRIMARY KEY,
  name BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL
) STRICT;
ALTER TABLE remote ADD COLUMN blobs INTEGER NOT NULL DEFAULT 0;
