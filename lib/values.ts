/**
 * Steps and values of points, as callers give them. Pure.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";
import { normalizePath } from "./names.ts";

/** Where on the step axis values are put. */
export interface StepOptions {
  /** Any finite number, in any order. Without it each series goes on by itself: 0, 1, 2, … */
  readonly step?: number | bigint | null;
}

/** Stands for "the series' next step". */
export const AUTO_STEP = NaN;

/**
 * The step of a call.
 *
 * @throws {UsageError} it is not a finite number
 */
export function stepOf(options: StepOptions | undefined): number {
  const step = options?.step;
  if (step === undefined || step === null) return AUTO_STEP;
  if (typeof step === "number" && step - step === 0) return step;
  if (typeof step === "bigint") return Number(step);
  throw new UsageError(`step is ${quoted(step)} (${String(step)}); use a finite number`);
}

/**
 * A metric's value as a number: numbers, bigints, booleans, and texts that are numbers.
 *
 * @throws {UsageError} naming path and value
 */
export function toNumber(path: string, value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  if (typeof value === "string" && value.trim() !== "") {
    const number = parseNumber(value.trim());
    if (number !== undefined) return number;
  }
  if (typeof value === "object" && value !== null) {
    const primitive: unknown = value.valueOf();
    if (typeof primitive === "number") return primitive;
  }
  throw new UsageError(
    `logging metric ${quoted(path)}: ${quoted(value)} is not a number; log texts with logStrings`,
  );
}

function parseNumber(text: string): number | undefined {
  switch (text.toLowerCase().replace(/^[+-]/, "")) {
    case "nan":
      return NaN;
    case "inf":
    case "infinity":
      return text.startsWith("-") ? -Infinity : Infinity;
  }
  const number = Number(text);
  return number === number && !/^[+-]?0[xob]/i.test(text) ? number : undefined;
}

/** The values of one call as numbers; see {@linkcode toNumber}. */
export function toNumbers(data: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers: Record<string, number> = Object.create(null);
  for (const path of Object.keys(data)) numbers[path] = toNumber(path, data[path]);
  return numbers;
}

/**
 * A path without slashes at its ends.
 *
 * @throws {UsageError} it is not a string
 */
export function checkPath(path: string): string {
  if (typeof path !== "string") throw new UsageError(`path is ${quoted(path)}; use a string`);
  return normalizePath(path);
}
