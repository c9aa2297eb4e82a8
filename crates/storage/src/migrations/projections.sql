-- Exact lookups: e-mail, phone, tag, city, other programs' ids.
CREATE TABLE term (
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  row INTEGER NOT NULL REFERENCES document (row),
  PRIMARY KEY (field, value, row)
) STRICT, WITHOUT ROWID;
CREATE INDEX term_by_row ON term (row);
CREATE TABLE conflict (
  row INTEGER NOT NULL REFERENCES document (row),
  path TEXT NOT NULL,
  PRIMARY KEY (row, path)
) STRICT, WITHOUT ROWID;
-- Folded and segmented by `domain::text`; records in the trash are not in it.
CREATE VIRTUAL TABLE search USING fts5 (name, contact, body, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3', columnsize = 0);
-- Each transaction that writes the index adds a segment. Merging them is left to `Store::tidy`, which runs when nobody
-- waits; only when there are 64 of a size does a write merge them.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);
-- Bytes of words that a transaction collects before it writes a segment.
INSERT INTO search (search, rank) VALUES ('hashsize', 16777216);
-- What reports count and add up is read from these alone.
CREATE INDEX deal_report ON deal (stage, owner_sort, value_currency, value, probability, close_date, stage_at, created_at, id, owner) WHERE deleted_at IS NULL;
CREATE INDEX deal_closed ON deal (closed_at, stage, owner_sort, lost_reason_sort, value_currency, value) WHERE deleted_at IS NULL AND closed_at IS NOT NULL;
CREATE INDEX deal_made ON deal (created_at, stage, owner_sort, reached) WHERE deleted_at IS NULL;
CREATE INDEX activity_report ON activity (owner_sort, type_sort, at) WHERE deleted_at IS NULL;
CREATE INDEX activity_of_deal ON activity (deal, at) WHERE deleted_at IS NULL AND deal IS NOT NULL;
CREATE INDEX person_created ON person (created_at, owner_sort) WHERE deleted_at IS NULL;
-- What is open and wants to be told of.
CREATE INDEX task_remind ON task (due) WHERE remind IS NOT NULL AND done_at IS NULL AND deleted_at IS NULL;
CREATE INDEX activity_remind ON activity (at) WHERE remind IS NOT NULL AND deleted_at IS NULL;
-- What comes again, whose it is with, and those of its times that are records of their own.
CREATE INDEX activity_series ON activity (at, ends) WHERE repeat IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX activity_series_company ON activity (company) WHERE repeat IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX activity_series_person ON activity (person) WHERE repeat IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX activity_series_deal ON activity (deal, at, ends) WHERE repeat IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX activity_of_series ON activity (series, occurrence) WHERE series IS NOT NULL AND deleted_at IS NULL;
-- When somebody was last with a customer, and where somebody is just now.
CREATE INDEX activity_visits_company ON activity (company, at) WHERE type IN ('meeting', 'visit') AND deleted_at IS NULL;
CREATE INDEX activity_visits_person ON activity (person, at) WHERE type IN ('meeting', 'visit') AND deleted_at IS NULL;
CREATE INDEX activity_open ON activity (arrived_at) WHERE arrived_at IS NOT NULL AND left_at IS NULL AND deleted_at IS NULL;
-- Small pictures of attachments. `used` rises with each that is asked for: the lowest make place (`thumbnails`).
CREATE TABLE thumbnail (
  name BLOB PRIMARY KEY,
  used INTEGER NOT NULL,
  size INTEGER NOT NULL,
  jpeg BLOB NOT NULL
) STRICT;
CREATE INDEX thumbnail_by_use ON thumbnail (used, size);
