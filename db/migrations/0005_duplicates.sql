-- Duplicates: why a rule judges as it does, how two reports are related, and where to look for candidates.

ALTER TABLE judgement ADD COLUMN kind TEXT NOT NULL DEFAULT '';     -- of 'related' and 'unsure': preprint-of, ...
ALTER TABLE judgement ADD COLUMN engine TEXT NOT NULL DEFAULT '';   -- what judged, with its version; empty: a person
ALTER TABLE judgement ADD COLUMN weights TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(weights)); -- field, points, what was seen
CREATE INDEX judgement_unsure ON judgement (left_id, right_id) WHERE relation = 'unsure';
CREATE INDEX judgement_person ON judgement (left_id, right_id) WHERE basis = 'person';

-- Up to which revision records have been compared, and by which engine.
CREATE TABLE dedupe_pass (
  id           INTEGER PRIMARY KEY,
  engine       TEXT NOT NULL,
  revision_id  INTEGER NOT NULL,
  change_id    INTEGER NOT NULL REFERENCES change(id)
) STRICT;

-- Block keys: two records that share one are compared. Made from the records, may be made anew at any time.
CREATE TABLE block_key (
  key        INTEGER NOT NULL,               -- odd: an identifier
  record_id  INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (key, record_id)
) STRICT, WITHOUT ROWID;

-- A person's 'unsure' takes that person's earlier judgement back: the rule's stands again.
DROP VIEW judgement_now;
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
