/**
 * Query parameters. As in the seed a parameter without a value counts as absent, and of several
 * values the first one counts.
 *
 * @module
 */
import { quoted, UsageError } from "../lib/errors.ts";

/** Most buckets that one chart may ask for. */
export const MAX_POINT_COUNT = 100_000;

/** The first value of a text parameter; undefined when absent or empty. */
export function textParam(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** How an integer parameter is checked. */
export interface IntParamOptions {
  /** The contract's text for what is not an integer. */
  readonly message: string;
  readonly min?: number;
  readonly max?: number;
}

/**
 * An integer parameter; undefined when absent.
 *
 * @throws {UsageError} with `message` when it is no integer; naming the bound when it is outside
 */
export function intParam(
  query: URLSearchParams,
  name: string,
  options: IntParamOptions,
): number | undefined {
  const { message, min = -Infinity, max = Infinity } = options;
  const text = textParam(query, name)?.trim();
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new UsageError(message);
  if (value < min) throw new UsageError(`${name} must be at least ${min}, got ${quoted(value)}`);
  if (value > max) throw new UsageError(`${name} must be at most ${max}, got ${quoted(value)}`);
  return value + 0; // "-0" is 0
}
