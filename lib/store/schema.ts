/**
 * Tables of a run file: the seed's, to the letter, and ours beside them (`gs_*`), which other
 * programs ignore. Ours are made when they are first needed, so a plain run is a plain file.
 *
 * @module
 */

/** Version that `run_meta.schema_version` carries. */
export const SCHEMA_VERSION = "1";

/** The seed's tables; run at every open for writing. */
export const SEED_DDL = `
CREATE TABLE IF NOT EXISTS run_meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS configs (
  path TEXT PRIMARY KEY, type_tag TEXT NOT NULL, value TEXT,
  updated_at TEXT NOT NULL, uploaded INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS metric_series (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS metric_points (
  series_id INTEGER NOT NULL REFERENCES metric_series(id),
  step REAL NOT NULL, y REAL NOT NULL, ts INTEGER NOT NULL,
  uploaded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series_id, step));
CREATE TABLE IF NOT EXISTS string_series (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS string_points (
  series_id INTEGER NOT NULL REFERENCES string_series(id),
  step REAL NOT NULL, value TEXT NOT NULL, ts INTEGER NOT NULL,
  uploaded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series_id, step));
INSERT OR IGNORE INTO run_meta(key, value) VALUES ('schema_version', '${SCHEMA_VERSION}');
`;

/** Our tables, by name. */
export const OWN_DDL = {
  /** NaN points: `metric_points.y` cannot hold them. */
  gs_metric_nans: `CREATE TABLE IF NOT EXISTS gs_metric_nans (
    series_id INTEGER NOT NULL, step REAL NOT NULL, ts REAL NOT NULL,
    uploaded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series_id, step))`,
  /** Log lines with levels. */
  gs_log_lines: `CREATE TABLE IF NOT EXISTS gs_log_lines (
    id INTEGER PRIMARY KEY, ts REAL, level TEXT, message TEXT NOT NULL, stream TEXT,
    writer TEXT, seq INTEGER, extra TEXT)`,
  /** What happened to the run itself. */
  gs_events: `CREATE TABLE IF NOT EXISTS gs_events (
    id INTEGER PRIMARY KEY, ts REAL, kind TEXT NOT NULL, body TEXT)`,
  /** Kinds without a table of their own, in order. */
  gs_records: `CREATE TABLE IF NOT EXISTS gs_records (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ts REAL, body TEXT NOT NULL)`,
  /** Fields of a record that its table has no column for. */
  gs_extras: `CREATE TABLE IF NOT EXISTS gs_extras (
    kind TEXT NOT NULL, path TEXT NOT NULL, step REAL NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, path, step))`,
} as const;

/** Name of one of our tables. */
export type OwnTable = keyof typeof OWN_DDL;

/** Settings of a connection that writes (contract §1.1). */
export const WRITER_PRAGMAS = `
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;
PRAGMA cache_size=-4000; PRAGMA foreign_keys=OFF;
`;
