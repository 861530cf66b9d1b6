-- Generated from the migrations by: make schema. A test compares it with a new store.

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

CREATE TABLE block_key (
  key        INTEGER NOT NULL,               -- odd: an identifier
  record_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (key, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE calibration (
  id         INTEGER PRIMARY KEY,
  number     INTEGER NOT NULL,
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  reports    TEXT NOT NULL CHECK (json_valid(reports)),    -- in the order to read them
  likely     TEXT NOT NULL CHECK (json_valid(likely)),     -- those taken for their score
  reviewers  TEXT NOT NULL CHECK (json_valid(reviewers)),
  seed       INTEGER NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (stage, number)
) STRICT;

CREATE TABLE calibration_event (
  id              INTEGER PRIMARY KEY,
  calibration_id  INTEGER NOT NULL REFERENCES calibration(id),
  kind            TEXT NOT NULL CHECK (kind IN ('discussed', 'amendment', 'closed')),
  report_id       INTEGER REFERENCES record(id),
  note            TEXT NOT NULL,
  by              TEXT NOT NULL,
  change_id       INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE change (
  id            INTEGER PRIMARY KEY,
  at            TEXT NOT NULL,               -- UTC, ISO 8601
  by            TEXT NOT NULL,
  command       TEXT NOT NULL,
  tool_version  TEXT NOT NULL,
  protocol_id   INTEGER REFERENCES protocol(id)
) STRICT;

CREATE TABLE conflict_open (
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (stage, report_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dedupe_pass (
  id           INTEGER PRIMARY KEY,
  engine       TEXT NOT NULL,
  revision_id  INTEGER NOT NULL,
  change_id    INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE entry (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  form_id    INTEGER NOT NULL REFERENCES form(id),
  row_key    TEXT NOT NULL DEFAULT '',       -- of a table; empty: of the study
  field      TEXT NOT NULL,                  -- cohort_size, or evaluations.auc for a column of a table
  value      TEXT NOT NULL CHECK (json_valid(value)),   -- as printed
  location   TEXT NOT NULL DEFAULT '',
  quote      TEXT NOT NULL DEFAULT '',
  note       TEXT NOT NULL DEFAULT '',
  via        TEXT NOT NULL DEFAULT '',       -- the spreadsheet it came in by; empty: typed
  standing   INTEGER NOT NULL DEFAULT 1 CHECK (standing IN (0, 1)),
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE entry_decision (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  form_id    INTEGER NOT NULL REFERENCES form(id),
  row_key    TEXT NOT NULL DEFAULT '',
  field      TEXT NOT NULL,
  value      TEXT NOT NULL CHECK (json_valid(value)),
  location   TEXT NOT NULL DEFAULT '',
  quote      TEXT NOT NULL DEFAULT '',
  basis      TEXT NOT NULL CHECK (basis IN ('agreed', 'reconciled', 'adjudicated', 'withdrawn')),
  note       TEXT NOT NULL DEFAULT '',
  signed_by  TEXT NOT NULL CHECK (json_valid(signed_by)),
  entries    TEXT NOT NULL CHECK (json_valid(entries)),    -- ids of the entries it settled
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE entry_finish (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  form_id    INTEGER NOT NULL REFERENCES form(id),
  finished   INTEGER NOT NULL CHECK (finished IN (0, 1)),
  note       TEXT NOT NULL DEFAULT '',
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

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

CREATE TABLE form (
  id         INTEGER PRIMARY KEY,
  number     INTEGER NOT NULL UNIQUE CHECK (number >= 1),
  name       TEXT NOT NULL,
  version    TEXT NOT NULL,                  -- as the file calls it
  sha256     TEXT NOT NULL,                  -- of the texts it was made of
  text       TEXT NOT NULL,                  -- the review's own file as it was; empty: the shipped form
  parsed     TEXT NOT NULL CHECK (json_valid(parsed)),
  change_id  INTEGER NOT NULL REFERENCES change(id)
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
, link TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE hit (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  record_id  INTEGER NOT NULL REFERENCES record(id),
  event      TEXT NOT NULL CHECK (event IN ('new', 'gone', 'back')),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE judgement (
  id         INTEGER PRIMARY KEY,
  left_id    INTEGER NOT NULL REFERENCES record(id),
  right_id   INTEGER NOT NULL REFERENCES record(id),
  relation   TEXT NOT NULL CHECK (relation IN ('same report', 'related', 'different', 'unsure')),
  basis      TEXT NOT NULL CHECK (basis IN ('rule', 'person')),
  evidence   TEXT NOT NULL,                  -- one sentence
  score      REAL,
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id), kind TEXT NOT NULL DEFAULT '', engine TEXT NOT NULL DEFAULT '', weights TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(weights)),
  CHECK (left_id < right_id)
) STRICT;

CREATE TABLE mark (
  id         INTEGER PRIMARY KEY,
  report_id  INTEGER NOT NULL REFERENCES record(id),
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  reviewer   TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('tag', 'note', 'flag', 'skip')),
  value      TEXT NOT NULL DEFAULT '',
  standing   INTEGER NOT NULL DEFAULT 1 CHECK (standing IN (0, 1)),
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE missing_record (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  accession  TEXT NOT NULL,
  told       TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, accession)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  id         INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES record(id),
  kind       TEXT NOT NULL CHECK (kind IN
               ('retraction', 'expression of concern', 'correction', 'corrected and republished', 'update')),
  reference  TEXT NOT NULL,                  -- PubMed number or DOI of what says so; empty where none is given
  source     TEXT NOT NULL,                  -- who told: pubmed, crossref, ...
  run_id     INTEGER REFERENCES search_run(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (record_id, kind, reference)
) STRICT;

CREATE TABLE notice_decision (
  id         INTEGER PRIMARY KEY,
  notice_id  INTEGER NOT NULL REFERENCES notice(id),
  note       TEXT NOT NULL,
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE placement (
  id         INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES record(id),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  CHECK (report_id <= record_id)
) STRICT;

CREATE TABLE protocol (
  id         INTEGER PRIMARY KEY,
  sha256     TEXT NOT NULL,                  -- of the file's bytes
  text       TEXT NOT NULL,                  -- review.toml as it was
  parsed     TEXT NOT NULL CHECK (json_valid(parsed)),
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE queue (
  reviewer   TEXT NOT NULL,
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  lane       INTEGER NOT NULL,               -- see screening/queue.py
  place      INTEGER NOT NULL,               -- within the lane
  report_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (reviewer, stage, lane, place, report_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_due (
  report_id  INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE queue_rules (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  sha256  TEXT NOT NULL
) STRICT;

CREATE TABLE ranking (
  id          INTEGER PRIMARY KEY,
  stage       TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  reviewer    TEXT NOT NULL,                 -- whose queue it orders; learnt from settled reports and their own votes
  engine      TEXT NOT NULL,
  basis       TEXT NOT NULL,
  corpus_key  TEXT NOT NULL,                 -- SHA-256 of texts, protocol words and parameters
  includes    INTEGER NOT NULL CHECK (includes >= 0),
  excludes    INTEGER NOT NULL CHECK (excludes >= 0),
  ranked      INTEGER NOT NULL CHECK (ranked >= 0),
  backtest    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(backtest)),
  change_id   INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE record (
  id         INTEGER PRIMARY KEY,
  source_id  INTEGER NOT NULL REFERENCES source(id),
  accession  TEXT NOT NULL,                  -- the source's own number
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  UNIQUE (source_id, accession)
) STRICT;

CREATE TABLE refound (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  record_id  INTEGER NOT NULL REFERENCES record(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused_record (
  id         INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  line       INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  raw        TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

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

CREATE TABLE removal (
  id         INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES record(id),
  cause      TEXT NOT NULL CHECK (cause IN ('automation', 'other', 'none')),  -- 'none' takes it back
  rule       TEXT NOT NULL,
  by         TEXT NOT NULL,
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

CREATE TABLE resolution_undo (
  resolution_id  INTEGER PRIMARY KEY REFERENCES resolution(id),
  change_id      INTEGER NOT NULL REFERENCES change(id)
, why TEXT NOT NULL DEFAULT '') STRICT;

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
  change_id          INTEGER NOT NULL REFERENCES change(id), title_given TEXT NOT NULL DEFAULT '', date TEXT NOT NULL DEFAULT '', journal_short TEXT NOT NULL DEFAULT '', numbers TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(numbers)),
  UNIQUE (record_id, number)
) STRICT;

CREATE VIRTUAL TABLE revision_fts USING fts5 (
  title, abstract, content="revision", content_rowid="id", tokenize='porter unicode61'
);

CREATE TABLE round (
  id         INTEGER PRIMARY KEY,
  number     INTEGER NOT NULL UNIQUE CHECK (number >= 0),
  flow       TEXT NOT NULL CHECK (flow IN ('recorded', 'not reported')),
  note       TEXT NOT NULL DEFAULT '',
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

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
, translation_set TEXT NOT NULL DEFAULT '', assumed TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(assumed))) STRICT;

CREATE TABLE source (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE stop_check (
  id            INTEGER PRIMARY KEY,
  total         INTEGER NOT NULL,
  screened      INTEGER NOT NULL,
  found         INTEGER NOT NULL,
  target        REAL NOT NULL,
  confidence    REAL NOT NULL,
  p             REAL NOT NULL,
  advice        TEXT NOT NULL,
  order_sha256  TEXT NOT NULL,               -- of the reports and labels in the order of screening
  change_id     INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE stop_decision (
  id         INTEGER PRIMARY KEY,
  check_id   INTEGER NOT NULL REFERENCES stop_check(id),
  kind       TEXT NOT NULL CHECK (kind IN ('stopped', 'reopened')),
  note       TEXT NOT NULL,
  by         TEXT NOT NULL,
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

CREATE TABLE study (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE study_report (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  basis      TEXT NOT NULL CHECK (basis IN ('published', 'screened')),
  linked     INTEGER NOT NULL CHECK (linked IN (0, 1)),
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE synthesis_run (
  id             INTEGER PRIMARY KEY,
  synthesis      TEXT NOT NULL,                 -- its id in review.toml
  analysis       TEXT NOT NULL DEFAULT '',      -- empty: the synthesis itself; else which sensitivity analysis
  declared       TEXT NOT NULL CHECK (json_valid(declared)),   -- as it was run
  evidence       TEXT NOT NULL,                 -- release 1.0, release 1.0 + round 1
  inputs_sha256  TEXT NOT NULL,                 -- of the evaluations that went in, with all that the method reads
  code_version   TEXT NOT NULL,
  result         TEXT NOT NULL CHECK (json_valid(result)),     -- 12 significant digits
  sha256         TEXT NOT NULL UNIQUE,          -- of all of the above: an equal run is kept once
  change_id      INTEGER NOT NULL REFERENCES change(id)
) STRICT;

CREATE TABLE vote (
  id         INTEGER PRIMARY KEY,
  uid        TEXT NOT NULL UNIQUE,           -- made by the client, so that sending it twice stores it once
  report_id  INTEGER NOT NULL REFERENCES record(id),
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  reviewer   TEXT NOT NULL,
  decision   TEXT NOT NULL CHECK (decision IN ('include', 'exclude', 'maybe')),
  reason     TEXT,
  note       TEXT NOT NULL DEFAULT '',
  change_id  INTEGER NOT NULL REFERENCES change(id), secondary TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(secondary)), milliseconds INTEGER CHECK (milliseconds >= 0), ranking_id INTEGER REFERENCES ranking(id), criteria INTEGER CHECK (criteria >= 1), cast_at TEXT,
  CHECK (stage = 'abstract' OR decision <> 'maybe'),
  CHECK (stage = 'abstract' OR decision <> 'exclude' OR reason IS NOT NULL)
) STRICT;

CREATE TABLE vote_undo (
  vote_id    INTEGER PRIMARY KEY REFERENCES vote(id),
  change_id  INTEGER NOT NULL REFERENCES change(id)
, why TEXT NOT NULL DEFAULT '') STRICT;

CREATE VIEW appraisal_now AS
SELECT a.*
FROM appraisal a
WHERE a.id = (
  SELECT max(b.id) FROM appraisal b
  WHERE b.study_id = a.study_id AND b.evaluation_key = a.evaluation_key
    AND b.instrument = a.instrument AND b.item = a.item AND b.by = a.by
);

CREATE VIEW duplicates AS
SELECT j.left_id AS record, w.title, j.right_id AS other_record, x.title AS other_title, j.relation, j.basis,
       j.evidence, j.by, c.at
FROM judgement_now j
JOIN revision_now w ON w.record_id = j.left_id
JOIN revision_now x ON x.record_id = j.right_id
JOIN change c ON c.id = j.change_id;

CREATE VIEW entry_decision_now AS
SELECT d.*
FROM entry_decision d
WHERE d.id = (
    SELECT max(f.id) FROM entry_decision f
    WHERE f.study_id = d.study_id AND f.field = d.field AND f.row_key = d.row_key);

CREATE VIEW entry_now AS
SELECT e.*
FROM entry e
WHERE e.id = (
    SELECT max(f.id) FROM entry f
    WHERE f.study_id = e.study_id AND f.by = e.by AND f.field = e.field AND f.row_key = e.row_key);

CREATE VIEW evaluation_now AS
SELECT e.*
FROM evaluation e
WHERE e.id = (SELECT max(f.id) FROM evaluation f WHERE f.study_id = e.study_id AND f.key = e.key)
  AND e.withdrawn = 0;

CREATE VIEW evaluations AS
SELECT s.key AS study, e.marker, e.outcome, e.model, e.validation, e.auc, e.ci_low, e.ci_high, e.n, e.location,
       e.note, e.by, c.at
FROM evaluation_now e JOIN study s ON s.id = e.study_id JOIN change c ON c.id = e.change_id;

CREATE VIEW fact_now AS
SELECT f.*
FROM fact f
WHERE f.id = (SELECT max(g.id) FROM fact g WHERE g.study_id = f.study_id AND g.field = f.field);

CREATE VIEW fulltext_now AS
SELECT * FROM (
  SELECT f.*, p.report_id AS report_now,
         row_number() OVER (
           PARTITION BY p.report_id ORDER BY (f.event = 'awaited' AND f.link <> ''), f.id DESC) AS newest
  FROM fulltext_event f JOIN record_report p ON p.record_id = f.report_id
) WHERE newest = 1;

CREATE VIEW judgement_now AS
SELECT j.*
FROM judgement j
WHERE j.id = (
  SELECT k.id FROM judgement k
  WHERE k.left_id = j.left_id AND k.right_id = j.right_id
  ORDER BY
    (k.basis = 'person' AND k.id > coalesce(
      (SELECT max(u.id) FROM judgement u WHERE u.left_id = k.left_id AND u.right_id = k.right_id
       AND u.basis = 'person' AND u.relation = 'unsure'), 0)) DESC,
    (k.basis = 'rule') DESC,
    k.id DESC
  LIMIT 1
);

CREATE VIEW mark_now AS
SELECT m.*
FROM mark m
WHERE m.id = (
    SELECT n.id FROM mark n
    WHERE n.report_id = m.report_id AND n.stage = m.stage AND n.reviewer = m.reviewer AND n.kind = m.kind
      AND (m.kind <> 'tag' OR n.value = m.value)
    ORDER BY n.id DESC LIMIT 1)
  AND m.standing = 1;

CREATE VIEW notice_open AS
SELECT n.*, p.report_id AS report_now
FROM notice n JOIN record_report p ON p.record_id = n.record_id
WHERE NOT EXISTS (SELECT 1 FROM notice_decision d WHERE d.notice_id = n.id);

CREATE VIEW notices AS
SELECT n.id, 'R' || p.report_id AS report, v.title, n.kind, n.reference, n.source, c.at AS seen_at,
       coalesce((SELECT d.by || ': ' || d.note FROM notice_decision d WHERE d.notice_id = n.id
                 ORDER BY d.id DESC LIMIT 1), 'open') AS decision
FROM notice n
JOIN record_report p ON p.record_id = n.record_id
JOIN revision_now v ON v.record_id = n.record_id
JOIN change c ON c.id = n.change_id;

CREATE VIEW record_report AS
SELECT r.id AS record_id,
       coalesce((SELECT p.report_id FROM placement p WHERE p.record_id = r.id ORDER BY p.id DESC LIMIT 1), r.id)
         AS report_id
FROM record r;

CREATE VIEW records AS
SELECT r.id AS record, 'R' || p.report_id AS report, t.name AS source, r.accession, v.title,
       (SELECT group_concat(trim((a.value ->> 0) || ' ' || (a.value ->> 1)), ', ') FROM json_each(v.authors) a)
         AS authors,
       v.journal, v.year, v.doi, v.pmid, n.number AS round, s.searched_on, v.number AS revision, v.abstract
FROM record r
JOIN record_report p ON p.record_id = r.id
JOIN revision_now v ON v.record_id = r.id
JOIN search_run s ON s.id = r.run_id
JOIN strategy t ON t.id = s.strategy_id
JOIN round n ON n.id = s.round_id;

CREATE VIEW removal_now AS
SELECT m.* FROM removal m
WHERE m.id = (SELECT max(n.id) FROM removal n WHERE n.record_id = m.record_id) AND m.cause <> 'none';

CREATE VIEW resolution_now AS
SELECT * FROM (
  SELECT r.*, p.report_id AS report_now,
         row_number() OVER (PARTITION BY p.report_id, r.stage ORDER BY r.id DESC) AS newest
  FROM resolution r JOIN record_report p ON p.record_id = r.report_id
  WHERE NOT EXISTS (SELECT 1 FROM resolution_undo u WHERE u.resolution_id = r.id)
) WHERE newest = 1;

CREATE VIEW revision_now AS
SELECT v.*
FROM revision v
WHERE v.number = (SELECT max(w.number) FROM revision w WHERE w.record_id = v.record_id);

CREATE VIEW searches AS
SELECT s.id AS run, n.number AS round, t.name AS source, t.platform, s.how, s.searched_on,
       coalesce(CAST(s.found AS TEXT), 'not reported') AS found,
       (SELECT count(*) FROM hit h WHERE h.run_id = s.id AND h.event = 'new') AS new,
       s.query_sent, s.translation, s.file_name
FROM search_run s JOIN strategy t ON t.id = s.strategy_id JOIN round n ON n.id = s.round_id;

CREATE VIEW strategy_now AS
SELECT s.key AS source_key, t.*
FROM strategy t JOIN source s ON s.id = t.source_id
WHERE t.version = (SELECT max(u.version) FROM strategy u WHERE u.source_id = t.source_id);

CREATE VIEW studies AS
SELECT s.id, s.key AS study,
       max(CASE f.field WHEN 'cohort_size' THEN f.value END) AS cohort_size,
       max(CASE f.field WHEN 'receptors' THEN f.value END) AS receptors,
       max(CASE f.field WHEN 'primary_tumours' THEN f.value END) AS primary_tumours
FROM study s LEFT JOIN fact_now f ON f.study_id = s.id
GROUP BY s.id;

CREATE VIEW study_report_now AS
SELECT l.*, p.report_id AS report_now
FROM study_report l JOIN record_report p ON p.record_id = l.report_id
WHERE l.linked = 1
  AND l.id = (SELECT max(m.id) FROM study_report m WHERE m.study_id = l.study_id AND m.report_id = l.report_id);

CREATE VIEW vote_live AS
SELECT v.*, p.report_id AS report_now
FROM vote v JOIN record_report p ON p.record_id = v.report_id
WHERE NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id);

CREATE VIEW vote_now AS
SELECT * FROM (
  SELECT v.*, row_number() OVER (PARTITION BY v.report_now, v.stage, v.reviewer ORDER BY v.id DESC) AS newest
  FROM vote_live v
) WHERE newest = 1;

CREATE INDEX appraisal_study ON appraisal (study_id, instrument, item, id);

CREATE INDEX calibration_event_calibration ON calibration_event (calibration_id);

CREATE INDEX entry_cell ON entry (study_id, by, field, row_key, id);

CREATE INDEX entry_decision_cell ON entry_decision (study_id, field, row_key, id);

CREATE INDEX entry_finish_study ON entry_finish (study_id, id);

CREATE INDEX evaluation_study ON evaluation (study_id, key, id);

CREATE INDEX fact_study ON fact (study_id, field, id);

CREATE INDEX fulltext_event_report ON fulltext_event (report_id, id);

CREATE INDEX hit_record ON hit (record_id, run_id);

CREATE INDEX judgement_pair ON judgement (left_id, right_id);

CREATE INDEX judgement_person ON judgement (left_id, right_id) WHERE basis = 'person';

CREATE INDEX judgement_right ON judgement (right_id);

CREATE INDEX judgement_unsure ON judgement (left_id, right_id) WHERE relation = 'unsure';

CREATE INDEX mark_report ON mark (report_id, reviewer);

CREATE INDEX mark_reviewer ON mark (reviewer, kind);

CREATE INDEX notice_decision_notice ON notice_decision (notice_id);

CREATE INDEX placement_record ON placement (record_id, id);

CREATE INDEX placement_report ON placement (report_id);

CREATE UNIQUE INDEX queue_report ON queue (report_id, stage, reviewer);

CREATE INDEX record_run ON record (run_id);

CREATE INDEX removal_record ON removal (record_id);

CREATE INDEX resolution_report ON resolution (report_id, stage);

CREATE INDEX revision_doi ON revision (doi) WHERE doi IS NOT NULL;

CREATE INDEX revision_pmid ON revision (pmid) WHERE pmid IS NOT NULL;

CREATE INDEX search_run_round ON search_run (round_id);

CREATE INDEX search_run_strategy ON search_run (strategy_id);

CREATE INDEX study_report_report ON study_report (report_id);

CREATE INDEX study_report_study ON study_report (study_id, report_id);

CREATE INDEX synthesis_run_synthesis ON synthesis_run (synthesis, id);

CREATE INDEX vote_report ON vote (report_id, stage);

CREATE INDEX vote_reviewer ON vote (reviewer, id);

CREATE TRIGGER appraisal_no_delete BEFORE DELETE ON appraisal BEGIN SELECT raise(ABORT, 'appraisal is append-only'); END;

CREATE TRIGGER appraisal_no_update BEFORE UPDATE ON appraisal BEGIN SELECT raise(ABORT, 'appraisal is append-only'); END;

CREATE TRIGGER calibration_event_no_delete BEFORE DELETE ON calibration_event BEGIN SELECT raise(ABORT, 'calibration_event is append-only'); END;

CREATE TRIGGER calibration_event_no_update BEFORE UPDATE ON calibration_event BEGIN SELECT raise(ABORT, 'calibration_event is append-only'); END;

CREATE TRIGGER calibration_no_delete BEFORE DELETE ON calibration BEGIN SELECT raise(ABORT, 'calibration is append-only'); END;

CREATE TRIGGER calibration_no_update BEFORE UPDATE ON calibration BEGIN SELECT raise(ABORT, 'calibration is append-only'); END;

CREATE TRIGGER change_no_delete BEFORE DELETE ON change BEGIN SELECT raise(ABORT, 'change is append-only'); END;

CREATE TRIGGER change_no_update BEFORE UPDATE ON change BEGIN SELECT raise(ABORT, 'change is append-only'); END;

CREATE TRIGGER dedupe_pass_no_delete BEFORE DELETE ON dedupe_pass BEGIN SELECT raise(ABORT, 'dedupe_pass is append-only'); END;

CREATE TRIGGER dedupe_pass_no_update BEFORE UPDATE ON dedupe_pass BEGIN SELECT raise(ABORT, 'dedupe_pass is append-only'); END;

CREATE TRIGGER entry_decision_no_delete BEFORE DELETE ON entry_decision BEGIN SELECT raise(ABORT, 'entry_decision is append-only'); END;

CREATE TRIGGER entry_decision_no_update BEFORE UPDATE ON entry_decision BEGIN SELECT raise(ABORT, 'entry_decision is append-only'); END;

CREATE TRIGGER entry_finish_no_delete BEFORE DELETE ON entry_finish BEGIN SELECT raise(ABORT, 'entry_finish is append-only'); END;

CREATE TRIGGER entry_finish_no_update BEFORE UPDATE ON entry_finish BEGIN SELECT raise(ABORT, 'entry_finish is append-only'); END;

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT raise(ABORT, 'entry is append-only'); END;

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'entry is append-only'); END;

CREATE TRIGGER evaluation_no_delete BEFORE DELETE ON evaluation BEGIN SELECT raise(ABORT, 'evaluation is append-only'); END;

CREATE TRIGGER evaluation_no_update BEFORE UPDATE ON evaluation BEGIN SELECT raise(ABORT, 'evaluation is append-only'); END;

CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact BEGIN SELECT raise(ABORT, 'fact is append-only'); END;

CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact BEGIN SELECT raise(ABORT, 'fact is append-only'); END;

CREATE TRIGGER form_no_delete BEFORE DELETE ON form BEGIN SELECT raise(ABORT, 'form is append-only'); END;

CREATE TRIGGER form_no_update BEFORE UPDATE ON form BEGIN SELECT raise(ABORT, 'form is append-only'); END;

CREATE TRIGGER fulltext_event_no_delete BEFORE DELETE ON fulltext_event BEGIN SELECT raise(ABORT, 'fulltext_event is append-only'); END;

CREATE TRIGGER fulltext_event_no_update BEFORE UPDATE ON fulltext_event BEGIN SELECT raise(ABORT, 'fulltext_event is append-only'); END;

CREATE TRIGGER hit_no_delete BEFORE DELETE ON hit BEGIN SELECT raise(ABORT, 'hit is append-only'); END;

CREATE TRIGGER hit_no_update BEFORE UPDATE ON hit BEGIN SELECT raise(ABORT, 'hit is append-only'); END;

CREATE TRIGGER judgement_no_delete BEFORE DELETE ON judgement BEGIN SELECT raise(ABORT, 'judgement is append-only'); END;

CREATE TRIGGER judgement_no_update BEFORE UPDATE ON judgement BEGIN SELECT raise(ABORT, 'judgement is append-only'); END;

CREATE TRIGGER mark_no_delete BEFORE DELETE ON mark BEGIN SELECT raise(ABORT, 'mark is append-only'); END;

CREATE TRIGGER mark_no_update BEFORE UPDATE ON mark BEGIN SELECT raise(ABORT, 'mark is append-only'); END;

CREATE TRIGGER missing_record_no_delete BEFORE DELETE ON missing_record BEGIN SELECT raise(ABORT, 'missing_record is append-only'); END;

CREATE TRIGGER missing_record_no_update BEFORE UPDATE ON missing_record BEGIN SELECT raise(ABORT, 'missing_record is append-only'); END;

CREATE TRIGGER notice_decision_no_delete BEFORE DELETE ON notice_decision BEGIN SELECT raise(ABORT, 'notice_decision is append-only'); END;

CREATE TRIGGER notice_decision_no_update BEFORE UPDATE ON notice_decision BEGIN SELECT raise(ABORT, 'notice_decision is append-only'); END;

CREATE TRIGGER notice_no_delete BEFORE DELETE ON notice BEGIN SELECT raise(ABORT, 'notice is append-only'); END;

CREATE TRIGGER notice_no_update BEFORE UPDATE ON notice BEGIN SELECT raise(ABORT, 'notice is append-only'); END;

CREATE TRIGGER placement_no_delete BEFORE DELETE ON placement BEGIN SELECT raise(ABORT, 'placement is append-only'); END;

CREATE TRIGGER placement_no_update BEFORE UPDATE ON placement BEGIN SELECT raise(ABORT, 'placement is append-only'); END;

CREATE TRIGGER protocol_no_delete BEFORE DELETE ON protocol BEGIN SELECT raise(ABORT, 'protocol is append-only'); END;

CREATE TRIGGER protocol_no_update BEFORE UPDATE ON protocol BEGIN SELECT raise(ABORT, 'protocol is append-only'); END;

CREATE TRIGGER queue_due_calibration AFTER INSERT ON calibration BEGIN
  INSERT OR IGNORE INTO queue_due SELECT j.value FROM json_each(new.reports) j;
END;

CREATE TRIGGER queue_due_calibration_event AFTER INSERT ON calibration_event WHEN new.kind = 'closed' BEGIN
  INSERT OR IGNORE INTO queue_due
  SELECT j.value FROM calibration c, json_each(c.reports) j WHERE c.id = new.calibration_id;
END;

CREATE TRIGGER queue_due_fulltext AFTER INSERT ON fulltext_event BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;

CREATE TRIGGER queue_due_mark AFTER INSERT ON mark WHEN new.kind = 'skip' BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;

CREATE TRIGGER queue_due_placement AFTER INSERT ON placement BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id), (new.report_id);
  INSERT OR IGNORE INTO queue_due SELECT p.report_id FROM placement p WHERE p.record_id = new.record_id;
END;

CREATE TRIGGER queue_due_record AFTER INSERT ON record BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.id);
END;

CREATE TRIGGER queue_due_removal AFTER INSERT ON removal BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id);
END;

CREATE TRIGGER queue_due_resolution AFTER INSERT ON resolution BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;

CREATE TRIGGER queue_due_resolution_undo AFTER INSERT ON resolution_undo BEGIN
  INSERT OR IGNORE INTO queue_due SELECT r.report_id FROM resolution r WHERE r.id = new.resolution_id;
END;

CREATE TRIGGER queue_due_revision AFTER INSERT ON revision BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id);
END;

CREATE TRIGGER queue_due_vote AFTER INSERT ON vote BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;

CREATE TRIGGER queue_due_vote_undo AFTER INSERT ON vote_undo BEGIN
  INSERT OR IGNORE INTO queue_due SELECT v.report_id FROM vote v WHERE v.id = new.vote_id;
END;

CREATE TRIGGER ranking_no_delete BEFORE DELETE ON ranking BEGIN SELECT raise(ABORT, 'ranking is append-only'); END;

CREATE TRIGGER ranking_no_update BEFORE UPDATE ON ranking BEGIN SELECT raise(ABORT, 'ranking is append-only'); END;

CREATE TRIGGER record_no_delete BEFORE DELETE ON record BEGIN SELECT raise(ABORT, 'record is append-only'); END;

CREATE TRIGGER record_no_update BEFORE UPDATE ON record BEGIN SELECT raise(ABORT, 'record is append-only'); END;

CREATE TRIGGER refound_no_delete BEFORE DELETE ON refound BEGIN SELECT raise(ABORT, 'refound is append-only'); END;

CREATE TRIGGER refound_no_update BEFORE UPDATE ON refound BEGIN SELECT raise(ABORT, 'refound is append-only'); END;

CREATE TRIGGER refused_record_no_delete BEFORE DELETE ON refused_record BEGIN SELECT raise(ABORT, 'refused_record is append-only'); END;

CREATE TRIGGER refused_record_no_update BEFORE UPDATE ON refused_record BEGIN SELECT raise(ABORT, 'refused_record is append-only'); END;

CREATE TRIGGER release_no_delete BEFORE DELETE ON release BEGIN SELECT raise(ABORT, 'release is append-only'); END;

CREATE TRIGGER release_no_update BEFORE UPDATE ON release BEGIN SELECT raise(ABORT, 'release is append-only'); END;

CREATE TRIGGER removal_no_delete BEFORE DELETE ON removal BEGIN SELECT raise(ABORT, 'removal is append-only'); END;

CREATE TRIGGER removal_no_update BEFORE UPDATE ON removal BEGIN SELECT raise(ABORT, 'removal is append-only'); END;

CREATE TRIGGER resolution_no_delete BEFORE DELETE ON resolution BEGIN SELECT raise(ABORT, 'resolution is append-only'); END;

CREATE TRIGGER resolution_no_update BEFORE UPDATE ON resolution BEGIN SELECT raise(ABORT, 'resolution is append-only'); END;

CREATE TRIGGER resolution_undo_no_delete BEFORE DELETE ON resolution_undo BEGIN SELECT raise(ABORT, 'resolution_undo is append-only'); END;

CREATE TRIGGER resolution_undo_no_update BEFORE UPDATE ON resolution_undo BEGIN SELECT raise(ABORT, 'resolution_undo is append-only'); END;

CREATE TRIGGER revision_fts_insert AFTER INSERT ON revision BEGIN
  INSERT INTO revision_fts (rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
END;

CREATE TRIGGER revision_no_delete BEFORE DELETE ON revision BEGIN SELECT raise(ABORT, 'revision is append-only'); END;

CREATE TRIGGER revision_no_update BEFORE UPDATE ON revision BEGIN SELECT raise(ABORT, 'revision is append-only'); END;

CREATE TRIGGER round_no_delete BEFORE DELETE ON round BEGIN SELECT raise(ABORT, 'round is append-only'); END;

CREATE TRIGGER round_no_update BEFORE UPDATE ON round BEGIN SELECT raise(ABORT, 'round is append-only'); END;

CREATE TRIGGER search_run_no_delete BEFORE DELETE ON search_run BEGIN SELECT raise(ABORT, 'search_run is append-only'); END;

CREATE TRIGGER search_run_no_update BEFORE UPDATE ON search_run BEGIN SELECT raise(ABORT, 'search_run is append-only'); END;

CREATE TRIGGER source_no_delete BEFORE DELETE ON source BEGIN SELECT raise(ABORT, 'source is append-only'); END;

CREATE TRIGGER source_no_update BEFORE UPDATE ON source BEGIN SELECT raise(ABORT, 'source is append-only'); END;

CREATE TRIGGER stop_check_no_delete BEFORE DELETE ON stop_check BEGIN SELECT raise(ABORT, 'stop_check is append-only'); END;

CREATE TRIGGER stop_check_no_update BEFORE UPDATE ON stop_check BEGIN SELECT raise(ABORT, 'stop_check is append-only'); END;

CREATE TRIGGER stop_decision_no_delete BEFORE DELETE ON stop_decision BEGIN SELECT raise(ABORT, 'stop_decision is append-only'); END;

CREATE TRIGGER stop_decision_no_update BEFORE UPDATE ON stop_decision BEGIN SELECT raise(ABORT, 'stop_decision is append-only'); END;

CREATE TRIGGER strategy_no_delete BEFORE DELETE ON strategy BEGIN SELECT raise(ABORT, 'strategy is append-only'); END;

CREATE TRIGGER strategy_no_update BEFORE UPDATE ON strategy BEGIN SELECT raise(ABORT, 'strategy is append-only'); END;

CREATE TRIGGER study_no_delete BEFORE DELETE ON study BEGIN SELECT raise(ABORT, 'study is append-only'); END;

CREATE TRIGGER study_no_update BEFORE UPDATE ON study BEGIN SELECT raise(ABORT, 'study is append-only'); END;

CREATE TRIGGER study_report_no_delete BEFORE DELETE ON study_report BEGIN SELECT raise(ABORT, 'study_report is append-only'); END;

CREATE TRIGGER study_report_no_update BEFORE UPDATE ON study_report BEGIN SELECT raise(ABORT, 'study_report is append-only'); END;

CREATE TRIGGER synthesis_run_no_delete BEFORE DELETE ON synthesis_run BEGIN SELECT raise(ABORT, 'synthesis_run is append-only'); END;

CREATE TRIGGER synthesis_run_no_update BEFORE UPDATE ON synthesis_run BEGIN SELECT raise(ABORT, 'synthesis_run is append-only'); END;

CREATE TRIGGER vote_no_delete BEFORE DELETE ON vote BEGIN SELECT raise(ABORT, 'vote is append-only'); END;

CREATE TRIGGER vote_no_update BEFORE UPDATE ON vote BEGIN SELECT raise(ABORT, 'vote is append-only'); END;

CREATE TRIGGER vote_undo_no_delete BEFORE DELETE ON vote_undo BEGIN SELECT raise(ABORT, 'vote_undo is append-only'); END;

CREATE TRIGGER vote_undo_no_update BEFORE UPDATE ON vote_undo BEGIN SELECT raise(ABORT, 'vote_undo is append-only'); END;
