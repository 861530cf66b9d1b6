-- Screening: what a vote was cast under, what people note for themselves, calibration, rankings, stopping, and
-- what is open for whom.

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

ALTER TABLE vote ADD COLUMN secondary TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(secondary)); -- codes of further reasons
ALTER TABLE vote ADD COLUMN milliseconds INTEGER CHECK (milliseconds >= 0);  -- on the screen; NULL: not measured
ALTER TABLE vote ADD COLUMN ranking_id INTEGER REFERENCES ranking(id);       -- what had put the report there
ALTER TABLE vote ADD COLUMN criteria INTEGER CHECK (criteria >= 1);  -- their number when it was cast; NULL: of its change
ALTER TABLE vote ADD COLUMN cast_at TEXT;    -- UTC, ISO 8601, where it came in later than it was cast; NULL: of its change
ALTER TABLE vote_undo ADD COLUMN why TEXT NOT NULL DEFAULT '';               -- empty: by the reviewer's own undo
ALTER TABLE resolution_undo ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE fulltext_event ADD COLUMN link TEXT NOT NULL DEFAULT '';

-- A link that was noted where an open copy is known is a remark: no attempt is undone by it.
DROP VIEW fulltext_now;
CREATE VIEW fulltext_now AS
SELECT * FROM (
  SELECT f.*, p.report_id AS report_now,
         row_number() OVER (
           PARTITION BY p.report_id ORDER BY (f.event = 'awaited' AND f.link <> ''), f.id DESC) AS newest
  FROM fulltext_event f JOIN record_report p ON p.record_id = f.report_id
) WHERE newest = 1;

-- What a reviewer notes for themselves. Nobody else sees it, but for notes at a consensus, beside the votes. The
-- latest of a kind (and value, for tags) stands.
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
CREATE INDEX mark_report ON mark (report_id, reviewer);
CREATE INDEX mark_reviewer ON mark (reviewer, kind);

-- A calibration round: the same reports for everybody named, before the rest.
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
CREATE INDEX calibration_event_calibration ON calibration_event (calibration_id);

-- Every test of whether ranked screening may stop, and what people then decided.
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

CREATE VIEW mark_now AS
SELECT m.*
FROM mark m
WHERE m.id = (
    SELECT n.id FROM mark n
    WHERE n.report_id = m.report_id AND n.stage = m.stage AND n.reviewer = m.reviewer AND n.kind = m.kind
      AND (m.kind <> 'tag' OR n.value = m.value)
    ORDER BY n.id DESC LIMIT 1)
  AND m.standing = 1;

-- Open work, derived: who is to read which report, in which order. May be made anew from the rows above.
CREATE TABLE queue (
  reviewer   TEXT NOT NULL,
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  lane       INTEGER NOT NULL,               -- see screening/queue.py
  place      INTEGER NOT NULL,               -- within the lane
  report_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (reviewer, stage, lane, place, report_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX queue_report ON queue (report_id, stage, reviewer);

-- Reports whose votes disagree and that nobody has settled, derived.
CREATE TABLE conflict_open (
  stage      TEXT NOT NULL CHECK (stage IN ('abstract', 'fulltext')),
  report_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (stage, report_id)
) STRICT, WITHOUT ROWID;

-- Reports about which something was written since the queue was last brought up to date. Triggers write it, so
-- no door to the store can pass the queue by.
CREATE TABLE queue_due (
  report_id  INTEGER PRIMARY KEY
) STRICT;
INSERT INTO queue_due SELECT id FROM record;

-- Under which rules (hash of the protocol's part) the queue was made.
CREATE TABLE queue_rules (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  sha256  TEXT NOT NULL
) STRICT;

CREATE TRIGGER queue_due_record AFTER INSERT ON record BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.id);
END;
CREATE TRIGGER queue_due_revision AFTER INSERT ON revision BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id);
END;
CREATE TRIGGER queue_due_placement AFTER INSERT ON placement BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id), (new.report_id);
  INSERT OR IGNORE INTO queue_due SELECT p.report_id FROM placement p WHERE p.record_id = new.record_id;
END;
CREATE TRIGGER queue_due_removal AFTER INSERT ON removal BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.record_id);
END;
CREATE TRIGGER queue_due_vote AFTER INSERT ON vote BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;
CREATE TRIGGER queue_due_vote_undo AFTER INSERT ON vote_undo BEGIN
  INSERT OR IGNORE INTO queue_due SELECT v.report_id FROM vote v WHERE v.id = new.vote_id;
END;
CREATE TRIGGER queue_due_resolution AFTER INSERT ON resolution BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;
CREATE TRIGGER queue_due_resolution_undo AFTER INSERT ON resolution_undo BEGIN
  INSERT OR IGNORE INTO queue_due SELECT r.report_id FROM resolution r WHERE r.id = new.resolution_id;
END;
CREATE TRIGGER queue_due_fulltext AFTER INSERT ON fulltext_event BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;
CREATE TRIGGER queue_due_mark AFTER INSERT ON mark WHEN new.kind = 'skip' BEGIN
  INSERT OR IGNORE INTO queue_due VALUES (new.report_id);
END;
CREATE TRIGGER queue_due_calibration AFTER INSERT ON calibration BEGIN
  INSERT OR IGNORE INTO queue_due SELECT j.value FROM json_each(new.reports) j;
END;
CREATE TRIGGER queue_due_calibration_event AFTER INSERT ON calibration_event WHEN new.kind = 'closed' BEGIN
  INSERT OR IGNORE INTO queue_due
  SELECT j.value FROM calibration c, json_each(c.reports) j WHERE c.id = new.calibration_id;
END;
