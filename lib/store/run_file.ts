/**
 * Writes one run file: the seed's tables, ours where the seed has none.
 *
 * Nothing here opens a transaction: the caller groups what belongs together.
 *
 * @module
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { ConflictError, messageOf, quoted, StoreError } from "../errors.ts";
import type { Db, Statement } from "./driver.ts";
import { openDb, transaction } from "./open.ts";
import { RowBatch } from "./row_batch.ts";
import { OWN_DDL, type OwnTable, SEED_DDL, WRITER_PRAGMAS } from "./schema.ts";
import { upgradeOldTables } from "./upgrade.ts";

/** Which of the two kinds a series is. */
export type SeriesKind = "metric" | "string";

/** A point of a string series. */
export interface TextRow {
  readonly seriesId: number;
  readonly step: number;
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly ts: number;
}

/** A run file open for writing. One writer a file. */
export class RunFile {
  readonly path: string;
  readonly #db: Db;
  readonly #statements = new Map<string, Statement>();
  readonly #made = new Set<OwnTable>();
  readonly #points: RowBatch;
  readonly #texts: RowBatch;

  private constructor(path: string, db: Db) {
    this.path = path;
    this.#db = db;
    this.#points = new RowBatch(db, "INSERT OR REPLACE INTO metric_points(series_id, step, y, ts)");
    this.#texts = new RowBatch(
      db,
      "INSERT OR REPLACE INTO string_points(series_id, step, value, ts)",
    );
    this.#findOwnTables();
  }

  /**
   * Makes a new run file; two processes can never make the same one.
   *
   * @throws {ConflictError} when the file exists
   * @throws {StoreError} when it cannot be made
   */
  static create(path: string): RunFile {
    try {
      mkdirSync(dirname(path), { recursive: true });
      closeSync(openSync(path, "wx"));
    } catch (error) {
      if (messageOf(error).startsWith("EEXIST")) { // older runtimes give no code here
        throw new ConflictError(
          `Database already exists: ${path}. Choose another run_id or delete the file: rm ${path}`,
          { cause: error },
        );
      }
      throw new StoreError(
        `making the run file ${quoted(path)}: ${
          messageOf(error)
        }; check that the folder can be written, or choose another home (GOODSEED_HOME)`,
        path,
        { cause: error },
      );
    }
    return RunFile.open(path);
  }

  /**
   * Opens an existing run file for writing; tables of older versions get the columns they lack.
   *
   * @throws {StoreError} when it is not a run file or cannot be written
   */
  static open(path: string): RunFile {
    const db = openDb(path, { mode: "write" });
    try {
      db.exec(WRITER_PRAGMAS);
      transaction(db, () => {
        upgradeOldTables(db);
        db.exec(SEED_DDL);
      });
      return new RunFile(path, db);
    } catch (error) {
      db.close();
      throw new StoreError(
        `opening the run file ${quoted(path)} for writing: ${messageOf(error)}`,
        path,
        { cause: error },
      );
    }
  }

  /** Runs `work` in one transaction. */
  transaction<T>(work: () => T): T {
    return transaction(this.#db, work);
  }

  /** Value of a `run_meta` key. */
  meta(key: string): string | undefined {
    const row = this.#statement("SELECT value FROM run_meta WHERE key = ?").get(key);
    return row === undefined || row[0] === null ? undefined : String(row[0]);
  }

  /** Sets a `run_meta` key; null deletes it. */
  setMeta(key: string, value: string | null): void {
    if (value === null) this.#statement("DELETE FROM run_meta WHERE key = ?").run(key);
    else {this.#statement("INSERT OR REPLACE INTO run_meta(key, value) VALUES (?, ?)").run(
        key,
        value,
      );}
  }

  /**
   * Sets a config. `sys/name` is the run's name everywhere, so it goes to `run_meta` as well.
   *
   * @param text the stored text (see `encodeConfig`)
   * @param updatedAt ISO time
   */
  putConfig(path: string, tag: string, text: string, updatedAt: string): void {
    this.#statement(
      "INSERT OR REPLACE INTO configs(path, type_tag, value, updated_at) VALUES (?, ?, ?, ?)",
    ).run(path, tag, text, updatedAt);
    if (path === "sys/name") this.setMeta("name", tag === "null" || text === "" ? null : text);
  }

  /** Type tag and stored text of a config. */
  config(path: string): { readonly tag: string; readonly text: string } | undefined {
    const row = this.#statement("SELECT type_tag, value FROM configs WHERE path = ?").get(path);
    return row && { tag: String(row[0]), text: row[1] === null ? "" : String(row[1]) };
  }

  /** Host and process that the latest monitors of the run noted; empty when none did. */
  monitoredProcess(): { readonly hostname?: string; readonly pid?: number } {
    const find = this.#statement(
      "SELECT value FROM configs WHERE path GLOB ? ORDER BY updated_at DESC LIMIT 1",
    );
    const host = find.get("monitoring/*/hostname"), pid = find.get("monitoring/*/pid");
    return {
      ...(host === undefined ? {} : { hostname: String(host[0]) }),
      ...(pid === undefined ? {} : { pid: Number(pid[0]) }),
    };
  }

  /** Number of a series, made when it is new. Valid once the transaction has been committed. */
  seriesId(kind: SeriesKind, path: string): number {
    const find = kind === "metric"
      ? "SELECT id FROM metric_series WHERE path = ?"
      : "SELECT id FROM string_series WHERE path = ?";
    const found = this.#statement(find).get(path);
    if (found) return Number(found[0]);
    this.#statement(
      kind === "metric"
        ? "INSERT INTO metric_series(path) VALUES (?)"
        : "INSERT INTO string_series(path) VALUES (?)",
    ).run(path);
    return Number(this.#statement(find).get(path)![0]);
  }

  /** Makes a series with the number it had elsewhere; no effect when the path or number is taken. */
  declareSeries(kind: SeriesKind, path: string, id: number): void {
    this.#statement(
      kind === "metric"
        ? "INSERT OR IGNORE INTO metric_series(id, path) VALUES (?, ?)"
        : "INSERT OR IGNORE INTO string_series(id, path) VALUES (?, ?)",
    ).run(id, path);
  }

  /** Highest step of the path in either kind of series, −Infinity when there is none. */
  maxStep(path: string): number {
    let max = -Infinity;
    const tables: [OwnTable | "seed", string][] = [
      ["seed", "metric_points JOIN metric_series s ON s.id = series_id"],
      ["seed", "string_points JOIN string_series s ON s.id = series_id"],
      ["gs_metric_nans", "gs_metric_nans JOIN metric_series s ON s.id = series_id"],
    ];
    for (const [table, source] of tables) {
      if (table !== "seed" && !this.#made.has(table)) continue;
      const row = this.#statement(`SELECT max(step) FROM ${source} WHERE s.path = ?`).get(path);
      if (row && row[0] !== null) max = Math.max(max, Number(row[0]));
    }
    return max;
  }

  /**
   * Sets one point; a point at the same step is replaced. NaN goes to its own table.
   *
   * @param ts seconds since 1970, with a fraction
   */
  putPoint(seriesId: number, step: number, y: number, ts: number): void {
    this.#addPoint(seriesId, step, y, ts);
    this.#points.flush();
  }

  /**
   * Sets points of one series.
   *
   * @param points `(slot, step, y, ts)` each, `ts` in ms since 1970
   * @param order which of them, ascending by step; of equal steps the last one counts
   */
  putPoints(seriesId: number, points: Float64Array, order: Uint32Array): void {
    for (let k = 0; k < order.length; k++) { // hot: bench/sustained.ts
      const at = order[k]! * 4, step = points[at + 1]!;
      if (k + 1 < order.length && points[order[k + 1]! * 4 + 1] === step) continue;
      this.#addPoint(seriesId, step, points[at + 2]!, points[at + 3]! / 1000);
    }
    this.#points.flush();
  }

  #addPoint(seriesId: number, step: number, y: number, ts: number): void {
    if (y !== y) return this.#putNan(seriesId, step, ts);
    this.#points.add(seriesId, step, y, ts);
    if (this.#made.has("gs_metric_nans")) {
      this.#statement("DELETE FROM gs_metric_nans WHERE series_id = ? AND step = ?")
        .run(seriesId, step);
    }
  }

  #putNan(seriesId: number, step: number, ts: number): void {
    this.#need("gs_metric_nans");
    this.#statement("DELETE FROM metric_points WHERE series_id = ? AND step = ?")
      .run(seriesId, step);
    this.#statement(
      "INSERT OR REPLACE INTO gs_metric_nans(series_id, step, ts) VALUES (?, ?, ?)",
    ).run(seriesId, step, ts);
  }

  /** Sets one point of a string series. @param ts seconds since 1970, with a fraction */
  putText(seriesId: number, step: number, value: string, ts: number): void {
    this.#texts.add(seriesId, step, value, ts);
    this.#texts.flush();
  }

  /** Sets points of string series, in this order. @param texts `ts` in ms since 1970 */
  putTexts(texts: Iterable<TextRow>): void {
    for (const { seriesId, step, value, ts } of texts) {
      this.#texts.add(seriesId, step, value, ts / 1000);
    }
    this.#texts.flush();
  }

  /** Adds a log line. @param ts ms since 1970 */
  addLogLine(
    line: {
      readonly ts: number | null;
      readonly level: string | null;
      readonly message: string;
      readonly stream: string | null;
      readonly writer: string | null;
      readonly seq: number | null;
      readonly extra: string | null;
    },
  ): void {
    this.#need("gs_log_lines");
    this.#statement(
      "INSERT INTO gs_log_lines(ts, level, message, stream, writer, seq, extra) VALUES (?,?,?,?,?,?,?)",
    ).run(line.ts, line.level, line.message, line.stream, line.writer, line.seq, line.extra);
  }

  /** Adds what happened to the run itself. @param ts ms since 1970 */
  addEvent(kind: string, ts: number | null, body: string | null): void {
    this.#need("gs_events");
    this.#statement("INSERT INTO gs_events(ts, kind, body) VALUES (?, ?, ?)").run(ts, kind, body);
  }

  /** Adds a record of a kind without a table. @param ts ms since 1970 */
  addRecord(kind: string, ts: number | null, body: string): void {
    this.#need("gs_records");
    this.#statement("INSERT INTO gs_records(kind, ts, body) VALUES (?, ?, ?)").run(kind, ts, body);
  }

  /** Keeps the fields of a record that its table has no column for. */
  putExtra(kind: string, path: string, step: number, body: string): void {
    this.#need("gs_extras");
    this.#statement(
      "INSERT OR REPLACE INTO gs_extras(kind, path, step, body) VALUES (?, ?, ?, ?)",
    ).run(kind, path, step, body);
  }

  /** Writes everything back into the one file and closes it: nothing is left beside it. */
  close(): void {
    try {
      this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch { // a reader holds the log: closing tries again, and the log stays valid
    }
    this.#db.close();
  }

  #need(table: OwnTable): void {
    if (this.#made.has(table)) return;
    this.#db.exec(OWN_DDL[table]); // may be rolled back: the set is rebuilt when a file is opened
    this.#made.add(table);
  }

  /** Forgets which tables of ours exist; to be called after a rolled back transaction. */
  afterRollback(): void {
    this.#points.clear();
    this.#texts.clear();
    this.#findOwnTables();
  }

  #findOwnTables(): void {
    this.#made.clear();
    const tables = this.#db.prepare("SELECT name FROM sqlite_master WHERE type='table'");
    for (const [name] of tables.all()) {
      if (Object.hasOwn(OWN_DDL, String(name))) this.#made.add(name as OwnTable);
    }
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}
