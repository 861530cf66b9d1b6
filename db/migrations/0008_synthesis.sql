-- Runs of the declared syntheses: what was declared, over which evidence, made by which version, and what came out.

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
CREATE INDEX synthesis_run_synthesis ON synthesis_run (synthesis, id);
