/** Run files in tests: making them from records, and comparing everything that is in them. */
import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { SqlValue } from "../../lib/store/driver.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunFile } from "../../lib/store/run_file.ts";

/** Rows of every table but SQLite's own, as sorted texts, without the column `uploaded`. */
export function dumpTables(path: string): Record<string, string[]> {
  const db = openDb(path, { mode: "read" });
  try {
    const tables = db.prepare(
      "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
    );
    return Object.fromEntries(
      tables.all().map(([name]) => {
        const info = db.prepare(`PRAGMA table_info(${name})`);
        const columns = info.all().map((row) => String(row[1])).filter((column) =>
          column !== "uploaded"
        );
        const rows = db.prepare(`SELECT ${columns.join(", ")} FROM ${name}`);
        return [String(name), rows.all().map(rowText).sort()];
      }),
    );
  } finally {
    db.close();
  }
}

function rowText(row: readonly SqlValue[]): string {
  return JSON.stringify(row.map((value) => typeof value === "number" ? String(value) : value));
}

/** Rows of one query. */
export function rowsOf(path: string, sql: string): SqlValue[][] {
  const db = openDb(path, { mode: "read" });
  try {
    const statement = db.prepare(sql);
    return statement.all();
  } finally {
    db.close();
  }
}

/** `run_meta` as an object. */
export function metaOf(path: string): Record<string, unknown> {
  return Object.fromEntries(rowsOf(path, "SELECT key, value FROM run_meta") as [string, string][]);
}

/** Configs as `path: tag|text`. */
export function configsOf(path: string): Record<string, string> {
  const rows = rowsOf(path, "SELECT path, type_tag, value FROM configs ORDER BY path");
  return Object.fromEntries(rows.map(([at, tag, text]) => [String(at), `${tag}|${text}`]));
}

/** Path of a run file below a home; it must exist. */
export function runFile(home: string, project: string, runId: string): string {
  const path = join(home, "projects", project, "runs", `${runId}.sqlite`);
  if (!existsSync(path)) throw new Error(`no run file at ${path}`);
  return path;
}

/** Lines of a record stream. */
export function jsonLines(...records: readonly unknown[]): string {
  return records.map((record) => JSON.stringify(record) + "\n").join("");
}

/** Makes a run file with these `run_meta` values, as a closed run has them. */
export function makeRunFile(
  projects: string,
  project: string,
  runId: string,
  meta: Record<string, string> = {},
): string {
  const path = join(projects, project, "runs", `${runId}.sqlite`);
  const file = RunFile.create(path);
  const all = { run_id: runId, project, status: "finished", ...meta };
  file.transaction(() => {
    for (const [key, value] of Object.entries(all)) file.setMeta(key, value);
  });
  file.close();
  return path;
}

/** Puts the lease of a process that is gone beside a run. */
export function leaveDeadLease(path: string): void {
  const lease = { v: 1, writer: "w", host: hostname(), pid: 2 ** 22 + 1, started_ms: 0 };
  writeFileSync(path.replace(/\.sqlite$/, ".lease"), JSON.stringify(lease));
}
