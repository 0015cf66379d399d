/**
 * Downsampling of one series as the local server of goodseed 0.4.0 does it: buckets of a power of
 * two of consecutive rows. Pure: the rows come from a {@linkcode SeriesSource}.
 *
 * @module
 */
import { quoted, UsageError } from "../../lib/errors.ts";
import type { PointColumns } from "../../lib/store/run_reader.ts";
import {
  append,
  COUNT,
  FIELDS,
  FINITE,
  type PieceSource,
  STEP_SUM,
  summarizeBlock,
  summarizeRange,
  summarizeRows,
  Y_MAX,
  Y_MIN,
  Y_SUM,
} from "./blocks.ts";

/** What is asked for. */
export interface DownsampleRequest {
  /** At most so many buckets; at least 1. */
  readonly pointCount: number;
  /** Number of the first row. @default 0 */
  readonly first?: number | undefined;
  /** Number of the last row, inclusive. @default the last one */
  readonly last?: number | undefined;
}

/** Which rows are given, and how. */
export interface Window {
  /** Numbers of the first and the last row, inclusive; nothing is given when first > last. */
  readonly first: number;
  readonly last: number;
  /** All rows of the series. */
  readonly total: number;
  /** Rows in the window. */
  readonly rows: number;
  /** Rows in a bucket; 1: the rows themselves are given. */
  readonly bucketRows: number;
}

/** A series whose rows are numbered from 0 in step order. */
export interface SeriesSource {
  /** Sums up rows, as {@linkcode summarizeRange} does. */
  summarize(from: number, to: number, out: Float64Array): void;
  /** Time of a row, in ms since 1970. */
  timeOf(row: number): number;
  /** Rows as they are. */
  rows(from: number, to: number): PointColumns;
}

/** The answer: columns of equal length. */
export interface Downsampled {
  readonly step: Float64Array;
  /** Mean of the finite values of a bucket, or the value of a row. */
  readonly value: Float64Array;
  readonly minY: Float64Array;
  readonly maxY: Float64Array;
  readonly tsMs: Float64Array;
  /** 1 for a bucket, 0 for a row. */
  readonly isBucket: Uint8Array;
  readonly window: Window;
  readonly downsampled: boolean;
}

/**
 * Decides which rows are given and how large the buckets are.
 *
 * @param total rows of the series
 * @throws {UsageError} `pointCount` is below 1, or one of the numbers is no whole number
 */
export function planWindow(total: number, request: DownsampleRequest): Window {
  const { pointCount, first, last } = request;
  if (!Number.isSafeInteger(pointCount) || pointCount < 1) {
    throw new UsageError(
      `downsampling: pointCount is ${quoted(pointCount)}; give a whole number of at least 1`,
    );
  }
  for (const index of [first, last]) {
    if (index === undefined || Number.isSafeInteger(index)) continue;
    throw new UsageError(`downsampling: the index ${quoted(index)} is not a whole number`);
  }
  if (total === 0) return { first: 0, last: 0, total, rows: 0, bucketRows: 1 };
  const from = Math.max(0, first ?? 0);
  const to = Math.min(total - 1, last ?? total - 1);
  const rows = Math.max(0, to - from + 1);
  return { first: from, last: to, total, rows, bucketRows: bucketSize(rows, pointCount) };
}

/** The smallest power of two that puts `rows` into at most `pointCount` buckets. */
export function bucketSize(rows: number, pointCount: number): number {
  let size = 1;
  while (Math.ceil(rows / size) > pointCount) size *= 2;
  return size;
}

/** Gives the rows of a window, or its buckets with the exact first and last row around them. */
export function downsample(source: SeriesSource, window: Window): Downsampled {
  const { first, last, rows, bucketRows } = window;
  if (rows === 0 || bucketRows === 1) {
    const { step, y, tsMs } = rows === 0 ? NO_ROWS : source.rows(first, last + 1);
    const isBucket = new Uint8Array(step.length);
    return { step, value: y, minY: y, maxY: y, tsMs, isBucket, window, downsampled: false };
  }
  const out = new Columns(Math.ceil(rows / bucketRows) + 2);
  const head = source.rows(first, first + 1);
  const tail = source.rows(last, last + 1);
  const summary = new Float64Array(FIELDS);
  for (let from = first; from <= last; from += bucketRows) {
    const to = Math.min(from + bucketRows, last + 1);
    source.summarize(from, to, summary);
    const step = summary[STEP_SUM]! / summary[COUNT]!;
    if (from === first && step !== head.step[0]) out.addRow(head);
    out.addBucket(step, summary, source.timeOf(from + Math.floor((to - from) / 2)));
    if (to > last && step !== tail.step[0]) out.addRow(tail);
  }
  return { ...out.finish(), window, downsampled: true };
}

const NO_ROWS: PointColumns = {
  step: new Float64Array(0),
  y: new Float64Array(0),
  tsMs: new Float64Array(0),
};

class Columns {
  readonly #columns: Float64Array[];
  readonly #isBucket: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#columns = Array.from({ length: 5 }, () => new Float64Array(capacity));
    this.#isBucket = new Uint8Array(capacity);
  }

  addRow(row: PointColumns): void {
    const y = row.y[0]!;
    this.#add([row.step[0]!, y, y, y, row.tsMs[0]!], 0);
  }

  addBucket(step: number, summary: Float64Array, tsMs: number): void {
    const finite = summary[FINITE]!;
    if (finite === 0) this.#add([step, NaN, NaN, NaN, tsMs], 1);
    else this.#add([step, summary[Y_SUM]! / finite, summary[Y_MIN]!, summary[Y_MAX]!, tsMs], 1);
  }

  #add(values: readonly number[], isBucket: 0 | 1): void {
    for (let i = 0; i < values.length; i++) this.#columns[i]![this.#length] = values[i]!;
    this.#isBucket[this.#length++] = isBucket;
  }

  finish(): Pick<Downsampled, "step" | "value" | "minY" | "maxY" | "tsMs" | "isBucket"> {
    const [step, value, minY, maxY, tsMs] = this.#columns.map((c) => c.subarray(0, this.#length));
    const isBucket = this.#isBucket.subarray(0, this.#length);
    return { step: step!, value: value!, minY: minY!, maxY: maxY!, tsMs: tsMs!, isBucket };
  }
}

/**
 * A source over rows in memory.
 *
 * @param offset number of the first of them in the series
 */
export function rowsSource(points: PointColumns, offset: number = 0): SeriesSource {
  const pieces: PieceSource = {
    appendRows(from, to, out) {
      const part = new Float64Array(FIELDS);
      summarizeRows(points, from - offset, to - offset, part, 0);
      append(out, part);
    },
    appendBlock(level, index, out) {
      const part = new Float64Array(FIELDS);
      summarizeBlock(pieces, level, index, part);
      append(out, part);
    },
  };
  return {
    summarize: (from, to, out) => summarizeRange(pieces, from, to, out),
    timeOf: (row) => points.tsMs[row - offset]!,
    rows: (from, to) => ({
      step: points.step.subarray(from - offset, to - offset),
      y: points.y.subarray(from - offset, to - offset),
      tsMs: points.tsMs.subarray(from - offset, to - offset),
    }),
  };
}
