/**
 * One metric series as `getMetricData` gives it: the points themselves, or buckets of equal width
 * in step when there are more points than were asked for.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";

/** Columns of one series: equal length, steps ascend, `y` may hold NaN and ±Infinity. */
export interface StepColumns {
  readonly step: Float64Array;
  readonly y: Float64Array;
}

/** What is known of the points in one range of steps. */
export interface MetricBucket {
  /** Step of its first and of its last point. */
  readonly stepMin: number;
  readonly stepMax: number;
  /** All points, those without a finite value included. */
  readonly count: number;
  /** Over the finite values; NaN when there is none. */
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  /** Values of its first and of its last point. */
  readonly first: number;
  readonly last: number;
}

/** Points of a metric series, or summaries of them. */
export interface MetricData {
  readonly path: string;
  readonly downsampled: boolean;
  /** The points themselves, in step order; absent when downsampled. */
  readonly rawPoints?: readonly { readonly step: number; readonly y: number }[];
  /** Summaries of equal width in step; absent when not downsampled. */
  readonly buckets?: readonly MetricBucket[];
}

/** Which part of a series, and how much of it. */
export interface MetricDataOptions {
  /** Inclusive. @default {-Infinity} */
  readonly stepMin?: number;
  /** Inclusive. @default {Infinity} */
  readonly stepMax?: number;
  /** More points than this become at most so many buckets; at least 1. @default {Infinity} */
  readonly maxPoints?: number;
}

/**
 * Cuts a range of steps out of a series and, when it holds more than `maxPoints` points, puts them
 * into at most `maxPoints` buckets of equal width in step. Empty buckets are left out.
 *
 * @param path series path, repeated in the answer
 * @throws {UsageError} `maxPoints` is not a whole number of at least 1
 *
 * @example
 * ```ts
 * import { metricData } from "./metric_buckets.ts";
 * import assert from "node:assert/strict";
 *
 * const points = { step: Float64Array.of(0, 1, 2, 3), y: Float64Array.of(4, 6, 8, 9) };
 * const data = metricData("loss", points, { maxPoints: 2 });
 * assert.ok(data.downsampled);
 * assert.deepEqual(data.buckets?.map((b) => [b.stepMin, b.stepMax, b.avg]), [[0, 1, 5], [2, 3, 8.5]]);
 * ```
 */
export function metricData(
  path: string,
  points: StepColumns,
  options: MetricDataOptions = {},
): MetricData {
  const { stepMin = -Infinity, stepMax = Infinity, maxPoints = Infinity } = options;
  const from = firstAtLeast(points.step, stepMin);
  const to = Math.max(from, firstAbove(points.step, stepMax));
  const part = { step: points.step.subarray(from, to), y: points.y.subarray(from, to) };
  checkMaxPoints(maxPoints);
  if (part.step.length <= maxPoints) {
    const raw = Array.from(part.step, (step, i) => ({ step, y: part.y[i]! }));
    return { path, downsampled: false, rawPoints: raw };
  }
  return { path, downsampled: true, buckets: metricBuckets(part, maxPoints) };
}

/**
 * Puts points into at most `maxPoints` buckets of equal width in step; empty ones are left out.
 * Points at infinite steps go into the first or the last one.
 *
 * @throws {UsageError} `maxPoints` is not a whole number of at least 1
 */
export function metricBuckets(points: StepColumns, maxPoints: number): MetricBucket[] {
  checkMaxPoints(maxPoints);
  const { step } = points;
  const place = placer(step, maxPoints);
  const buckets: MetricBucket[] = [];
  for (let from = 0; from < step.length;) {
    const index = place(step[from]!);
    let to = from + 1;
    while (to < step.length && place(step[to]!) === index) to++;
    buckets.push(bucketOf(points, from, to));
    from = to;
  }
  return buckets;
}

function checkMaxPoints(maxPoints: number): void {
  if (maxPoints === Infinity || (Number.isInteger(maxPoints) && maxPoints >= 1)) return;
  throw new UsageError(
    `reading metric data: maxPoints is ${quoted(maxPoints)}; give a whole number of at least 1`,
  );
}

/** Number of the bucket of a step; never falls as steps ascend. */
function placer(step: Float64Array, count: number): (step: number) => number {
  const low = step[firstAbove(step, -Infinity)] ?? 0;
  const high = step[firstAtLeast(step, Infinity) - 1] ?? 0;
  const width = high / 2 - low / 2; // halves: the whole range may be beyond the largest number
  if (!(width > 0)) return (s) => (s <= high ? 0 : count - 1);
  return (s) => Math.max(0, Math.min(count - 1, Math.floor((s / 2 - low / 2) / width * count)));
}

function bucketOf({ step, y }: StepColumns, from: number, to: number): MetricBucket {
  let min = Infinity, max = -Infinity, sum = 0, finite = 0;
  for (let i = from; i < to; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return {
    stepMin: step[from]!,
    stepMax: step[to - 1]!,
    count: to - from,
    min: finite === 0 ? NaN : min,
    max: finite === 0 ? NaN : max,
    avg: Number.isFinite(sum) ? sum / finite : meanOfShares(y, from, to, finite),
    first: y[from]!,
    last: y[to - 1]!,
  };
}

/** The mean when the sum of the values is beyond the largest number. */
function meanOfShares(y: Float64Array, from: number, to: number, finite: number): number {
  let mean = 0;
  for (let i = from; i < to; i++) if (Number.isFinite(y[i])) mean += y[i]! / finite;
  return mean;
}

/** Index of the first step that is `>= bound`. */
function firstAtLeast(step: Float64Array, bound: number): number {
  return partition(step, (s) => s < bound);
}

/** Index of the first step that is `> bound`. */
function firstAbove(step: Float64Array, bound: number): number {
  return partition(step, (s) => s <= bound);
}

function partition(step: Float64Array, isBefore: (step: number) => boolean): number {
  let low = 0, high = step.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(step[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
