/**
 * Summaries of ranges of rows, and the one way in which they are put together, so that a sum is the
 * same to the last bit wherever its parts came from.
 *
 * Rows are numbered from 0 in step order. A block of level L holds the 64^L rows from a multiple of
 * 64^L on. A range of rows is cut into the largest whole blocks it holds, and rows in front of,
 * between and behind them; sums run over these pieces from left to right, the sum of a block over
 * its 64 blocks of the level below, the sum of a block of level 1 over its rows.
 *
 * @module
 */
import type { PointColumns } from "../../lib/store/run_reader.ts";

/** Rows in a block of level 1, and blocks in a block of the next level. */
export const BLOCK_ROWS = 64;
/** Levels above this one are not used: a block of it holds 64^5, about 10^9, rows. */
export const MAX_LEVEL = 5;
/** Numbers in a summary. */
export const FIELDS = 12;

/** Places of the fields of a summary. */
export const COUNT = 0,
  STEP_FIRST = 1,
  STEP_LAST = 2,
  STEP_SUM = 3,
  Y_FIRST = 4,
  Y_LAST = 5,
  /** Over finite values; ±Infinity when there is none. */
  Y_MIN = 6,
  Y_MAX = 7,
  Y_SUM = 8,
  FINITE = 9,
  /** Times of the first row, and of the row in the middle (number 64^L / 2) of a whole block. */
  TS_FIRST = 10,
  TS_MIDDLE = 11;

/** Rows in a block of a level. */
export function blockRows(level: number): number {
  return BLOCK_ROWS ** level;
}

/** Sums up rows one after another. */
export function summarizeRows(
  points: PointColumns,
  from: number,
  to: number,
  out: Float64Array,
  at: number,
): void { // hot: bench/reads.ts
  const { step, y, tsMs } = points;
  let stepSum = 0, sum = 0, min = Infinity, max = -Infinity, finite = 0;
  for (let i = from; i < to; i++) {
    stepSum += step[i]!;
    const value = y[i]!;
    if (value - value !== 0) continue; // NaN and ±Infinity
    finite++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const middle = from + BLOCK_ROWS / 2;
  out[at + COUNT] = to - from;
  out[at + STEP_FIRST] = step[from]!;
  out[at + STEP_LAST] = step[to - 1]!;
  out[at + STEP_SUM] = stepSum;
  out[at + Y_FIRST] = y[from]!;
  out[at + Y_LAST] = y[to - 1]!;
  out[at + Y_MIN] = min;
  out[at + Y_MAX] = max;
  out[at + Y_SUM] = sum;
  out[at + FINITE] = finite;
  out[at + TS_FIRST] = tsMs[from]!;
  out[at + TS_MIDDLE] = middle < to ? tsMs[middle]! : NaN;
}

/** Makes `out` the summary of no rows. */
export function clearSummary(out: Float64Array): void {
  out.fill(0, 0, FIELDS);
  out[Y_MIN] = Infinity;
  out[Y_MAX] = -Infinity;
  out[TS_MIDDLE] = NaN;
}

/** Puts the summary at `part[at]` behind the one in `out`; the time in the middle stays. */
export function append(out: Float64Array, part: Float64Array, at: number = 0): void {
  if (out[COUNT] === 0) {
    out[STEP_FIRST] = part[at + STEP_FIRST]!;
    out[Y_FIRST] = part[at + Y_FIRST]!;
    out[TS_FIRST] = part[at + TS_FIRST]!;
  }
  out[COUNT] = out[COUNT]! + part[at + COUNT]!;
  out[STEP_LAST] = part[at + STEP_LAST]!;
  out[STEP_SUM] = out[STEP_SUM]! + part[at + STEP_SUM]!;
  out[Y_LAST] = part[at + Y_LAST]!;
  out[Y_MIN] = Math.min(out[Y_MIN]!, part[at + Y_MIN]!);
  out[Y_MAX] = Math.max(out[Y_MAX]!, part[at + Y_MAX]!);
  out[Y_SUM] = out[Y_SUM]! + part[at + Y_SUM]!;
  out[FINITE] = out[FINITE]! + part[at + FINITE]!;
}

/** Where the pieces of a range come from. */
export interface PieceSource {
  /** Puts the rows from `from` up to, not including, `to` behind `out`; all in one block of level 1. */
  appendRows(from: number, to: number, out: Float64Array): void;
  /** Puts a whole block behind `out`. */
  appendBlock(level: number, index: number, out: Float64Array): void;
}

/** Sums up the rows from `from` up to, not including, `to`. */
export function summarizeRange(
  source: PieceSource,
  from: number,
  to: number,
  out: Float64Array,
): void { // hot: bench/reads.ts
  clearSummary(out);
  for (let at = from; at < to;) {
    const level = levelOfPiece(at, to);
    if (level === 0) {
      const end = Math.min(to, (Math.floor(at / BLOCK_ROWS) + 1) * BLOCK_ROWS);
      source.appendRows(at, end, out);
      at = end;
    } else {
      const rows = blockRows(level);
      source.appendBlock(level, at / rows, out);
      at += rows;
    }
  }
}

/** Sums up a whole block: over its rows, or over its 64 blocks of the level below. */
export function summarizeBlock(
  source: PieceSource,
  level: number,
  index: number,
  out: Float64Array,
): void {
  clearSummary(out);
  if (level === 1) return source.appendRows(index * BLOCK_ROWS, (index + 1) * BLOCK_ROWS, out);
  for (let i = 0; i < BLOCK_ROWS; i++) source.appendBlock(level - 1, index * BLOCK_ROWS + i, out);
}

/** Level of the largest whole block that begins at `at` and ends at or before `to`; 0: none. */
function levelOfPiece(at: number, to: number): number {
  let level = 0;
  for (let rows = BLOCK_ROWS; at % rows === 0 && at + rows <= to; rows *= BLOCK_ROWS) {
    if (++level === MAX_LEVEL) break;
  }
  return level;
}
