/**
 * SQL and conversions for reading files that others wrote: text comes back whole, numbers of any
 * kind fit, and values of foreign types are passed over.
 *
 * @module
 */
import type { SqlValue } from "./driver.ts";

/** Longest path or key that is read, in characters; longer ones are passed over. */
export const MAX_PATH_CHARS = 65_536;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Selects a text column so that {@linkcode toText} gets it whole: some drivers cut texts at NUL, so
 * such texts (and whatever is not text) come as bytes.
 *
 * @param column name of a column, never from outside
 */
export function textColumn(column: string): string {
  return `CASE WHEN typeof(${column}) = 'text' AND instr(${column}, char(0)) = 0 ` +
    `THEN ${column} ELSE CAST(${column} AS BLOB) END`;
}

/** The text of a column selected by {@linkcode textColumn}; null for SQL NULL. */
export function toText(value: SqlValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

/** What to bind for `CAST(? AS TEXT)`: any text, also one with NUL. */
export function textParam(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A number of a column that was cast to REAL; NaN for SQL NULL. */
export function toNumber(value: SqlValue | undefined): number {
  return typeof value === "number" ? value : NaN;
}

/** A time in the seed's tables (seconds) as ms since 1970, exact to the microsecond. */
export function secondsToMs(seconds: number): number {
  return Math.round(seconds * 1e6) / 1000;
}

/** The smallest number above `x`. */
export function nextUp(x: number): number {
  if (x !== x || x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

/** The largest number below `x`. */
export function nextDown(x: number): number {
  return -nextUp(-x);
}

const bits = new DataView(new ArrayBuffer(8));

/** Columns that grow as rows come. */
export class ColumnBuilder {
  #step: Float64Array;
  #y: Float64Array;
  #tsMs: Float64Array;
  #length = 0;

  /** @param capacity rows that are expected */
  constructor(capacity: number = 1024) {
    this.#step = new Float64Array(capacity);
    this.#y = new Float64Array(capacity);
    this.#tsMs = new Float64Array(capacity);
  }

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /** Step of the last row; NaN when there is none. */
  get lastStep(): number {
    return this.#length === 0 ? NaN : this.#step[this.#length - 1]!;
  }

  /** Adds rows `[step, y, seconds]`; a NULL `y` stands for NaN. */
  addRows(rows: readonly SqlValue[][]): void { // hot: bench/reads.ts
    this.#reserve(this.#length + rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const at = this.#length++;
      this.#step[at] = row[0] as number;
      this.#y[at] = row[1] === null ? NaN : row[1] as number;
      this.#tsMs[at] = row[2] === null ? NaN : secondsToMs(row[2] as number);
    }
  }

  /** The columns; the builder must not be used afterwards. */
  finish(): { step: Float64Array; y: Float64Array; tsMs: Float64Array } {
    return {
      step: this.#step.subarray(0, this.#length),
      y: this.#y.subarray(0, this.#length),
      tsMs: this.#tsMs.subarray(0, this.#length),
    };
  }

  #reserve(rows: number): void {
    if (rows <= this.#step.length) return;
    const capacity = Math.max(rows, this.#step.length * 2);
    this.#step = grown(this.#step, capacity);
    this.#y = grown(this.#y, capacity);
    this.#tsMs = grown(this.#tsMs, capacity);
  }
}

function grown(column: Float64Array, capacity: number): Float64Array {
  const bigger = new Float64Array(capacity);
  bigger.set(column);
  return bigger;
}
