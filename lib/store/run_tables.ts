/**
 * Which of the known tables a file really has. Only names from the list below, only ordinary
 * tables: a file from elsewhere may carry views, virtual tables and computed columns under our
 * names, and none of them is ever read.
 *
 * @module
 */
import { quoted, StoreError } from "../errors.ts";
import type { Db } from "./driver.ts";
import { SCHEMA_VERSION } from "./schema.ts";

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  run_meta: ["key", "value"],
  configs: ["path", "type_tag", "value", "updated_at"],
  metric_series: ["id", "path"],
  metric_points: ["series_id", "step", "y", "ts"],
  string_series: ["id", "path"],
  string_points: ["series_id", "step", "value", "ts"],
  gs_metric_nans: ["series_id", "step", "ts"],
  gs_log_lines: ["id", "ts", "level", "message", "stream", "writer", "seq", "extra"],
  gs_events: ["id", "ts", "kind", "body"],
  gs_records: ["id", "kind", "ts", "body"],
  gs_extras: ["kind", "path", "step", "body"],
};

/** Name of a table that a run file may have. */
export type RunTable = keyof typeof NEEDED;

/**
 * Finds the known tables of a file.
 *
 * @param path for messages
 * @throws {StoreError} it is no run file, or one of a newer version
 */
export function findTables(db: Db, path: string): ReadonlySet<RunTable> {
  const list = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0");
  const tables = new Set<string>();
  for (const [name] of list.all()) {
    if (typeof name === "string" && Object.hasOwn(NEEDED, name) && isPlain(db, name)) {
      tables.add(name);
    }
  }
  if (!tables.has("run_meta")) {
    throw new StoreError(
      `${quoted(path)} is a SQLite database without a table run_meta, so it is no run file`,
      path,
    );
  }
  checkVersion(db, path);
  return tables;
}

/** True when the table has all the columns that are read, and none of them is computed. */
function isPlain(db: Db, table: string): boolean {
  const info = db.prepare(`PRAGMA table_xinfo(${table})`); // a name of NEEDED
  const plain = new Set<unknown>();
  for (const row of info.all()) if (row[6] === 0) plain.add(row[1]);
  return NEEDED[table]!.every((column) => plain.has(column));
}

function checkVersion(db: Db, path: string): void {
  const find = db.prepare(
    "SELECT substr(CAST(value AS TEXT), 1, 40) FROM run_meta WHERE key = 'schema_version'",
  );
  const version = find.get()?.[0];
  if (version === undefined || version === null || version === SCHEMA_VERSION) return;
  const number = Number(version);
  if (number >= 0 && number <= Number(SCHEMA_VERSION)) return;
  throw new StoreError(
    `${quoted(path)} has schema version ${quoted(String(version))}, this program reads up to ` +
      `${SCHEMA_VERSION}; it was written by a newer version: update goodseed`,
    path,
  );
}
