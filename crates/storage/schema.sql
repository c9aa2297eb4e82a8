CREATE TABLE setting (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  heads BLOB NOT NULL,
  bytes BLOB NOT NULL
, appended INTEGER NOT NULL DEFAULT 0) STRICT;

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
, row INTEGER, before BLOB, after BLOB, origin TEXT) STRICT;

CREATE TABLE "operation_record" (
  operation INTEGER NOT NULL REFERENCES operation (seq),
  row INTEGER NOT NULL,
  before BLOB NOT NULL,
  after BLOB NOT NULL,
  PRIMARY KEY (operation, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE control (
  seq INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE epoch (
  number INTEGER PRIMARY KEY,
  key BLOB NOT NULL
) STRICT;

CREATE TABLE doc (
  tag BLOB PRIMARY KEY NOT NULL,
  record TEXT NOT NULL,
  key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX doc_by_record ON doc (record);

CREATE TABLE feed (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  next INTEGER NOT NULL,
  last BLOB NOT NULL, number INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (device, incarnation)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
  incarnation INTEGER NOT NULL,
  first INTEGER NOT NULL,
  next INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  keys BLOB NOT NULL, generation INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (incarnation, first)
) STRICT;

CREATE TABLE remote (
  name TEXT PRIMARY KEY NOT NULL,
  address TEXT NOT NULL UNIQUE,
  -- The place of this device's log that the remote had at the last sync, and when that was.
  sent INTEGER NOT NULL DEFAULT 1,
  synced_at INTEGER
, generation INTEGER NOT NULL DEFAULT 0, tended_at INTEGER, blobs INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
  id BLOB PRIMARY KEY NOT NULL,
  link TEXT NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  why TEXT NOT NULL,
  chunk BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX feed_by_number ON feed (number);

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

CREATE TABLE covered (
  feed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
  seq INTEGER PRIMARY KEY,
  name BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  row INTEGER PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  act TEXT NOT NULL,
  line TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_act ON audit (act, row) WHERE act <> 'change';

CREATE INDEX audit_begin ON audit (incarnation) WHERE seq = 1;

CREATE TABLE audit_head (
  row INTEGER PRIMARY KEY REFERENCES audit (row),
  at INTEGER NOT NULL,
  signature BLOB NOT NULL
) STRICT;

CREATE TABLE audit_seen (
  device BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, seq)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE person (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  prefix TEXT,
  first_name TEXT,
  first_name_sort TEXT,
  middle_name TEXT,
  last_name TEXT,
  last_name_sort TEXT,
  suffix TEXT,
  nickname TEXT,
  name_language TEXT,
  title TEXT,
  title_sort TEXT,
  department TEXT,
  company TEXT,
  emails TEXT,
  phones TEXT,
  addresses TEXT,
  location TEXT,
  website TEXT,
  birthday TEXT,
  notes TEXT,
  tags TEXT,
  source TEXT,
  source_sort TEXT,
  owner TEXT,
  owner_sort TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX person_by_sort ON person (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX person_trash ON person (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX person_by_company ON person (company) WHERE company IS NOT NULL;

CREATE INDEX person_by_birthday ON person (substr(birthday, -5)) WHERE birthday IS NOT NULL;

CREATE TABLE company (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  website TEXT,
  website_sort TEXT,
  industry TEXT,
  industry_sort TEXT,
  employees REAL,
  annual_revenue INTEGER,
  annual_revenue_currency TEXT,
  emails TEXT,
  phones TEXT,
  addresses TEXT,
  location TEXT,
  notes TEXT,
  tags TEXT,
  source TEXT,
  source_sort TEXT,
  owner TEXT,
  owner_sort TEXT,
  price_book TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX company_by_sort ON company (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX company_trash ON company (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX company_by_name_sort ON company (name_sort);

CREATE INDEX company_by_price_book ON company (price_book) WHERE price_book IS NOT NULL;

CREATE TABLE deal (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  company TEXT,
  person TEXT,
  value INTEGER,
  value_currency TEXT,
  stage TEXT,
  stage_at INTEGER,
  reached TEXT,
  rank TEXT,
  probability REAL,
  close_date TEXT,
  closed_at INTEGER,
  lost_reason TEXT,
  lost_reason_sort TEXT,
  owner TEXT,
  owner_sort TEXT,
  source TEXT,
  source_sort TEXT,
  notes TEXT,
  tags TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX deal_by_sort ON deal (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX deal_trash ON deal (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX deal_by_company ON deal (company) WHERE company IS NOT NULL;

CREATE INDEX deal_by_person ON deal (person) WHERE person IS NOT NULL;

CREATE INDEX deal_by_stage ON deal (stage) WHERE stage IS NOT NULL;

CREATE INDEX deal_by_close_date ON deal (close_date) WHERE close_date IS NOT NULL;

CREATE TABLE pipeline (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  rank TEXT,
  rank_sort TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX pipeline_by_sort ON pipeline (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX pipeline_trash ON pipeline (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE stage (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  pipeline TEXT,
  rank TEXT,
  rank_sort TEXT,
  probability REAL,
  outcome TEXT,
  rot_days REAL,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX stage_by_sort ON stage (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX stage_trash ON stage (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX stage_by_pipeline ON stage (pipeline) WHERE pipeline IS NOT NULL;

CREATE TABLE activity (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  type TEXT,
  type_sort TEXT,
  subject TEXT,
  subject_sort TEXT,
  at INTEGER,
  minutes REAL,
  outcome TEXT,
  outcome_sort TEXT,
  text TEXT,
  company TEXT,
  person TEXT,
  deal TEXT,
  place TEXT,
  direction TEXT,
  arrived_at INTEGER,
  left_at INTEGER,
  remind TEXT,
  repeat TEXT,
  zone TEXT,
  left_out TEXT,
  series TEXT,
  occurrence TEXT,
  ends INTEGER,
  owner TEXT,
  owner_sort TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX activity_by_sort ON activity (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX activity_trash ON activity (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX activity_by_at ON activity (at) WHERE at IS NOT NULL;

CREATE INDEX activity_by_company ON activity (company) WHERE company IS NOT NULL;

CREATE INDEX activity_by_person ON activity (person) WHERE person IS NOT NULL;

CREATE INDEX activity_by_deal ON activity (deal) WHERE deal IS NOT NULL;

CREATE TABLE task (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  subject TEXT,
  subject_sort TEXT,
  due TEXT,
  due_time TEXT,
  due_time_sort TEXT,
  done_at INTEGER,
  company TEXT,
  person TEXT,
  deal TEXT,
  owner TEXT,
  owner_sort TEXT,
  repeat TEXT,
  meant TEXT,
  remind TEXT,
  notes TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX task_by_sort ON task (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX task_trash ON task (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX task_by_due ON task (due) WHERE due IS NOT NULL;

CREATE INDEX task_by_done_at ON task (done_at) WHERE done_at IS NOT NULL;

CREATE INDEX task_by_company ON task (company) WHERE company IS NOT NULL;

CREATE INDEX task_by_person ON task (person) WHERE person IS NOT NULL;

CREATE INDEX task_by_deal ON task (deal) WHERE deal IS NOT NULL;

CREATE TABLE product (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  code TEXT,
  code_sort TEXT,
  price INTEGER,
  price_currency TEXT,
  unit TEXT,
  tax REAL,
  category TEXT,
  category_sort TEXT,
  description TEXT,
  retired INTEGER,
  notes TEXT,
  tags TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX product_by_sort ON product (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX product_trash ON product (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX product_by_code_sort ON product (code_sort);

CREATE TABLE price_book (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  currency TEXT,
  discount REAL,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX price_book_by_sort ON price_book (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX price_book_trash ON price_book (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE price (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  price_book TEXT,
  product TEXT,
  price INTEGER,
  price_currency TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX price_by_sort ON price (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX price_trash ON price (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX price_by_price_book ON price (price_book) WHERE price_book IS NOT NULL;

CREATE INDEX price_by_product ON price (product) WHERE product IS NOT NULL;

CREATE TABLE quote (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  number TEXT,
  number_sort TEXT,
  name TEXT,
  name_sort TEXT,
  company TEXT,
  person TEXT,
  deal TEXT,
  status TEXT,
  status_sort TEXT,
  date TEXT,
  valid_until TEXT,
  lines TEXT,
  discount REAL,
  net INTEGER,
  net_currency TEXT,
  total INTEGER,
  total_currency TEXT,
  price_book TEXT,
  intro TEXT,
  terms TEXT,
  decided_at INTEGER,
  declined_reason TEXT,
  version REAL,
  owner TEXT,
  owner_sort TEXT,
  notes TEXT,
  tags TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX quote_by_sort ON quote (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX quote_trash ON quote (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX quote_by_number_sort ON quote (number_sort);

CREATE INDEX quote_by_company ON quote (company) WHERE company IS NOT NULL;

CREATE INDEX quote_by_person ON quote (person) WHERE person IS NOT NULL;

CREATE INDEX quote_by_deal ON quote (deal) WHERE deal IS NOT NULL;

CREATE INDEX quote_by_price_book ON quote (price_book) WHERE price_book IS NOT NULL;

CREATE TABLE letterhead (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  address TEXT,
  footer TEXT,
  accent TEXT,
  intro TEXT,
  terms TEXT,
  valid_days REAL,
  tax REAL,
  paper TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX letterhead_by_sort ON letterhead (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX letterhead_trash ON letterhead (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE template (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  subject TEXT,
  subject_sort TEXT,
  body TEXT,
  language TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX template_by_sort ON template (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX template_trash ON template (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE custom_field (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  for_kind TEXT,
  key TEXT,
  label TEXT,
  label_sort TEXT,
  type TEXT,
  options TEXT,
  option_order TEXT,
  retired TEXT,
  renames TEXT,
  links TEXT,
  formula TEXT,
  rank TEXT,
  shelved INTEGER,
  privacy TEXT,
  purpose TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX custom_field_by_sort ON custom_field (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX custom_field_trash ON custom_field (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE attachment (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT,
  name_sort TEXT,
  media_type TEXT,
  size REAL,
  record TEXT,
  record_sort TEXT,
  content TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX attachment_by_sort ON attachment (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX attachment_trash ON attachment (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX attachment_by_record_sort ON attachment (record_sort);

CREATE TABLE alert (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  rule TEXT,
  at INTEGER,
  device TEXT,
  incarnation TEXT,
  entry REAL,
  count REAL,
  most REAL,
  subject TEXT,
  seen_by TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX alert_by_sort ON alert (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX alert_trash ON alert (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE incident (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  playbook TEXT,
  name TEXT,
  drill INTEGER,
  opened_at INTEGER,
  known_at INTEGER,
  closed_at INTEGER,
  done TEXT,
  affected TEXT,
  notes TEXT,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX incident_by_sort ON incident (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX incident_trash ON incident (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE training (
  row INTEGER PRIMARY KEY REFERENCES document (row),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  called TEXT NOT NULL,
  sort TEXT NOT NULL,
  person TEXT,
  member TEXT,
  version REAL,
  items TEXT,
  done_at INTEGER,
  custom TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX training_by_sort ON training (sort, row) WHERE deleted_at IS NULL;

CREATE INDEX training_trash ON training (deleted_at) WHERE deleted_at IS NOT NULL;

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

CREATE VIRTUAL TABLE search USING fts5 (name, contact, body, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3', columnsize = 0);

CREATE INDEX deal_report ON deal (stage, owner_sort, value_currency, value, probability, close_date, stage_at, created_at, id, owner) WHERE deleted_at IS NULL;

CREATE INDEX deal_closed ON deal (closed_at, stage, owner_sort, lost_reason_sort, value_currency, value) WHERE deleted_at IS NULL AND closed_at IS NOT NULL;

CREATE INDEX deal_made ON deal (created_at, stage, owner_sort, reached) WHERE deleted_at IS NULL;

CREATE INDEX activity_report ON activity (owner_sort, type_sort, at) WHERE deleted_at IS NULL;

CREATE INDEX activity_of_deal ON activity (deal, at) WHERE deleted_at IS NULL AND deal IS NOT NULL;

CREATE INDEX person_created ON person (created_at, owner_sort) WHERE deleted_at IS NULL;

CREATE INDEX task_remind ON task (due) WHERE remind IS NOT NULL AND done_at IS NULL AND deleted_at IS NULL;

CREATE INDEX activity_remind ON activity (at) WHERE remind IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_series ON activity (at, ends) WHERE repeat IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_series_company ON activity (company) WHERE repeat IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_series_person ON activity (person) WHERE repeat IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_series_deal ON activity (deal, at, ends) WHERE repeat IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_of_series ON activity (series, occurrence) WHERE series IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX activity_visits_company ON activity (company, at) WHERE type IN ('meeting', 'visit') AND deleted_at IS NULL;

CREATE INDEX activity_visits_person ON activity (person, at) WHERE type IN ('meeting', 'visit') AND deleted_at IS NULL;

CREATE INDEX activity_open ON activity (arrived_at) WHERE arrived_at IS NOT NULL AND left_at IS NULL AND deleted_at IS NULL;

CREATE TABLE thumbnail (
  name BLOB PRIMARY KEY,
  used INTEGER NOT NULL,
  size INTEGER NOT NULL,
  jpeg BLOB NOT NULL
) STRICT;

CREATE INDEX thumbnail_by_use ON thumbnail (used, size);
