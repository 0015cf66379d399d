/**
 * Reads the string series of a run file in pages that are bounded in rows and in size.
 *
 * @module
 */
import { compareCodePoints } from "../code_points.ts";
import type { Db, Statement } from "./driver.ts";
import type { SeriesRow } from "./metric_reader.ts";
import {
  MAX_PATH_CHARS,
  nextDown,
  nextUp,
  secondsToMs,
  textColumn,
  textParam,
  toNumber,
  toText,
} from "./read_values.ts";

/** A text at a step. */
export interface StringRow {
  readonly path: string;
  readonly step: number;
  readonly value: string;
  /** Time in ms since 1970; NaN where the file holds none. */
  readonly tsMs: number;
}

/** Where a page begins: within the order by path and step, or within the order of writing. */
export type StringCursor =
  | { readonly path: string; readonly afterStep?: number }
  | { readonly afterRowid: number };

/** A page of texts. */
export interface StringPage {
  readonly rows: readonly StringRow[];
  /** Undefined on the last page. */
  readonly next: StringCursor | undefined;
}

/** Bounds of a page. */
export interface StringPageOptions {
  /** Only this series. */
  readonly path?: string | undefined;
  /** @default {10000} */
  readonly maxRows?: number;
  /** Characters; a longer text is given alone. @default {2000000} */
  readonly maxChars?: number;
}

const VALID_ID = "typeof(id) = 'integer' AND abs(id) < 9007199254740992";
const STEPS = "series_id = ? AND step >= ? AND step <= 9e999";
const IN_SERIES = `${STEPS} AND value IS NOT NULL`;
const IN_ORDER = "rowid > ? AND rowid < 9007199254740992 AND value IS NOT NULL " +
  "AND step >= -9e999 AND step <= 9e999 " +
  `AND series_id IN (SELECT id FROM string_series WHERE ${VALID_ID})`;

/** Reads string series. */
export class StringReader {
  readonly #db: Db;
  readonly #present: boolean;
  readonly #statements = new Map<string, Statement>();

  /** @param tables the known tables that the file has */
  constructor(db: Db, tables: ReadonlySet<string>) {
    this.#db = db;
    this.#present = tables.has("string_series") && tables.has("string_points");
  }

  /** All series, those without points included, by number. */
  series(): SeriesRow[] {
    return this.#seriesRows("ORDER BY id");
  }

  /** Series that have points, by path in code point order. */
  seriesWithPoints(): SeriesRow[] {
    return this.#seriesRows(
      "AND EXISTS (SELECT 1 FROM string_points p WHERE p.series_id = s.id) ORDER BY s.path",
    );
  }

  #seriesRows(rest: string): SeriesRow[] {
    if (!this.#present) return [];
    const find = this.#statement(`SELECT id, ${textColumn("path")} AS path FROM string_series s
      WHERE ${VALID_ID} AND length(path) <= ${MAX_PATH_CHARS} ${rest}`);
    return find.all().map(([id, path]) => ({ id: Number(id), path: toText(path) ?? "" }));
  }

  /** Number of a series, if there is one of that path. */
  seriesId(path: string): number | undefined {
    if (!this.#present) return undefined;
    const find = this.#statement(
      `SELECT id FROM string_series WHERE path = CAST(? AS TEXT) AND ${VALID_ID}`,
    );
    const id = find.get(textParam(path))?.[0];
    return typeof id === "number" ? id : undefined;
  }

  /** Number of texts: of one series, or of all. */
  total(path?: string): number {
    if (!this.#present) return 0;
    if (path === undefined) {
      const all = this.#statement(`SELECT count(*) FROM string_points
        WHERE series_id IN (SELECT id FROM string_series WHERE ${VALID_ID})`);
      return toNumber(all.get()?.[0]);
    }
    const id = this.seriesId(path);
    return id === undefined ? 0 : this.#count(id);
  }

  /** Where the `offset`-th text begins in the order by path and step; undefined behind the end. */
  at(offset: number, path?: string): StringCursor | undefined {
    let skip = offset;
    for (const series of this.#seriesFrom(undefined, path)) {
      if (skip === 0) return { path: series.path };
      const count = this.#count(series.id);
      if (skip < count) return this.#beforeStep(series, "ASC", skip);
      skip -= count;
    }
    return undefined;
  }

  /** Where the last `count` texts of a series begin; undefined when there are none. */
  lastOf(path: string, count: number): StringCursor | undefined {
    const id = this.seriesId(path);
    if (id === undefined || count <= 0) return undefined;
    return this.#beforeStep({ id, path }, "DESC", count - 1) ?? { path };
  }

  /** The cursor in front of the `skip`-th step; only the index is read for it. */
  #beforeStep(series: SeriesRow, order: "ASC" | "DESC", skip: number): StringCursor | undefined {
    const find = this.#statement(`SELECT CAST(step AS REAL) AS s FROM string_points
      WHERE ${STEPS} ORDER BY step ${order} LIMIT 1 OFFSET ?`);
    const step = find.get(series.id, -Infinity, skip)?.[0];
    if (typeof step !== "number") return undefined;
    return step === -Infinity
      ? { path: series.path }
      : { path: series.path, afterStep: nextDown(step) };
  }

  /** Where the last `count` texts begin in the order of writing; undefined when there are none. */
  lastWritten(count: number): StringCursor | undefined {
    if (!this.#present || count <= 0) return undefined;
    if (count >= this.total()) return { afterRowid: -Number.MAX_SAFE_INTEGER };
    const find = this.#statement(
      `SELECT rowid FROM string_points WHERE ${IN_ORDER} ORDER BY rowid DESC LIMIT 1 OFFSET ?`,
    );
    const first = find.get(-Number.MAX_SAFE_INTEGER, count - 1)?.[0];
    return { afterRowid: typeof first === "number" ? first - 1 : -Number.MAX_SAFE_INTEGER };
  }

  /** A page of texts from `cursor` on; absent: from the beginning, by path, then step. */
  page(cursor: StringCursor | undefined, options: StringPageOptions = {}): StringPage {
    if (!this.#present) return { rows: [], next: undefined };
    const { path, maxRows = 10_000, maxChars = 2_000_000 } = options;
    if (cursor !== undefined && "afterRowid" in cursor) {
      return this.#writtenPage(cursor.afterRowid, maxRows, maxChars);
    }
    const rows: StringRow[] = [];
    let rowsLeft = maxRows, charsLeft = maxChars;
    for (const series of this.#seriesFrom(cursor, path)) {
      const from = series.path === cursor?.path ? cursor : { path: series.path };
      if (from.afterStep === Infinity) continue; // no step is behind it
      if (rowsLeft <= 0 || charsLeft <= 0) return { rows, next: from };
      const part = this.#seriesPage(series, from, rowsLeft, charsLeft);
      rows.push(...part.rows);
      rowsLeft -= part.rows.length;
      charsLeft -= part.chars;
      if (!part.done) return { rows, next: { path: series.path, afterStep: rows.at(-1)!.step } };
    }
    return { rows, next: undefined };
  }

  #seriesPage(
    series: SeriesRow,
    from: { readonly afterStep?: number },
    maxRows: number,
    maxChars: number,
  ): { rows: StringRow[]; chars: number; done: boolean } {
    const start = from.afterStep === undefined ? -Infinity : nextUp(from.afterStep);
    const sizes = this.#statement(`SELECT length(value) FROM string_points
      WHERE ${IN_SERIES} ORDER BY step LIMIT ?`);
    const lengths = sizes.all(series.id, start, maxRows);
    const fit = countThatFits(lengths, maxChars);
    const fetch = this.#statement(
      `SELECT CAST(step AS REAL) AS s, ${textColumn("value")} AS v, CAST(ts AS REAL) AS t
        FROM string_points WHERE ${IN_SERIES} ORDER BY step LIMIT ?`,
    );
    const rows = fetch.all(series.id, start, fit.rows)
      .map(([step, value, ts]) => toRow(series.path, step, value, ts));
    return { rows, chars: fit.chars, done: fit.rows === lengths.length && fit.rows < maxRows };
  }

  #writtenPage(afterRowid: number, maxRows: number, maxChars: number): StringPage {
    const sizes = this.#statement(
      `SELECT length(value) FROM string_points WHERE ${IN_ORDER} ORDER BY rowid LIMIT ?`,
    );
    const lengths = sizes.all(afterRowid, maxRows);
    const fit = countThatFits(lengths, maxChars);
    const fetch = this.#statement(
      `SELECT CAST(step AS REAL) AS s, ${textColumn("value")} AS v, CAST(ts AS REAL) AS t,
        rowid AS r, series_id AS id
        FROM string_points WHERE ${IN_ORDER} ORDER BY rowid LIMIT ?`,
    );
    const found = fetch.all(afterRowid, fit.rows);
    const paths = new Map(this.series().map((series) => [series.id, series.path]));
    const rows = found.map(([step, value, ts, , id]) =>
      toRow(paths.get(Number(id)) ?? "", step, value, ts)
    );
    const last = found.at(-1)?.[3];
    const done = fit.rows === lengths.length && fit.rows < maxRows;
    return { rows, next: done || last === undefined ? undefined : { afterRowid: Number(last) } };
  }

  #seriesFrom(cursor: { path: string } | undefined, path: string | undefined): SeriesRow[] {
    if (path !== undefined) {
      const id = this.seriesId(path);
      return id === undefined ? [] : [{ id, path }];
    }
    const all = this.seriesWithPoints();
    if (cursor === undefined) return all;
    return all.filter((series) => compareCodePoints(series.path, cursor.path) >= 0);
  }

  #count(id: number): number {
    const count = this.#statement("SELECT count(*) FROM string_points WHERE series_id = ?");
    return toNumber(count.get(id)?.[0]);
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}

type Value = Parameters<typeof toText>[0];

function toRow(path: string, step: Value, value: Value, ts: Value): StringRow {
  return {
    path,
    step: toNumber(step),
    value: toText(value) ?? "",
    tsMs: secondsToMs(toNumber(ts)),
  };
}

/** How many rows stay below the bound; at least one. */
function countThatFits(
  lengths: readonly (readonly Value[])[],
  maxChars: number,
): { rows: number; chars: number } {
  let rows = 0, chars = 0;
  for (const [length] of lengths) {
    if (rows > 0 && chars + toNumber(length) > maxChars) break;
    chars += toNumber(length);
    rows++;
  }
  return { rows, chars };
}
