/**
 * Config values: JavaScript values to and from the `(type tag, text)` pairs that run files hold.
 *
 * @module
 */
import { asciiJson, compareCodePoints } from "./code_points.ts";
import { UsageError } from "./errors.ts";
import { FloatValue } from "./float_value.ts";
import { isoUtc, parseIso } from "./iso_time.ts";
import { isPlainObject, isTypedArray, jsonNumber, jsonText } from "./json_text.ts";
import { pyFloat } from "./py_float.ts";
import type { TypeTag } from "./records.ts";

export { float, FloatValue } from "./float_value.ts";

/** A config value as it is read back. */
export type ConfigValue = null | boolean | number | bigint | string | Date | Set<string>;

/** A config value as it is stored. */
export interface EncodedConfig {
  readonly tag: TypeTag;
  readonly text: string;
}

/** Python's own bound on reading an int; longer ones come back as text, here as there unread. */
const MAX_INT_DIGITS = 4300;
const INT = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/;
const FLOAT = /^\s*[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?\s*$/;
const NON_FINITE = /^\s*([+-]?)(?:(inf(?:inity)?)|nan)\s*$/i;

/**
 * Gives a value its type tag and text, in this order: `null` and `undefined`; booleans; floats
 * marked by `float()`; bigints and whole numbers up to 2**53 as `int` (-0 as `0`); other numbers as
 * `float`; strings (lone surrogates become U+FFFD); Dates as `datetime` in UTC; Sets as
 * `string_set`; everything else as `str`: arrays, objects and Maps as JSON, the rest as its
 * `String()`.
 *
 * @throws {UsageError} for an invalid Date, and for a value that contains itself or is too deep
 *
 * @example
 * ```ts
 * import { encodeConfig } from "./config_value.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(encodeConfig(1e-5), { tag: "float", text: "1e-05" });
 * assert.deepEqual(encodeConfig(new Set(["b", "a"])), { tag: "string_set", text: '["a", "b"]' });
 * assert.deepEqual(encodeConfig([1, 2]), { tag: "str", text: "[1, 2]" });
 * ```
 */
export function encodeConfig(value: unknown): EncodedConfig {
  if (value === null || value === undefined) return { tag: "null", text: "" };
  switch (typeof value) {
    case "boolean":
      return { tag: "bool", text: String(value) };
    case "bigint":
      return { tag: "int", text: String(value) };
    case "number":
      return Number.isInteger(value) && Math.abs(value) <= 2 ** 53
        ? { tag: "int", text: String(value) }
        : { tag: "float", text: pyFloat(value) };
    case "string":
      return { tag: "str", text: value.toWellFormed() };
    case "object":
      break;
    default: // function, symbol
      return { tag: "str", text: String(value).toWellFormed() };
  }
  if (value instanceof FloatValue) return { tag: "float", text: pyFloat(value.value) };
  if (value instanceof Date) return { tag: "datetime", text: dateText(value) };
  if (value instanceof Set) {
    return { tag: "string_set", text: stringSetText([...value].map(itemText)) };
  }
  return { tag: "str", text: objectText(value).toWellFormed() };
}

/**
 * Reads a stored config. Ints beyond 2**53 come as bigint; a `datetime` without an offset is taken
 * as UTC and one with microseconds is cut to milliseconds (the stored text keeps both). Unknown
 * tags, and texts that do not fit their tag, come back as the text: one odd value never makes a
 * run unreadable.
 *
 * @param tag the stored type tag
 * @param text the stored text; SQL NULL reads as `null`
 */
export function decodeConfig(tag: string, text: string | null): ConfigValue {
  if (text === null) return null;
  switch (tag) {
    case "null":
      return null;
    case "bool":
      return text.toLowerCase() === "true";
    case "int":
      return readInt(text) ?? text;
    case "float":
      return readFloat(text) ?? text;
    case "datetime": {
      const ms = parseIso(text);
      return ms === undefined ? text : new Date(Math.floor(ms));
    }
    case "string_set": {
      const items = readStringSet(text);
      return items === undefined ? text : new Set(items);
    }
    default:
      return text;
  }
}

/**
 * The JSON text that the local server answers with for a stored config: ints of any size as
 * digits, floats as Python writes them, non-finite ones as `"NaN"`, `"Infinity"`, `"-Infinity"`,
 * `string_set` as a sorted array, `datetime` as its text. ASCII only, as Python's `json.dumps`.
 *
 * @param tag the stored type tag
 * @param text the stored text; SQL NULL gives `null`
 */
export function configJson(tag: string, text: string | null): string {
  if (text === null) return "null";
  switch (tag) {
    case "null":
      return "null";
    case "bool":
      return String(text.toLowerCase() === "true");
    case "int":
      return intDigits(text) ?? asciiJson(text);
    case "float": {
      const value = readFloat(text);
      if (value === undefined) return asciiJson(text);
      return Number.isFinite(value) ? pyFloat(value) : jsonNumber(value);
    }
    case "string_set": {
      const items = readStringSet(text);
      return items === undefined ? asciiJson(text) : stringSetText(items);
    }
    default:
      return asciiJson(text);
  }
}

/**
 * The stored text of a string set: a JSON array in ASCII, without repetitions, sorted by code
 * point, separated by `", "`.
 */
export function stringSetText(items: Iterable<string>): string {
  const unique = new Set<string>();
  for (const item of items) unique.add(item.toWellFormed());
  return `[${[...unique].sort(compareCodePoints).map(asciiJson).join(", ")}]`;
}

function dateText(date: Date): string {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new UsageError("config value is an invalid Date; give a valid one");
  return isoUtc(ms);
}

/** The text Python's `str()` gives an item of a set, where it has such a value. */
function itemText(item: unknown): string {
  if (typeof item === "boolean") return item ? "True" : "False";
  if (item === null || item === undefined) return "None";
  return encodeConfig(item).text;
}

function objectText(value: object): string {
  if (Array.isArray(value) || isPlainObject(value) || value instanceof Map) return json(value);
  if (isTypedArray(value)) return json(value);
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON("");
    return typeof plain === "string" ? plain : json(plain);
  }
  const text = String(value);
  if (!text.startsWith("[object ")) return text;
  const fields = json(value);
  return fields === "{}" ? text : fields;
}

function json(value: unknown): string {
  return jsonText(value, { what: "config value", python: true });
}

function readInt(text: string): number | bigint | undefined {
  if (text.length > MAX_INT_DIGITS) return undefined;
  const digits = intDigits(text);
  if (digits === undefined) return undefined;
  const value = Number(digits);
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : BigInt(digits);
}

/** The digits of an int as Python reads it: blanks, sign `+`, `_` and leading zeros taken off. */
function intDigits(text: string): string | undefined {
  const match = INT.exec(text);
  if (match === null) return undefined;
  const digits = (match[2] ?? "").replaceAll("_", "").replace(/^0+(?=\d)/, "");
  return match[1] === "-" && digits !== "0" ? `-${digits}` : digits;
}

function readFloat(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text.replaceAll("_", ""));
  const match = NON_FINITE.exec(text);
  if (match === null) return undefined;
  if (match[2] === undefined) return NaN;
  return match[1] === "-" ? -Infinity : Infinity;
}

function readStringSet(text: string): string[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch { // not JSON: the caller shows the text as it is
    return undefined;
  }
  return Array.isArray(items) ? items.map((item) => itemText(item)) : undefined;
}
