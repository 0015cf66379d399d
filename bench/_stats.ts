/**
 * Medians, percentiles, ratios, and numbers as the table shows them. Pure.
 *
 * @module
 */

/** What repetitions of one measurement gave. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

/** The middle value; the mean of the two middle ones where there is none. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The smallest value that at least `share` of the values do not exceed.
 *
 * @param sorted ascending, not empty
 * @param share between 0 and 1
 */
export function percentile(sorted: Float64Array, share: number): number {
  const place = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.max(0, Math.min(sorted.length - 1, place))]!;
}

/** Sums up repetitions. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), values };
}

/**
 * How many times better `ours` is than `theirs`: above 1 better, below 1 worse.
 *
 * @param better whether small or large numbers are the good ones
 */
export function betterBy(ours: number, theirs: number, better: "lower" | "higher"): number {
  return better === "lower" ? theirs / ours : ours / theirs;
}

/** Three significant digits, thousands apart: `0.123`, `12.3`, `1,230`. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
  if (size === 0) return "0";
  return value.toFixed(Math.min(6, 2 - Math.floor(Math.log10(size))));
}

/** `467 ×`, `1.25 ×`, `0.80 ×`: two or three digits, never more than the measurement has. */
export function showRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "–";
  return `${ratio >= 10 ? showNumber(Number(ratio.toPrecision(3))) : ratio.toFixed(2)} ×`;
}
