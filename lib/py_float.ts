/**
 * The text Python gives a float, which is what run files hold.
 *
 * @module
 */

/**
 * Exactly Python's `str(float)`: the shortest digits that read back, plain for
 * `1e-4 <= |x| < 1e16` (always with `.0` or a fraction), else with an exponent of at least two
 * digits; `inf`, `-inf`, `nan`.
 *
 * @example
 * ```ts
 * import { pyFloat } from "./py_float.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(pyFloat(3), "3.0");
 * assert.equal(pyFloat(0.00001), "1e-05");
 * ```
 */
export function pyFloat(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const sign = x < 0 ? "-" : "";
  // Without an argument: as many digits as it takes to read the same number back.
  const [mantissa = "", power = ""] = Math.abs(x).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  return sign + layOut(digits, Number(power));
}

/** `digits` with the point after the first one, times ten to the `exponent`. */
function layOut(digits: string, exponent: number): string {
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}
