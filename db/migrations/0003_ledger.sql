-- Searching for years: what a source did not deliver, how it read the query, and what was published about a
-- record since.

ALTER TABLE search_run ADD COLUMN translation_set TEXT NOT NULL DEFAULT '';  -- JSON, as the source gave it

-- Found by a search and not delivered, with what the source says of it. Asked for again at the next run.
CREATE TABLE missing_record (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  accession  TEXT NOT NULL,
  told       TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, accession)
) STRICT, WITHOUT ROWID;

-- A retraction, correction, expression of concern, republication or update of a record. It moves nothing by
-- itself: people decide.
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
CREATE INDEX notice_decision_notice ON notice_decision (notice_id);

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
