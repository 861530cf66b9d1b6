-- What export files tell beyond the fields of the spine.

ALTER TABLE revision ADD COLUMN title_given TEXT NOT NULL DEFAULT '';    -- as delivered, where markup was taken out
ALTER TABLE revision ADD COLUMN date TEXT NOT NULL DEFAULT '';           -- ISO 8601, as far as known
ALTER TABLE revision ADD COLUMN journal_short TEXT NOT NULL DEFAULT '';
ALTER TABLE revision ADD COLUMN numbers TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(numbers));

-- What had to be assumed to read a file: its encoding, its line ends, a missing end.
ALTER TABLE search_run ADD COLUMN assumed TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(assumed));

-- Records of an earlier file that a later one of the same source brought again. (The ledger of a source that
-- is searched over the network tells what was found again by its differences; a file may be a part of a search.)
CREATE TABLE refound (
  run_id     INTEGER NOT NULL REFERENCES search_run(id),
  record_id  INTEGER NOT NULL REFERENCES record(id),
  change_id  INTEGER NOT NULL REFERENCES change(id),
  PRIMARY KEY (run_id, record_id)
) STRICT, WITHOUT ROWID;
