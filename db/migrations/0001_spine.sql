-- The spine: what was searched, what came, what people decided, what was extracted, what was published.
-- Every table is append-only (triggers below). "Now" is a view; "then" is the same views over rows with
-- change_id up to a release's watermark.

-- One row a write: who did what, when, with which program, under which protocol.
CREATE TABLE change (
  id            INTEGER PRIMARY KEY,
  at            TEXT NOT NULL,               -- UTC, ISO 8601
  by            TEXT NOT NULL,
  command       TEXT NOT NULL,
  tool_version  TEXT NOT NULL,
  protocol_id   INTEGER REFERENCES protocol(id)
) STRICT;

CREATE TABLE protocol (
  id         INTEGER PRIMARY KEY,
  sha256     TEXT NOT NULL,                  -- of the file's bytes
  text       TEXT NOT NULL,                  -- review.toml as it was
  parsed     TEXT NOT NULL CHECK (json_valid(parsed)),
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE source (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE strategy (
  id           INTEGER PRIMARY KEY,
  source_id    INTEGER NOT NULL REFERENCES source(id),
  version      INTEGER NOT NULL,
  name         TEXT NOT NULL,
  kind         TEXT NOT NULL CHECK (kind IN
                 ('database', 'register', 'website', 'organisation', 'citation searching', 'other')),
  platform     TEXT NOT NULL,
  service      TEXT NOT NULL CHECK (service IN ('pubmed', 'europepmc', 'file', 'previous')),
  query        TEXT NOT NULL,
  limits       TEXT NOT NULL,
  protocol_id  INTEGER NOT NULL REFERENCES protocol(id),
  change_id    INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (source_id, version)
) STRICT;

CREATE TABLE round (
  id         INTEGER PRIMARY KEY,
  number     INTEGER NOT NULL UNIQUE CHECK (number >= 0),
  flow       TEXT NOT NULL CHECK (flow IN ('recorded', 'not reported')),
  note       TEXT NOT NULL DEFAULT '',
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

-- One execution of a strategy: over the network, from an export file, or as a publication reports it.
CREATE TABLE search_run (
  id           INTEGER PRIMARY KEY,
  round_id     INTEGER NOT NULL REFERENCES round(id),
  strategy_id  INTEGER NOT NULL REFERENCES strategy(id),
  how          TEXT NOT NULL CHECK (how IN ('network', 'file', 'reported')),
  searched_on  TEXT NOT NULL,                -- date the source was asked
  started_at   TEXT,
  finished_at  TEXT,
  query_sent   TEXT NOT NULL,
  translation  TEXT NOT NULL DEFAULT '',     -- as the source understood it
  found        INTEGER CHECK (found >= 0),   -- NULL: not reported
  known        INTEGER CHECK (known >= 0),   -- of those found, already in the store from this source
  ids_sha256   TEXT NOT NULL DEFAULT '',
  db_build     TEXT NOT NULL DEFAULT '',
  warnings     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(warnings)),
  file_name    TEXT NOT NULL DEFAULT '',
  file_sha256  TEXT NOT NULL DEFAULT '',
  file_format  TEXT NOT NULL DEFAULT '',
  encoding     TEXT NOT NULL DEFAULT '',
  note         TEXT NOT NULL DEFAULT '',
  change_id    INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX search_run_round ON search_run (round_id);
CREATE INDEX search_run_strategy ON search_run (strategy_id);

-- A title/abstract as one source indexed it. Its fields are in revision, number 1 as imported.
CREATE TABLE record (
  id         INTEGER PRIMARY KEY,
  source_id  INTEGER NOT NULL REFERENCES source(id),
  accession  TEXT NOT NULL,                  -- the source's own number
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (source_id, accession)
) STRICT;
CREATE INDEX record_run ON record (run_id);

CREATE TABLE revision (
  id                 INTEGER PRIMARY KEY,
  record_id          INTEGER NOT NULL REFERENCES record(id),
  number             INTEGER NOT NULL CHECK (number >= 1),
  title              TEXT NOT NULL,
  abstract           TEXT NOT NULL,
  authors            TEXT NOT NULL CHECK (json_valid(authors)),
  year               INTEGER,
  journal            TEXT NOT NULL,
  volume             TEXT NOT NULL,
  issue              TEXT NOT NULL,
  pages              TEXT NOT NULL,
  doi                TEXT,
  pmid               TEXT,
  pmcid              TEXT,
  language           TEXT NOT NULL CHECK (json_valid(language)),
  publication_types  TEXT NOT NULL CHECK (json_valid(publication_types)),
  keywords           TEXT NOT NULL CHECK (json_valid(keywords)),
  extra              TEXT NOT NULL CHECK (json_valid(extra)),
  raw                BLOB NOT NULL,          -- as received, zlib-compressed
  raw_format         TEXT NOT NULL,
  raw_sha256         TEXT NOT NULL,          -- of the uncompressed bytes
  run_id             INTEGER NOT NULL REFERENCES search_run(id),
  change_id          INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (record_id, number)
) STRICT;
CREATE INDEX revision_doi ON revision (doi) WHERE doi IS NOT NULL;
CREATE INDEX revision_pmid ON revision (pmid) WHERE pmid IS NOT NULL;

CREATE VIRTUAL TABLE revision_fts USING fts5 (
  title, abstract, content="revision", content_rowid="id", tokenize='porter unicode61'
);
CREATE TRIGGER revision_fts_insert AFTER INSERT ON revision BEGIN
  INSERT INTO revision_fts (rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
END;

-- The ledger of a source, as differences: what a run found for the first time, missed, or found again
-- after missing it. The ids of a run are all earlier 'new' and 'back' less those 'gone'.
CREATE TABLE hit (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  record_id  INTEGER NOT NULL REFERENCES record(id),
  event      TEXT NOT NULL CHECK (event IN ('new', 'gone', 'back')),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hit_record ON hit (record_id, run_id);

-- What a file held that could not be taken in as a record: kept, with the reason.
CREATE TABLE refused_record (
  id         INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  line       INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  raw        TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

-- What two records are to each other, by rule or by a person. The latest judgement of a person stands; a rule
-- never overrules a person.
CREATE TABLE judgement (
  id         INTEGER PRIMARY KEY,
  left_id    INTEGER NOT NULL REFERENCES record(id),
  right_id   INTEGER NOT NULL REFERENCES record(id),
  relation   TEXT NOT NULL CHECK (relation IN ('same report', 'related', 'different', 'unsure')),
  basis      TEXT NOT NULL CHECK (basis IN ('rule', 'person')),
  evidence   TEXT NOT NULL,                  -- one sentence
  score      REAL,
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id),
  CHECK (left_id < right_id)
) STRICT;
CREATE INDEX judgement_pair ON judgement (left_id, right_id);
CREATE INDEX judgement_right ON judgement (right_id);

-- The report a record belongs to. A report bears the number of its first record; a record without a row here
-- is a report of its own.
CREATE TABLE placement (
  id         INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES record(id),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  CHECK (report_id <= record_id)
) STRICT;
CREATE INDEX placement_record ON placement (record_id, id);
CREATE INDEX placement_report ON placement (report_id);

-- Records taken out before anybody screens them, by declared rule or for another reason.
CREATE TABLE removal (
  id         INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES record(id),
  cause      TEXT NOT NULL CHECK (cause IN ('automation', 'other', 'none')),  -- 'none' takes it back
  rule       TEXT NOT NULL,
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX removal_record ON removal (record_id);

-- A vote is cast on a report by the number it bore then; it follows that record into whatever report it joins.
CREATE TABLE vote (
  id         INTEGER PRIMARY KEY,
  uid        TEXT NOT NULL UNIQUE,           -- made by the client, so that sending it twice stores it once
  report_id  INTEGER NOT NULL REFERENCES record(id),
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  reviewer   TEXT NOT NULL,
  decision   TEXT NOT NULL CHECK (decision IN ('include', 'exclude', 'maybe')),
  reason     TEXT,
  note       TEXT NOT NULL DEFAULT '',
  change_id  INTEGER NOT NULL REFERENCES change(id),
  CHECK (stage = 'abstract' OR decision <> 'maybe'),
  CHECK (stage = 'abstract' OR decision <> 'exclude' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX vote_report ON vote (report_id, stage);
CREATE INDEX vote_reviewer ON vote (reviewer, id);

CREATE TABLE vote_undo (
  vote_id    INTEGER PRIMARY KEY REFERENCES vote(id),
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE resolution (
  id         INTEGER PRIMARY KEY,
  uid        TEXT NOT NULL UNIQUE,
  report_id  INTEGER NOT NULL REFERENCES record(id),
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  kind       TEXT NOT NULL CHECK (kind IN ('consensus', 'adjudication')),
  decision   TEXT NOT NULL CHECK (decision IN ('include', 'exclude')),
  reason     TEXT,
  note       TEXT NOT NULL,
  signed_by  TEXT NOT NULL CHECK (json_valid(signed_by)),
  votes      TEXT NOT NULL CHECK (json_valid(votes)),      -- ids of the votes it settled
  change_id  INTEGER NOT NULL REFERENCES change(id),
  CHECK (stage = 'abstract' OR decision <> 'exclude' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX resolution_report ON resolution (report_id, stage);

CREATE TABLE resolution_undo (
  resolution_id  INTEGER PRIMARY KEY REFERENCES resolution(id),
  change_id      INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE fulltext_event (
  id           INTEGER PRIMARY KEY,
  report_id    INTEGER NOT NULL REFERENCES record(id),
  event        TEXT NOT NULL CHECK (event IN ('retrieved', 'not retrieved', 'awaited')),
  note         TEXT NOT NULL DEFAULT '',
  file_name    TEXT NOT NULL DEFAULT '',
  file_sha256  TEXT NOT NULL DEFAULT '',
  by           TEXT NOT NULL,
  change_id    INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX fulltext_event_report ON fulltext_event (report_id, id);

CREATE TABLE study (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

-- Which reports tell of which study. basis 'published': included by an earlier publication whose votes are not
-- in this store; 'screened': included when its votes say so.
CREATE TABLE study_report (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  basis      TEXT NOT NULL CHECK (basis IN ('published', 'screened')),
  linked     INTEGER NOT NULL CHECK (linked IN (0, 1)),
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX study_report_study ON study_report (study_id, report_id);
CREATE INDEX study_report_report ON study_report (report_id);

-- One extracted field of a study, with where it stands. The latest row of a field is the current one.
CREATE TABLE fact (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  field      TEXT NOT NULL,
  value      TEXT NOT NULL CHECK (json_valid(value)),
  location   TEXT NOT NULL DEFAULT '',
  quote      TEXT NOT NULL DEFAULT '',
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX fact_study ON fact (study_id, field, id);

-- One performance estimate of one model: the unit of pooling. Printed forms are kept beside the numbers.
CREATE TABLE evaluation (
  id               INTEGER PRIMARY KEY,
  study_id         INTEGER NOT NULL REFERENCES study(id),
  key              TEXT NOT NULL,
  marker           TEXT NOT NULL,
  outcome          TEXT NOT NULL,            -- as printed
  model            TEXT NOT NULL,            -- as printed
  validation       TEXT NOT NULL CHECK (validation IN
                     ('apparent', 'cross-validation', 'bootstrap', 'split-sample', 'temporal', 'external')),
  auc              REAL NOT NULL CHECK (auc BETWEEN 0 AND 1),
  ci_low           REAL CHECK (ci_low BETWEEN 0 AND 1),
  ci_high          REAL CHECK (ci_high BETWEEN 0 AND 1),
  ci_level         REAL NOT NULL DEFAULT 0.95 CHECK (ci_level > 0 AND ci_level < 1),
  n                INTEGER CHECK (n > 0),    -- patients of the split in question; NULL: not reported
  events           INTEGER CHECK (events >= 0),
  auc_printed      TEXT NOT NULL,
  ci_low_printed   TEXT NOT NULL DEFAULT '',
  ci_high_printed  TEXT NOT NULL DEFAULT '',
  validation_mark  TEXT NOT NULL DEFAULT '', -- footnote mark printed on the AUC
  ci_mark          TEXT NOT NULL DEFAULT '', -- and on its interval
  table_number     INTEGER NOT NULL,
  row_number       INTEGER NOT NULL,
  column_number    INTEGER NOT NULL,
  location         TEXT NOT NULL,
  n_location       TEXT NOT NULL DEFAULT '',
  quote            TEXT NOT NULL DEFAULT '',
  note             TEXT NOT NULL DEFAULT '',
  withdrawn        INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  by               TEXT NOT NULL,
  change_id        INTEGER NOT NULL REFERENCES change(id),
  CHECK ((ci_low IS NULL) = (ci_high IS NULL)),
  CHECK (ci_low IS NULL OR ci_low <= ci_high)
) STRICT;
CREATE INDEX evaluation_study ON evaluation (study_id, key, id);

-- One answer or judgement of a risk-of-bias instrument.
CREATE TABLE appraisal (
  id              INTEGER PRIMARY KEY,
  study_id        INTEGER NOT NULL REFERENCES study(id),
  evaluation_key  TEXT NOT NULL DEFAULT '',  -- empty: the whole study
  instrument      TEXT NOT NULL,
  item            TEXT NOT NULL,
  answer          TEXT NOT NULL,
  rationale       TEXT NOT NULL DEFAULT '',
  location        TEXT NOT NULL DEFAULT '',
  quote           TEXT NOT NULL DEFAULT '',
  by              TEXT NOT NULL,
  change_id       INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX appraisal_study ON appraisal (study_id, instrument, item, id);

-- A published version. Everything with change_id up to watermark is in it; it never changes again.
CREATE TABLE release (
  id                  INTEGER PRIMARY KEY,
  version             TEXT NOT NULL UNIQUE,
  title               TEXT NOT NULL,
  doi                 TEXT NOT NULL DEFAULT '',
  published_on        TEXT NOT NULL,
  integrated_through  TEXT NOT NULL,         -- search date up to which evidence is in
  round_id            INTEGER NOT NULL REFERENCES round(id),  -- the last round it integrates
  outcome             TEXT NOT NULL DEFAULT '',
  reported            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(reported)),  -- numbers as it prints them
  note                TEXT NOT NULL DEFAULT '',
  watermark           INTEGER NOT NULL REFERENCES change(id),
  change_id           INTEGER NOT NULL REFERENCES change(id)
) STRICT;
