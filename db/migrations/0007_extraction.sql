-- Dual extraction: forms and their versions, each extractor's entries, when they had finished, and what was decided.

-- A version of the form, whole: what it asks, with everything it takes from shipped forms.
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

-- One cell as one extractor read it. The latest of a cell counts; standing 0 empties it.
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
CREATE INDEX entry_cell ON entry (study_id, by, field, row_key, id);

-- An extractor has finished a study, or takes it up again (which ends when the other has finished too).
CREATE TABLE entry_finish (
  id         INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study(id),
  form_id    INTEGER NOT NULL REFERENCES form(id),
  finished   INTEGER NOT NULL CHECK (finished IN (0, 1)),
  note       TEXT NOT NULL DEFAULT '',
  by         TEXT NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES change(id)
) STRICT;
CREATE INDEX entry_finish_study ON entry_finish (study_id, id);

-- What a cell came to, with the entries it settled. Null: nothing is to stand there; true or false: whether a row of
-- a table stands (its field is then the table).
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
CREATE INDEX entry_decision_cell ON entry_decision (study_id, field, row_key, id);

CREATE VIEW entry_now AS
SELECT e.*
FROM entry e
WHERE e.id = (
    SELECT max(f.id) FROM entry f
    WHERE f.study_id = e.study_id AND f.by = e.by AND f.field = e.field AND f.row_key = e.row_key);

CREATE VIEW entry_decision_now AS
SELECT d.*
FROM entry_decision d
WHERE d.id = (
    SELECT max(f.id) FROM entry_decision f
    WHERE f.study_id = d.study_id AND f.field = d.field AND f.row_key = d.row_key);
