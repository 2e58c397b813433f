/** Raised whenever an older version could not read the file; docs/spec/checkpoint.md has the history. */
export const FORMAT = 3

export const PRAGMAS = `
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA wal_autocheckpoint = 8000;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA secure_delete = ON;
`

/**
 * The change itself comes with the insertion: read from its table for every row, a large one would be copied whole each time.
 */
const FOLDING = `
CREATE VIEW folds AS SELECT 0 AS epoch, 0 AS number, '' AS superseded, '' AS directory, x'' AS content;
CREATE TRIGGER fold_change INSTEAD OF INSERT ON folds BEGIN
  SELECT RAISE(ABORT, 'fenced: a newer owner has this file') WHERE NEW.epoch <> (SELECT epoch FROM meta);
  DELETE FROM state WHERE id IN (
    SELECT value ->> 0 FROM json_each(NEW.directory) WHERE (value ->> 2) < 0);
  INSERT INTO state (id, value, checksum)
    SELECT value ->> 0, coalesce(substr(NEW.content, (value ->> 1) + 1, value ->> 2), x''), value ->> 3
    FROM json_each(NEW.directory)
    WHERE (value ->> 2) >= 0 AND key NOT IN (SELECT value FROM json_each(NEW.superseded))
    ON CONFLICT (id) DO UPDATE SET value = excluded.value, checksum = excluded.checksum;
  DELETE FROM change WHERE number = NEW.number;
END;
`

/**
 * `change` is the log of state changes: one row holds many packed rows and their directory `[[id, offset, length or -1, checksum], …]`.
 * It is folded into `state` in the background, so that a commit costs what changed and not what pages it lies on. `commits` is a
 * view: inserting into it is the whole commit, one statement and so one transaction, whatever the driver interleaves. `folds` is one,
 * too: `superseded` lists the rows, by their index in the directory, that a later change has again.
 */
export const SCHEMA = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  format INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  partitions INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  proof TEXT,
  stream TEXT,
  stream_created TEXT,
  effect_number INTEGER NOT NULL,
  confirmed INTEGER NOT NULL
) STRICT;
CREATE TABLE change (
  number INTEGER PRIMARY KEY,
  directory TEXT NOT NULL,
  content BLOB NOT NULL
) STRICT;
CREATE TABLE state (
  id TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox (
  number INTEGER PRIMARY KEY,
  effect TEXT NOT NULL,
  committed_at INTEGER NOT NULL
) STRICT;
CREATE VIEW commits AS SELECT
  0 AS epoch, 0 AS position, '' AS proof, '' AS stream, '' AS stream_created, 0 AS effect_number, 0 AS confirmed,
  '' AS changes, x'' AS content, '' AS effects, 0 AS now, 0 AS prune_before;
CREATE TRIGGER commit_step INSTEAD OF INSERT ON commits BEGIN
  SELECT RAISE(ABORT, 'fenced: a newer owner has this file') WHERE NEW.epoch <> (SELECT epoch FROM meta);
  INSERT INTO change (number, directory, content)
    SELECT value ->> 0, value ->> 3, coalesce(substr(NEW.content, (value ->> 1) + 1, value ->> 2), x'') FROM json_each(NEW.changes);
  INSERT INTO outbox (number, effect, committed_at)
    SELECT value ->> 'number', value, NEW.now FROM json_each(NEW.effects);
  DELETE FROM outbox WHERE number <= NEW.confirmed AND committed_at < NEW.prune_before;
  UPDATE meta SET position = NEW.position, proof = NEW.proof, stream = NEW.stream, stream_created = NEW.stream_created,
    effect_number = NEW.effect_number, confirmed = max(confirmed, NEW.confirmed);
END;
${FOLDING}`

/** Files of older formats become files of this one. */
export const UPGRADES: Readonly<Record<number, string>> = {
  1: `DROP VIEW folds; ${FOLDING}`,
  // What a row of a key says is the engine's, which reads the older ones too.
  2: '',
}
