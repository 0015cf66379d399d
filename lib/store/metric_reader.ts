/**
 * Reads the metric series of a run file: points as columns, NaN included, whatever version wrote it.
 *
 * @module
 */
import { compareCodePoints } from "../code_points.ts";
import type { Db, Statement } from "./driver.ts";
import {
  ColumnBuilder,
  MAX_PATH_CHARS,
  nextUp,
  textColumn,
  textParam,
  toNumber,
  toText,
} from "./read_values.ts";

/** Points of one series: columns of equal length, steps ascend, `y` may hold NaN and ±Infinity. */
export interface PointColumns {
  readonly step: Float64Array;
  readonly y: Float64Array;
  /** Times in ms since 1970; NaN where the file holds none. */
  readonly tsMs: Float64Array;
}

/** A series and its number in the file. */
export interface SeriesRow {
  readonly id: number;
  readonly path: string;
}

/** Which points of a series. */
export interface PointsOptions {
  /** Inclusive. @default {-Infinity} */
  readonly stepMin?: number;
  /** Inclusive. @default {Infinity} */
  readonly stepMax?: number;
  /** Only points behind this step: the last one of the page before. */
  readonly afterStep?: number;
  /** At most so many, the first ones. @default {Infinity} */
  readonly limit?: number;
}

/** Where the next page of all points begins. */
export interface MetricCursor {
  readonly path: string;
  /** Points up to and including this step have been given; absent: none. */
  readonly afterStep?: number;
}

/** A page of all points. */
export interface MetricPage {
  /** Parts of series, in the order of their paths; one series may go on in the next page. */
  readonly parts: readonly { readonly path: string; readonly points: PointColumns }[];
  /** Undefined on the last page. */
  readonly next: MetricCursor | undefined;
}

/** Rows in a page of all points, if nothing else is said. */
export const PAGE_ROWS = 50_000;
/** Rows that are fetched at once: more cost more, because they outlive young garbage. */
const FETCH_ROWS = 16_384;

const IS_NUMBER = "typeof(y) IN ('real', 'integer')";

// Texts and blobs sort behind all numbers, so the upper bound keeps them out as well.
const POINTS = `SELECT step AS s, y AS v, ts AS t FROM metric_points
  WHERE series_id = ? AND step >= ? AND step <= ? AND ${IS_NUMBER}`;

// A number at the same step was written later, by a program that does not know the table.
const NANS = `SELECT n.step, NULL, n.ts FROM gs_metric_nans n
  WHERE n.series_id = ? AND n.step >= ? AND n.step <= ? AND NOT EXISTS (
    SELECT 1 FROM metric_points p WHERE p.series_id = n.series_id AND p.step = n.step
      AND typeof(p.y) IN ('real', 'integer'))`;

function asReal(source: string): string {
  return `SELECT CAST(s AS REAL) AS s, CAST(v AS REAL) AS v, CAST(t AS REAL) AS t FROM (${source})`;
}

/** Reads metric series. */
export class MetricReader {
  readonly #db: Db;
  readonly #tables: ReadonlySet<string>;
  readonly #statements = new Map<string, Statement>();

  /** @param tables the known tables that the file has */
  constructor(db: Db, tables: ReadonlySet<string>) {
    this.#db = db;
    this.#tables = tables;
  }

  /** True when the file has metric tables at all. */
  get present(): boolean {
    return this.#tables.has("metric_series") && this.#tables.has("metric_points");
  }

  /** True when the file has a table of NaN points. */
  get hasNanTable(): boolean {
    return this.#tables.has("gs_metric_nans");
  }

  /** All series, those without points included, by number. */
  series(): SeriesRow[] {
    if (!this.#tables.has("metric_series")) return [];
    return this.#seriesRows(`SELECT id, ${textColumn("path")} AS path FROM metric_series
      WHERE typeof(id) = 'integer' AND abs(id) < 9007199254740992
        AND length(path) <= ${MAX_PATH_CHARS} ORDER BY id`);
  }

  /** Series that have points, NaN included, by path in code point order. */
  seriesWithPoints(): SeriesRow[] {
    if (!this.present) return [];
    const nans = this.#tables.has("gs_metric_nans")
      ? "OR EXISTS (SELECT 1 FROM gs_metric_nans n WHERE n.series_id = s.id)"
      : "";
    return this.#seriesRows(`SELECT id, ${textColumn("path")} AS path FROM metric_series s
      WHERE typeof(id) = 'integer' AND abs(id) < 9007199254740992
        AND length(path) <= ${MAX_PATH_CHARS} AND (
        EXISTS (SELECT 1 FROM metric_points p WHERE p.series_id = s.id) ${nans})
      ORDER BY s.path`);
  }

  #seriesRows(sql: string): SeriesRow[] {
    return this.#statement(sql).all()
      .map(([id, path]) => ({ id: Number(id), path: toText(path) ?? "" }));
  }

  /** Number of a series, if there is one of that path. */
  seriesId(path: string): number | undefined {
    if (!this.present) return undefined;
    const find = this.#statement(`SELECT id FROM metric_series
      WHERE path = CAST(? AS TEXT) AND typeof(id) = 'integer' AND abs(id) < 9007199254740992`);
    const id = find.get(textParam(path))?.[0];
    return typeof id === "number" ? id : undefined;
  }

  /**
   * Points of a series as columns.
   *
   * @param stepMin inclusive
   * @param stepMax inclusive
   * @param limit at most so many, the first ones
   * @param skip so many are left out at the beginning
   */
  columns(
    id: number,
    stepMin: number,
    stepMax: number,
    limit: number,
    skip: number = 0,
  ): PointColumns {
    const columns = new ColumnBuilder(Math.min(limit, 1024));
    const statement = this.#pointsStatement(id);
    for (let from = stepMin; columns.length < limit;) {
      const rows = Math.min(FETCH_ROWS, limit - columns.length);
      const page = statement(from, stepMax, rows, columns.length === 0 ? skip : 0);
      columns.addRows(page);
      if (page.length < rows || columns.lastStep >= stepMax) break;
      from = nextUp(columns.lastStep);
    }
    return columns.finish();
  }

  /** Number of points of a series, NaN included. */
  count(id: number): number {
    return this.#count(id, `AND ${IS_NUMBER}`);
  }

  /** Like {@linkcode count}, but rows whose value is no number are counted as well. Quicker. */
  indexedCount(id: number): number {
    return this.#count(id, "");
  }

  #count(id: number, and: string): number {
    const points = this.#statement(
      `SELECT count(*) FROM metric_points
        WHERE series_id = ? AND step >= -9e999 AND step <= 9e999 ${and}`,
    );
    const count = toNumber(points.get(id)?.[0]);
    if (!this.#hasNans(id)) return count;
    const nans = this.#statement(`SELECT count(*) FROM (${NANS})`);
    return count + toNumber(nans.get(id, -Infinity, Infinity)?.[0]);
  }

  /**
   * A page of all points, by path, then step.
   *
   * @param cursor `next` of the page before; absent for the first page
   * @param path only this series
   */
  page(
    cursor: MetricCursor | undefined,
    limit: number = PAGE_ROWS,
    path?: string,
  ): MetricPage {
    const parts: { path: string; points: PointColumns }[] = [];
    let left = limit;
    for (const series of this.#seriesFrom(cursor, path)) {
      const resumes = cursor?.afterStep !== undefined && series.path === cursor.path;
      const from = resumes ? nextUp(cursor.afterStep) : -Infinity;
      if (resumes && cursor.afterStep === Infinity) continue; // no step is behind it
      if (left === 0) return { parts, next: { path: series.path } };
      const points = this.columns(series.id, from, Infinity, left);
      if (points.step.length > 0) parts.push({ path: series.path, points });
      left -= points.step.length;
      if (left === 0) {
        return { parts, next: { path: series.path, afterStep: points.step.at(-1)! } };
      }
    }
    return { parts, next: undefined };
  }

  /** Rows that are passed over because a value has a type that no point has. Scans everything. */
  foreignRows(): number {
    if (!this.present) return 0;
    const count = this.#statement(`SELECT count(*) FROM metric_points
      WHERE NOT (typeof(step) IN ('real', 'integer') AND ${IS_NUMBER})`);
    return toNumber(count.get()?.[0]);
  }

  #seriesFrom(cursor: MetricCursor | undefined, path: string | undefined): SeriesRow[] {
    if (path !== undefined) {
      const id = this.seriesId(path);
      return id === undefined ? [] : [{ id, path }];
    }
    const all = this.seriesWithPoints();
    if (cursor === undefined) return all;
    const at = all.findIndex((series) => series.path === cursor.path);
    if (at >= 0) return all.slice(at);
    return all.filter((series) => compareCodePoints(series.path, cursor.path) > 0);
  }

  #pointsStatement(id: number): PageStatement {
    if (!this.#hasNans(id)) {
      const plain = this.#statement(asReal(`${POINTS} ORDER BY step LIMIT ? OFFSET ?`));
      return (from, to, limit, skip) => plain.all(id, from, to, limit, skip);
    }
    const merged = this.#statement(
      asReal(`${POINTS} UNION ALL ${NANS} ORDER BY s LIMIT ? OFFSET ?`),
    );
    return (from, to, limit, skip) => merged.all(id, from, to, id, from, to, limit, skip);
  }

  #hasNans(id: number): boolean {
    if (!this.#tables.has("gs_metric_nans")) return false;
    const find = this.#statement("SELECT 1 FROM gs_metric_nans WHERE series_id = ? LIMIT 1");
    return find.get(id) !== undefined;
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}

type PageStatement = (
  from: number,
  to: number,
  limit: number,
  skip: number,
) => ReturnType<Statement["all"]>;
