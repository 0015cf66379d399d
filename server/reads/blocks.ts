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
export function clearSummary(out: Float64Array, at: number): void {
  out.fill(0, at, at + FIELDS);
  out[at + Y_MIN] = Infinity;
  out[at + Y_MAX] = -Infinity;
  out[at + TS_MIDDLE] = NaN;
}

/** Puts the summary at `part[partAt]` behind the one at `out[at]`; the middle stays as it is. */
export function append(out: Float64Array, at: number, part: Float64Array, partAt: number): void {
  if (out[at + COUNT] === 0) {
    out[at + STEP_FIRST] = part[partAt + STEP_FIRST]!;
    out[at + Y_FIRST] = part[partAt + Y_FIRST]!;
    out[at + TS_FIRST] = part[partAt + TS_FIRST]!;
  }
  out[at + COUNT] = out[at + COUNT]! + part[partAt + COUNT]!;
  out[at + STEP_LAST] = part[partAt + STEP_LAST]!;
  out[at + STEP_SUM] = out[at + STEP_SUM]! + part[partAt + STEP_SUM]!;
  out[at + Y_LAST] = part[partAt + Y_LAST]!;
  out[at + Y_MIN] = Math.min(out[at + Y_MIN]!, part[partAt + Y_MIN]!);
  out[at + Y_MAX] = Math.max(out[at + Y_MAX]!, part[partAt + Y_MAX]!);
  out[at + Y_SUM] = out[at + Y_SUM]! + part[partAt + Y_SUM]!;
  out[at + FINITE] = out[at + FINITE]! + part[partAt + FINITE]!;
}

/** Sums up a whole block over its 64 blocks of the level below. */
export function summarizeBlock(
  source: PieceSource,
  level: number,
  index: number,
  out: Float64Array,
): void {
  if (level === 1) return source.rows(index * BLOCK_ROWS, (index + 1) * BLOCK_ROWS, out);
  const sum = new Float64Array(FIELDS);
  const child = new Float64Array(FIELDS);
  clearSummary(sum, 0);
  for (let i = 0; i < BLOCK_ROWS; i++) {
    source.block(level - 1, index * BLOCK_ROWS + i, child);
    if (i === BLOCK_ROWS / 2) sum[TS_MIDDLE] = child[TS_FIRST]!;
    append(sum, 0, child, 0);
  }
  out.set(sum);
}

/** Where the pieces of a range come from. */
export interface PieceSource {
  /** Summary of the rows from `from` up to, not including, `to`; all in one block of level 1. */
  rows(from: number, to: number, out: Float64Array): void;
  /** Summary of a whole block. */
  block(level: number, index: number, out: Float64Array): void;
}

/** Sums up the rows from `from` up to, not including, `to`. */
export function summarizeRange(
  source: PieceSource,
  from: number,
  to: number,
  out: Float64Array,
): void {
  const piece = new Float64Array(FIELDS);
  clearSummary(out, 0);
  for (let at = from; at < to;) {
    const level = levelOfPiece(at, to);
    if (level === 0) {
      const end = Math.min(to, (Math.floor(at / BLOCK_ROWS) + 1) * BLOCK_ROWS);
      source.rows(at, end, piece);
      at = end;
    } else {
      source.block(level, at / blockRows(level), piece);
      at += blockRows(level);
    }
    append(out, 0, piece, 0);
  }
}

/** Level of the largest whole block that begins at `at` and ends at or before `to`; 0: none. */
function levelOfPiece(at: number, to: number): number {
  let level = 0;
  for (let rows = BLOCK_ROWS; at % rows === 0 && at + rows <= to; rows *= BLOCK_ROWS) {
    if (++level === MAX_LEVEL) break;
  }
  return level;
}
