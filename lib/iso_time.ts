/**
 * Times as Python's `datetime.isoformat()` writes them in UTC, the form run files hold.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";

/** First moment that has a four-digit year (0001-01-01), milliseconds since 1970. */
export const MIN_TIME_MS = -62_135_596_800_000;
/** First moment that no longer has a four-digit year (10000-01-01), milliseconds since 1970. */
export const END_TIME_MS = 253_402_300_800_000;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?([Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?)?$/;

/**
 * Writes a time as Python does: `2026-11-20T17:42:12.800329+00:00`; the fraction is absent when it
 * is zero, the offset is always `+00:00`.
 *
 * A fraction of `ms` counts as microseconds, rounded. Up to the year 2100 a float64 holds them
 * exactly; beyond, give whole milliseconds and `micros`.
 *
 * @param ms milliseconds since 1970, within the years 1 to 9999
 * @param micros microseconds to add, default 0
 * @throws {UsageError} not a time of the years 1 to 9999
 *
 * @example
 * ```ts
 * import { isoUtc } from "./iso_time.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isoUtc(1795196532800.329), "2026-11-20T17:42:12.800329+00:00");
 * assert.equal(isoUtc(0), "1970-01-01T00:00:00+00:00");
 * ```
 */
export function isoUtc(ms: number, micros: number = 0): string {
  const whole = Math.floor(ms);
  const parts = Math.round((ms - whole) * 1000 + micros);
  const carriedMs = Math.floor(parts / 1000);
  const totalMs = whole + carriedMs;
  if (!(totalMs >= MIN_TIME_MS && totalMs < END_TIME_MS)) {
    throw new UsageError(
      `time ${quoted(String(ms))} is not in the years 1 to 9999; give milliseconds since 1970`,
    );
  }
  const seconds = Math.floor(totalMs / 1000);
  const fraction = (totalMs - seconds * 1000) * 1000 + (parts - carriedMs * 1000);
  const head = new Date(seconds * 1000).toISOString().slice(0, 19);
  return fraction === 0 ? `${head}+00:00` : `${head}.${String(fraction).padStart(6, "0")}+00:00`;
}

/**
 * Reads an ISO 8601 time: with `Z`, an offset or none (then it is taken as UTC), with or without
 * seconds and fraction, or a date alone.
 *
 * @param text e.g. `2026-11-20T17:42:12.800329+00:00`
 * @returns milliseconds since 1970 (microseconds as the fraction), or `undefined` when it is no time
 */
export function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const dayMs = utcDay(Number(year), Number(month), Number(day));
  const clockMs = clock(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  const offsetMs = parseOffset(offset);
  if (dayMs === undefined || clockMs === undefined || offsetMs === undefined) return undefined;
  const wholeMs = dayMs + clockMs - offsetMs;
  // Microseconds as Python reads them: further digits are cut off.
  const micros = fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, "0"));
  const total = wholeMs * 1000 + micros;
  // One rounding where whole microseconds fit a float64 (years 1685 to 2255).
  return Number.isSafeInteger(total) ? total / 1000 : wholeMs + micros / 1000;
}

/** Midnight of a day in the proleptic Gregorian calendar. */
function utcDay(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // unlike Date.UTC, takes years below 100 as they are
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same && year > 0 ? date.getTime() : undefined;
}

function clock(hour: number, minute: number, second: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

function parseOffset(offset: string | undefined): number | undefined {
  if (offset === undefined || offset === "Z" || offset === "z") return 0;
  const digits = offset.slice(1).replaceAll(":", "");
  const size = clock(
    Number(digits.slice(0, 2)),
    Number(digits.slice(2, 4)),
    Number(digits.slice(4, 6)),
  );
  if (size === undefined) return undefined;
  return offset[0] === "-" ? -size : size;
}
