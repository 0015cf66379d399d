/**
 * Rows as JSON text, as the contract has them: floats always with a point or an exponent, non-finite
 * numbers as strings, times as Python writes them.
 *
 * @module
 */
import { END_TIME_MS, isoUtc, MIN_TIME_MS } from "../../lib/iso_time.ts";
import type { PointColumns, StringRow } from "../../lib/store/run_reader.ts";
import type { Downsampled } from "./downsample.ts";

/** A float as JSON. */
export function floatJson(x: number): string { // hot: bench/reads.ts
  if (Number.isInteger(x)) return Math.abs(x) < 1e21 ? `${x}.0` : String(x);
  if (Number.isFinite(x)) return String(x);
  return x !== x ? '"NaN"' : x > 0 ? '"Infinity"' : '"-Infinity"';
}

/** Writes times; neighbouring rows mostly share their second. */
export class TimeWriter {
  #second = NaN;
  #head = "";

  /** A time as JSON: `"2026-11-20T17:43:18+00:00"`; `null` for what is no time of the years 1 to 9999. */
  json(tsMs: number): string { // hot: bench/reads.ts
    if (!(tsMs >= MIN_TIME_MS && tsMs < END_TIME_MS - 1000)) return "null";
    const second = Math.floor(tsMs / 1000);
    const micros = Math.round((tsMs - second * 1000) * 1000);
    if (micros >= 1_000_000) return `"${isoUtc((second + 1) * 1000)}"`;
    if (second !== this.#second) {
      this.#second = second;
      this.#head = `"${isoUtc(second * 1000).slice(0, 19)}`;
    }
    if (micros === 0) return `${this.#head}+00:00"`;
    return `${this.#head}.${String(micros).padStart(6, "0")}+00:00"`;
  }
}

/** Points of one series, separated by commas. */
export function metricRowsJson(path: string, points: PointColumns, times: TimeWriter): string {
  const head = `{"path":${JSON.stringify(path)},"step":`;
  const { step, y, tsMs } = points;
  const rows = new Array<string>(step.length);
  for (let i = 0; i < step.length; i++) { // hot: bench/reads.ts
    rows[i] = `${head}${floatJson(step[i]!)},"value":${floatJson(y[i]!)},"logged_at":${
      times.json(tsMs[i]!)
    }}`;
  }
  return rows.join(",");
}

/** Texts, separated by commas. */
export function stringRowsJson(rows: readonly StringRow[], times: TimeWriter): string {
  return rows.map((row) =>
    `{"path":${JSON.stringify(row.path)},"step":${floatJson(row.step)},` +
    `"value":${JSON.stringify(row.value)},"logged_at":${times.json(row.tsMs)}}`
  ).join(",");
}

/** The whole answer for a chart. */
export function downsampledJson(path: string, data: Downsampled): string {
  const head = `{"path":${JSON.stringify(path)},"step":`;
  const times = new TimeWriter();
  const points = Array.from(
    data.step,
    (step, i) =>
      `${head}${floatJson(step)},"value":${floatJson(data.value[i]!)},` +
      `"minY":${floatJson(data.minY[i]!)},"maxY":${floatJson(data.maxY[i]!)},` +
      `"downsampled":${data.isBucket[i] === 1},"logged_at":${times.json(data.tsMs[i]!)}}`,
  );
  const { first, last, total } = data.window;
  return `{"points":[${points.join(",")}],"firstPointIndex":${first},"lastPointIndex":${last},` +
    `"totalCount":${total},"downsampled":${data.downsampled}}`;
}
