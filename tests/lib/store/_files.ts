/** Makes run files of any kind for tests of readers, by SQL. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Db, SqlValue } from "../../../lib/store/driver.ts";
import { openDb } from "../../../lib/store/open.ts";
import { OWN_DDL, SEED_DDL } from "../../../lib/store/schema.ts";

/** A point to write: step, value (NaN goes to its own table), seconds since 1970. */
export type TestPoint = readonly [step: number, y: number, ts?: number];

/** What is in a file. */
export interface TestRun {
  readonly meta?: Readonly<Record<string, string>>;
  readonly configs?: readonly (readonly [path: string, tag: string, value: string | null])[];
  readonly metrics?: Readonly<Record<string, readonly TestPoint[]>>;
  readonly texts?: Readonly<Record<string, readonly (readonly [number, string, number?])[]>>;
  /** Further SQL. */
  readonly sql?: string;
}

const TS = 1_795_196_532.5;

/** Opens a run file for writing, made when it is not there, in WAL mode. */
export function openForWriting(path: string): Db {
  mkdirSync(dirname(path), { recursive: true });
  const db = openDb(path, { mode: "write" });
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SEED_DDL);
  return db;
}

/** Sets points as the writer does: the newer of a number and a NaN at one step stays. */
export function putPoints(db: Db, path: string, points: readonly TestPoint[]): void {
  const series = db.prepare("INSERT OR IGNORE INTO metric_series(path) VALUES (CAST(? AS TEXT))");
  series.run(new TextEncoder().encode(path));
  const find = db.prepare("SELECT id FROM metric_series WHERE path = CAST(? AS TEXT)");
  const id = Number(find.get(new TextEncoder().encode(path))![0]);
  const put = db.prepare(
    "INSERT OR REPLACE INTO metric_points(series_id, step, y, ts) VALUES (?, ?, ?, ?)",
  );
  const drop = db.prepare("DELETE FROM metric_points WHERE series_id = ? AND step = ?");
  db.exec("BEGIN");
  db.exec(OWN_DDL.gs_metric_nans);
  const putNan = db.prepare(
    "INSERT OR REPLACE INTO gs_metric_nans(series_id, step, ts) VALUES (?, ?, ?)",
  );
  const dropNan = db.prepare("DELETE FROM gs_metric_nans WHERE series_id = ? AND step = ?");
  for (const [step, y, ts = TS] of points) {
    if (Number.isNaN(y)) {
      drop.run(id, step);
      putNan.run(id, step, ts);
    } else {
      put.run(id, step, y, ts);
      dropNan.run(id, step);
    }
  }
  db.exec("COMMIT");
}

/** Writes a run file and closes it. */
export function makeRun(path: string, run: TestRun = {}): void {
  const db = openForWriting(path);
  fillRun(db, run);
  db.close();
}

/** Writes a run's content into an open file. */
export function fillRun(db: Db, run: TestRun): void {
  const all = (sql: string, rows: readonly SqlValue[][]): void => {
    const statement = db.prepare(sql);
    for (const row of rows) statement.run(...row);
  };
  all("INSERT OR REPLACE INTO run_meta(key, value) VALUES (?, ?)", Object.entries(run.meta ?? {}));
  all(
    "INSERT OR REPLACE INTO configs(path, type_tag, value, updated_at) VALUES (?, ?, ?, 't')",
    (run.configs ?? []).map((row) => [...row]),
  );
  for (const [path, points] of Object.entries(run.metrics ?? {})) putPoints(db, path, points);
  for (const [path, rows] of Object.entries(run.texts ?? {})) {
    all("INSERT OR IGNORE INTO string_series(path) VALUES (?)", [[path]]);
    const find = db.prepare("SELECT id FROM string_series WHERE path = ?");
    const id = find.get(path)![0]!;
    all(
      "INSERT OR REPLACE INTO string_points(series_id, step, value, ts) VALUES (?, ?, ?, ?)",
      rows.map(([step, value, ts = TS]) => [id, step, value, ts]),
    );
  }
  if (run.sql !== undefined) db.exec(run.sql);
}

/** Every file below a folder with the SHA-256 of its bytes. */
export function folderState(dir: string): Record<string, string> {
  const state: Record<string, string> = {};
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    const stats = statSync(path);
    if (stats.isDirectory()) {
      for (const [below, hash] of Object.entries(folderState(path))) {
        state[join(name, below)] = hash;
      }
    } else if (stats.isFile()) {
      state[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
    } else {
      state[name] = "special";
    }
  }
  return state;
}
