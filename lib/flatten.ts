/**
 * Nested configs to paths.
 *
 * @module
 */
import { encodeConfig } from "./config_value.ts";
import { quoted, UsageError } from "./errors.ts";
import { isPlainObject, MAX_DEPTH } from "./json_text.ts";
import { normalizePath } from "./names.ts";

interface Walk {
  readonly pairs: [string, unknown][];
  readonly open: Set<object>;
}

/**
 * Turns nested configs into `[path, value]` pairs, in order.
 *
 * Plain objects and Maps join with `/`. An array inside one becomes `key/0`, `key/1`, …; an object
 * in an array goes on likewise, an array in an array becomes its JSON text. A Set stays a string
 * set at any depth. Empty objects and arrays vanish. An array that is itself a top-level value
 * stays one value, as do Dates, `float()` marks, typed arrays and instances of classes.
 *
 * @param data configs by path or part of a path
 * @param prefix path in front of all of them, default none
 * @returns pairs whose paths have no leading or trailing `/`
 * @throws {UsageError} for a value that contains itself or is nested deeper than 64 levels, naming
 * its path
 *
 * @example
 * ```ts
 * import { flattenConfigs } from "./flatten.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(flattenConfigs({ opt: { lr: 0.1, betas: [0.9, 0.99] }, dims: [1, 2] }), [
 *   ["opt/lr", 0.1],
 *   ["opt/betas/0", 0.9],
 *   ["opt/betas/1", 0.99],
 *   ["dims", [1, 2]],
 * ]);
 * ```
 */
export function flattenConfigs(
  data: Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>,
  prefix: string = "",
): [path: string, value: unknown][] {
  const walk: Walk = { pairs: [], open: new Set([data]) };
  const base = normalizePath(prefix);
  for (const [key, value] of entriesOf(data)) {
    const path = join(base, key);
    if (isBranch(value)) enter(path, value, walk);
    else walk.pairs.push([normalizePath(path), value]);
  }
  return walk.pairs;
}

/** Anything with names below it. */
function isBranch(value: unknown): value is Record<string, unknown> | Map<unknown, unknown> {
  return value instanceof Map || isPlainObject(value);
}

function enter(path: string, value: object, walk: Walk): void {
  if (walk.open.has(value)) {
    throw new UsageError(`config ${quoted(path)} contains itself; give a value without cycles`);
  }
  if (walk.open.size >= MAX_DEPTH) {
    throw new UsageError(`config ${quoted(path)} is nested deeper than ${MAX_DEPTH} levels`);
  }
  walk.open.add(value);
  const inArray = Array.isArray(value);
  for (const [key, item] of entriesOf(value)) {
    const itemPath = `${path}/${key}`;
    if (isBranch(item) || (Array.isArray(item) && !inArray)) enter(itemPath, item, walk);
    else if (!Array.isArray(item)) walk.pairs.push([normalizePath(itemPath), item]);
    else walk.pairs.push([normalizePath(itemPath), innerArrayText(itemPath, item)]);
  }
  walk.open.delete(value);
}

/** An array in an array: its JSON text, as {@linkcode encodeConfig} writes it. */
function innerArrayText(path: string, items: readonly unknown[]): string {
  try {
    return encodeConfig(items).text;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`config ${quoted(path)}: ${error.message}`, { cause: error });
  }
}

/** Own entries in order; holes of an array are `undefined`. */
function* entriesOf(value: object): Iterable<[string, unknown]> {
  const entries: Iterable<[unknown, unknown]> = value instanceof Map || Array.isArray(value)
    ? value.entries()
    : Object.entries(value);
  for (const [key, item] of entries) yield [String(key), item];
}

function join(prefix: string, key: string): string {
  return prefix === "" ? key : `${prefix}/${key}`;
}
