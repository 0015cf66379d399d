/**
 * Reads a run file of any version, without ever changing it.
 *
 * @module
 */
import { basename } from "node:path";
import type { Db, SqlValue } from "./driver.ts";
import type { FileState } from "./file_state.ts";
import {
  type MetricCursor,
  type MetricPage,
  MetricReader,
  PAGE_ROWS,
  type PointColumns,
  type PointsOptions,
  type SeriesRow,
} from "./metric_reader.ts";
import { nextUp, textColumn, toText } from "./read_values.ts";
import {
  type OpenedRun,
  openForReading,
  type OpenReaderOptions,
  readError,
} from "./open_reader.ts";
import {
  type EventRow,
  type ExtraRow,
  type LogLineRow,
  OwnReader,
  type RecordRow,
  type RowPageOptions,
} from "./own_reader.ts";
import { findTables } from "./run_tables.ts";
import { type RunSummary, summarize, type WriterHint, writerHint } from "./run_summary.ts";
import { type StringCursor, StringReader, type StringRow } from "./string_reader.ts";

export type { MetricCursor, MetricPage, PointColumns, PointsOptions, SeriesRow };
export type { EventRow, ExtraRow, LogLineRow, RecordRow, RowPageOptions, RunSummary, StringRow };

/** A config as it is stored. */
export interface ConfigRow {
  readonly path: string;
  readonly tag: string;
  /** The stored text; null where the file holds none. */
  readonly value: string | null;
  readonly updatedAt: string;
}

/** Which texts. */
export interface StringsOptions {
  /** Only this series. */
  readonly path?: string;
  /** At most so many; negative: no limit. @default {-1} */
  readonly limit?: number;
  /** So many are left out at the beginning. @default {0} */
  readonly offset?: number;
  /** Only the last so many; `limit` and `offset` are then not looked at. Negative: all. */
  readonly tail?: number;
  /** Only texts behind this step; needs `path`. */
  readonly afterStep?: number;
}

/** Texts, and how many there are in all. */
export interface StringRows {
  readonly rows: readonly StringRow[];
  /** All texts of the series, or of the run; not cut by limit, offset, tail or afterStep. */
  readonly total: number;
}

/** A run file open for reading. Close it, or hold it with `using`. */
export class RunReader implements Disposable {
  readonly path: string;
  /** Metric series, for readers that work with numbers of series and parts of them. */
  readonly metrics: MetricReader;
  /** String series, for readers that page. */
  readonly texts: StringReader;
  readonly #opened: OpenedRun;
  readonly #tables: ReadonlySet<string>;
  readonly #own: OwnReader;

  private constructor(path: string, opened: OpenedRun, tables: ReadonlySet<string>) {
    this.path = path;
    this.#opened = opened;
    this.#tables = tables;
    this.metrics = new MetricReader(opened.db, tables);
    this.texts = new StringReader(opened.db, tables);
    this.#own = new OwnReader(opened.db, tables);
  }

  /**
   * Opens a run file.
   *
   * @throws {NotFoundError} there is no such file
   * @throws {StoreError} it is no run file, is damaged, locked, or of a newer version
   */
  static open(path: string, options: OpenReaderOptions = {}): RunReader {
    const opened = openForReading(path, options);
    try {
      return new RunReader(path, opened, findTables(opened.db, path));
    } catch (error) {
      opened.close();
      throw readError(path, error);
    }
  }

  /** The connection, for reads that this class does not have; hardened and read-only. */
  get db(): Db {
    return this.#opened.db;
  }

  /** What the file looked like when it was opened. */
  get state(): FileState {
    return this.#opened.state;
  }

  /** How the file was opened. */
  get how(): OpenedRun["how"] {
    return this.#opened.how;
  }

  /** True when a writer came meanwhile, so that what was read must be read again. */
  changed(): boolean {
    return this.#opened.changed();
  }

  /** Runs `work` on one state of the file, whatever is written meanwhile. */
  snapshot<T>(work: () => T): T {
    this.db.exec("BEGIN");
    try {
      return work();
    } finally {
      try {
        this.db.exec("ROLLBACK"); // nothing was written
      } catch { // SQLite has ended the transaction by itself
      }
    }
  }

  /** All of `run_meta`. */
  meta(): Map<string, string> {
    const rows = this.#all(`SELECT ${textColumn("key")} AS k, ${textColumn("value")} AS v
      FROM run_meta WHERE key IS NOT NULL AND value IS NOT NULL`);
    return new Map(rows.map(([key, value]) => [toText(key)!, toText(value)!]));
  }

  /** What lists show of a run. */
  summary(): RunSummary {
    const fileStem = basename(this.path).replace(/\.sqlite$/, "");
    return summarize(this.meta(), fileStem, this.metricPaths(), this.stringPaths());
  }

  /** Where the run's configs say that it was written; for files without a lease. */
  writerHint(): WriterHint | undefined {
    return this.#tables.has("configs") ? writerHint(this.db) : undefined;
  }

  /** All configs, by path. */
  configs(): ConfigRow[] {
    if (!this.#tables.has("configs")) return [];
    const rows = this.#all(`SELECT ${textColumn("path")} AS p, ${textColumn("type_tag")} AS t,
      ${textColumn("value")} AS v, ${textColumn("updated_at")} AS u
      FROM configs WHERE path IS NOT NULL ORDER BY path`);
    return rows.map(([path, tag, value, updatedAt]) => ({
      path: toText(path)!,
      tag: toText(tag) ?? "str",
      value: toText(value),
      updatedAt: toText(updatedAt) ?? "",
    }));
  }

  /** All metric series, those without points included. */
  metricSeries(): SeriesRow[] {
    return this.metrics.series();
  }

  /** All string series, those without points included. */
  stringSeries(): SeriesRow[] {
    return this.texts.series();
  }

  /** Paths of the metric series that have points (NaN is one), by code point. */
  metricPaths(): string[] {
    return this.metrics.seriesWithPoints().map((series) => series.path);
  }

  /** Paths of the string series that have points, by code point. */
  stringPaths(): string[] {
    return this.texts.seriesWithPoints().map((series) => series.path);
  }

  /** Number of points of a metric series; 0 when there is no such series. */
  pointCount(path: string): number {
    const id = this.metrics.seriesId(path);
    return id === undefined ? 0 : this.metrics.count(id);
  }

  /** Points of a metric series, steps ascending; empty when there is no such series. */
  points(path: string, options: PointsOptions = {}): PointColumns {
    const { stepMin = -Infinity, stepMax = Infinity, afterStep, limit = Infinity } = options;
    const id = this.metrics.seriesId(path);
    const from = afterStep === undefined ? stepMin : Math.max(stepMin, nextUp(afterStep));
    if (id === undefined || afterStep === Infinity) return NO_POINTS;
    return this.metrics.columns(id, from, stepMax, limit);
  }

  /** A page of the points of all metric series, by path, then step. */
  allMetricRows(cursor?: MetricCursor, limit: number = PAGE_ROWS): MetricPage {
    return this.metrics.page(cursor, limit);
  }

  /**
   * Texts: by path, then step. With `tail` and without `path` the ones that were written last, in
   * the order in which they were written.
   */
  strings(options: StringsOptions = {}): StringRows {
    const { path, tail, afterStep } = options;
    const total = this.texts.total(path);
    const start = afterStep !== undefined && path !== undefined && tail === undefined
      ? { cursor: { path, afterStep }, limit: options.limit ?? -1 }
      : this.stringsStart(options, total);
    const limit = start.limit < 0 ? Infinity : start.limit;
    const rows: StringRow[] = [];
    for (let cursor: StringCursor | undefined = start.cursor; cursor && rows.length < limit;) {
      const maxRows = Math.min(10_000, limit - rows.length);
      const page = this.texts.page(cursor, { path, maxRows });
      for (const row of page.rows) rows.push(row);
      cursor = page.next;
    }
    return { rows, total };
  }

  /** Where {@linkcode strings} begins, and how many it gives (negative: all). */
  stringsStart(
    options: StringsOptions,
    total: number,
  ): { readonly cursor: StringCursor | undefined; readonly limit: number } {
    const { path, limit = -1, offset = 0, tail } = options;
    if (tail === undefined) return { cursor: this.texts.at(Math.max(0, offset), path), limit };
    const count = tail < 0 ? total : Math.min(tail, total);
    if (count === 0) return { cursor: undefined, limit: 0 };
    return path === undefined
      ? { cursor: this.texts.lastWritten(count), limit: count }
      : { cursor: this.texts.lastOf(path, count), limit: count };
  }

  /** Log lines with levels, in the order they came. */
  logLines(options: RowPageOptions = {}): LogLineRow[] {
    return this.#own.logLines(options);
  }

  /** What happened to the run itself, in the order it came. */
  events(options: RowPageOptions = {}): EventRow[] {
    return this.#own.events(options);
  }

  /** Records of kinds without a table of their own, in the order they came. */
  records(options: RowPageOptions = {}): RecordRow[] {
    return this.#own.records(options);
  }

  /** Fields of records that their tables have no column for. */
  extras(options: RowPageOptions = {}): ExtraRow[] {
    return this.#own.extras(options);
  }

  /** Rows that are passed over because a value has a type that no point has. Scans everything. */
  foreignRows(): number {
    return this.metrics.foreignRows();
  }

  /** Closes the file; a copy that was made is removed. */
  close(): void {
    this.#opened.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #all(sql: string): SqlValue[][] {
    const statement = this.db.prepare(sql);
    return statement.all();
  }
}

const NO_POINTS: PointColumns = {
  step: new Float64Array(0),
  y: new Float64Array(0),
  tsMs: new Float64Array(0),
};
