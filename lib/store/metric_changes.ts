/**
 * Finds which points of a series were written since it was last looked at, by row numbers: writing a
 * point always gives it a higher row number than all others have.
 *
 * @module
 */
import type { Db, SqlValue } from "./driver.ts";
import { toNumber } from "./read_values.ts";

/**
 * Rows of one table as they were: five numbers each (row number, series, step, value, time), the
 * highest row number first. While such a row is untouched, no row number up to its own was given
 * anew, so everything written since has a higher one.
 */
export type Anchors = Float64Array;

/** What was written to a series since its anchors were taken. */
export interface Changes {
  /** Steps up to the last known one that were written, ascending; `undefined`: too many to list. */
  readonly steps: Float64Array | undefined;
  /** True when there are steps behind the last known one. */
  readonly appended: boolean;
  /** True when the newest row is gone, so that others may be, too: count the points. */
  readonly suspicious: boolean;
  /** Rows that were looked at to find out. */
  readonly scanned: number;
}

/** The two tables that hold points. */
export type PointTable = "metric_points" | "gs_metric_nans";

const ANCHOR_FIELDS = 5;
/** How far below the newest row the anchors lie. */
const ANCHOR_DEPTHS = [0, 16, 1024, 65_536];
const MAX_STEPS = 20_000;
const MAX_ROWID = 9_007_199_254_740_991;

const VALUE: Readonly<Record<PointTable, string>> = {
  metric_points: "CAST(y AS REAL)",
  gs_metric_nans: "NULL",
};

/**
 * Takes the anchors of a table.
 *
 * @returns undefined when the table has no row numbers to go by
 */
export function takeAnchors(db: Db, table: PointTable): Anchors | undefined {
  const newest = newestRow(db, table);
  if (newest === undefined) return undefined;
  const find = db.prepare(`SELECT CAST(rowid AS REAL) AS r, ${anchorColumns(table)} FROM ${table}
    WHERE rowid <= ? ORDER BY rowid DESC LIMIT 1`);
  const anchors: number[] = [];
  for (const depth of ANCHOR_DEPTHS) {
    const row = newest < depth ? undefined : find.get(newest - depth);
    if (row !== undefined && row[0] !== anchors.at(-ANCHOR_FIELDS)) {
      anchors.push(...row.map(toNumber));
    }
  }
  return Float64Array.from(anchors);
}

/**
 * Finds what was written to a series since the anchors were taken.
 *
 * @param lastStep the last step that is known; -Infinity when there is none
 * @param known number of points that are known, to choose the cheaper way to look
 */
export function findChanges(
  db: Db,
  table: PointTable,
  anchors: Anchors,
  seriesId: number,
  lastStep: number,
  known: number,
): Changes {
  const newest = newestRow(db, table) ?? 0;
  const rowid = intactAnchor(db, table, anchors);
  const suspicious = rowid !== (anchors[0] ?? 0) || newest < rowid;
  const behind = db.prepare(
    `SELECT 1 FROM ${table} WHERE series_id = ? AND step > ? AND step <= 9e999 LIMIT 1`,
  );
  const appended = lastStep < Infinity && behind.get(seriesId, lastStep) !== undefined;
  if (newest === rowid) return { steps: NO_STEPS, appended, suspicious, scanned: 0 };
  const byRow = newest - rowid <= Math.max(MAX_STEPS, known);
  const find = db.prepare(
    byRow
      ? `SELECT CAST(step AS REAL) AS s FROM ${table} NOT INDEXED
          WHERE rowid > ? AND series_id = ? AND step >= -9e999 AND step <= ? LIMIT ?`
      : `SELECT CAST(step AS REAL) AS s FROM ${table}
          WHERE +rowid > ? AND series_id = ? AND step >= -9e999 AND step <= ? LIMIT ?`,
  );
  const rows = find.all(rowid, seriesId, lastStep, MAX_STEPS + 1);
  return {
    steps: rows.length > MAX_STEPS ? undefined : ascendingSteps(rows),
    appended,
    suspicious,
    scanned: byRow ? newest - rowid : known,
  };
}

const NO_STEPS = new Float64Array(0);

/** The highest row number; 0 for an empty table, undefined where there are none to go by. */
function newestRow(db: Db, table: PointTable): number | undefined {
  try {
    const find = db.prepare(`SELECT CAST(max(rowid) AS REAL) FROM ${table}`);
    const newest = find.get()?.[0] ?? 0;
    return typeof newest === "number" && newest < MAX_ROWID ? newest : undefined;
  } catch { // a table WITHOUT ROWID
    return undefined;
  }
}

/** Row number of the highest anchor that is as it was; 0 when there is none. */
function intactAnchor(db: Db, table: PointTable, anchors: Anchors): number {
  const find = db.prepare(`SELECT ${anchorColumns(table)} FROM ${table} WHERE rowid = ?`);
  for (let at = 0; at < anchors.length; at += ANCHOR_FIELDS) {
    const row = find.get(anchors[at]!);
    const same = row?.every((value, i) => Object.is(toNumber(value), anchors[at + 1 + i]));
    if (same === true) return anchors[at]!;
  }
  return 0;
}

function anchorColumns(table: PointTable): string {
  return `CAST(series_id AS REAL) AS i, CAST(step AS REAL) AS s, ${VALUE[table]} AS v, ` +
    "CAST(ts AS REAL) AS t";
}

function ascendingSteps(rows: readonly SqlValue[][]): Float64Array {
  return Float64Array.from(rows, (row) => toNumber(row[0])).sort();
}
