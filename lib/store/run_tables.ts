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

/** Columns of a file's tables that are looked at; a run file of ours has 60. */
const MAX_COLUMNS = 10_000;

/** Name of a table that a run file may have. */
export type RunTable = keyof typeof NEEDED;

/**
 * Finds the known tables of a file: those with all columns that are read, none of them computed.
 *
 * @param path for messages
 * @throws {StoreError} it is no run file, or one of a newer version
 */
export function findTables(db: Db, path: string): ReadonlySet<RunTable> {
  const list = db.prepare(
    `SELECT m.name AS t, x.name AS c FROM sqlite_master m, pragma_table_xinfo(m.name) x
    WHERE m.type = 'table' AND m.rootpage > 0 AND x.hidden = 0 LIMIT ${MAX_COLUMNS}`,
  );
  const columns = new Map<string, Set<unknown>>();
  for (const [table, column] of list.all()) {
    const name = String(table);
    if (!Object.hasOwn(NEEDED, name)) continue;
    if (!columns.has(name)) columns.set(name, new Set());
    columns.get(name)!.add(column);
  }
  const tables = new Set<string>();
  for (const [name, has] of columns) {
    if (NEEDED[name]!.every((column) => has.has(column))) tables.add(name);
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
