-- Bytes behind the whole document that were appended since, one chunk for each edit.
ALTER TABLE document ADD COLUMN appended INTEGER NOT NULL DEFAULT 0;

-- An operation that touches one record has it in its own row. Which operations have touched a record is said by the
-- record's document, so no index repeats it.
ALTER TABLE operation ADD COLUMN row INTEGER;
ALTER TABLE operation ADD COLUMN before BLOB;
ALTER TABLE operation ADD COLUMN after BLOB;

CREATE TABLE operation_touched (
  operation INTEGER NOT NULL REFERENCES operation (seq),
  row INTEGER NOT NULL,
  before BLOB NOT NULL,
  after BLOB NOT NULL,
  PRIMARY KEY (operation, row)
) STRICT, WITHOUT ROWID;
INSERT INTO operation_touched SELECT operation, row, before, after FROM operation_record;
DROP TABLE operation_record;
ALTER TABLE operation_touched RENAME TO operation_record;
