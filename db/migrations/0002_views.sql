-- Readable state. Views name tables without a schema, so that the same text, made again as temporary views over
-- rows up to a watermark, shows the store as it was at a release.

CREATE VIEW record_report AS
SELECT r.id AS record_id,
       coalesce((SELECT p.report_id FROM placement p WHERE p.record_id = r.id ORDER BY p.id DESC LIMIT 1), r.id)
         AS report_id
FROM record r;

CREATE VIEW revision_now AS
SELECT v.*
FROM revision v
WHERE v.number = (SELECT max(w.number) FROM revision w WHERE w.record_id = v.record_id);

CREATE VIEW strategy_now AS
SELECT s.key AS source_key, t.*
FROM strategy t JOIN source s ON s.id = t.source_id
WHERE t.version = (SELECT max(u.version) FROM strategy u WHERE u.source_id = t.source_id);

CREATE VIEW judgement_now AS
SELECT j.*
FROM judgement j
WHERE j.id = (
  SELECT k.id FROM judgement k
  WHERE k.left_id = j.left_id AND k.right_id = j.right_id
  ORDER BY (k.basis = 'person') DESC, k.id DESC LIMIT 1
);

CREATE VIEW vote_live AS
SELECT v.*, p.report_id AS report_now
FROM vote v JOIN record_report p ON p.record_id = v.report_id
WHERE NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id);

CREATE VIEW vote_now AS
SELECT * FROM (
  SELECT v.*, row_number() OVER (PARTITION BY v.report_now, v.stage, v.reviewer ORDER BY v.id DESC) AS newest
  FROM vote_live v
) WHERE newest = 1;

CREATE VIEW resolution_now AS
SELECT * FROM (
  SELECT r.*, p.report_id AS report_now,
         row_number() OVER (PARTITION BY p.report_id, r.stage ORDER BY r.id DESC) AS newest
  FROM resolution r JOIN record_report p ON p.record_id = r.report_id
  WHERE NOT EXISTS (SELECT 1 FROM resolution_undo u WHERE u.resolution_id = r.id)
) WHERE newest = 1;

CREATE VIEW fulltext_now AS
SELECT * FROM (
  SELECT f.*, p.report_id AS report_now,
         row_number() OVER (PARTITION BY p.report_id ORDER BY f.id DESC) AS newest
  FROM fulltext_event f JOIN record_report p ON p.record_id = f.report_id
) WHERE newest = 1;

CREATE VIEW removal_now AS
SELECT m.* FROM removal m
WHERE m.id = (SELECT max(n.id) FROM removal n WHERE n.record_id = m.record_id) AND m.cause <> 'none';

CREATE VIEW study_report_now AS
SELECT l.*, p.report_id AS report_now
FROM study_report l JOIN record_report p ON p.record_id = l.report_id
WHERE l.linked = 1
  AND l.id = (SELECT max(m.id) FROM study_report m WHERE m.study_id = l.study_id AND m.report_id = l.report_id);

CREATE VIEW fact_now AS
SELECT f.*
FROM fact f
WHERE f.id = (SELECT max(g.id) FROM fact g WHERE g.study_id = f.study_id AND g.field = f.field);

CREATE VIEW evaluation_now AS
SELECT e.*
FROM evaluation e
WHERE e.id = (SELECT max(f.id) FROM evaluation f WHERE f.study_id = e.study_id AND f.key = e.key)
  AND e.withdrawn = 0;

CREATE VIEW appraisal_now AS
SELECT a.*
FROM appraisal a
WHERE a.id = (
  SELECT max(b.id) FROM appraisal b
  WHERE b.study_id = a.study_id AND b.evaluation_key = a.evaluation_key
    AND b.instrument = a.instrument AND b.item = a.item AND b.by = a.by
);

-- For people who open the file in a browser of tables.
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

CREATE VIEW searches AS
SELECT s.id AS run, n.number AS round, t.name AS source, t.platform, s.how, s.searched_on,
       coalesce(CAST(s.found AS TEXT), 'not reported') AS found,
       (SELECT count(*) FROM hit h WHERE h.run_id = s.id AND h.event = 'new') AS new,
       s.query_sent, s.translation, s.file_name
FROM search_run s JOIN strategy t ON t.id = s.strategy_id JOIN round n ON n.id = s.round_id;

CREATE VIEW duplicates AS
SELECT j.left_id AS record, w.title, j.right_id AS other_record, x.title AS other_title, j.relation, j.basis,
       j.evidence, j.by, c.at
FROM judgement_now j
JOIN revision_now w ON w.record_id = j.left_id
JOIN revision_now x ON x.record_id = j.right_id
JOIN change c ON c.id = j.change_id;

CREATE VIEW studies AS
SELECT s.id, s.key AS study,
       max(CASE f.field WHEN 'cohort_size' THEN f.value END) AS cohort_size,
       max(CASE f.field WHEN 'receptors' THEN f.value END) AS receptors,
       max(CASE f.field WHEN 'primary_tumours' THEN f.value END) AS primary_tumours
FROM study s LEFT JOIN fact_now f ON f.study_id = s.id
GROUP BY s.id;

CREATE VIEW evaluations AS
SELECT s.key AS study, e.marker, e.outcome, e.model, e.validation, e.auc, e.ci_low, e.ci_high, e.n, e.location,
       e.note, e.by, c.at
FROM evaluation_now e JOIN study s ON s.id = e.study_id JOIN change c ON c.id = e.change_id;
