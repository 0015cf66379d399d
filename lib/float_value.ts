/**
 * The mark that keeps a whole number a float.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";

/** A number that is to be stored as a float even when it is whole; made by {@linkcode float}. */
export class FloatValue {
  /** The number itself. */
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** The number, so that the mark can be used in arithmetic. */
  valueOf(): number {
    return this.value;
  }

  /** The number, so that `JSON.stringify` sees no object. */
  toJSON(): number {
    return this.value;
  }
}

/**
 * Marks a number as a float config: `3` is stored as the int `3`, `float(3)` as the float `3.0`.
 *
 * @throws {UsageError} when the argument is not a number
 *
 * @example
 * ```ts
 * import { encodeConfig } from "./config_value.ts";
 * import { float } from "./float_value.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(encodeConfig(3), { tag: "int", text: "3" });
 * assert.deepEqual(encodeConfig(float(3)), { tag: "float", text: "3.0" });
 * ```
 */
export function float(value: number): FloatValue {
  if (typeof value !== "number") {
    throw new UsageError(`float() takes a number, got ${quoted(value)}`);
  }
  return new FloatValue(value);
}
