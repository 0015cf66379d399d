/**
 * JSON text for values `JSON.stringify` refuses or changes: bigints, non-finite numbers, -0, Maps,
 * Sets, typed arrays; with a bound on depth and a clear error for a cycle.
 *
 * @module
 */
import { UsageError } from "./errors.ts";
import { FloatValue } from "./float_value.ts";
import { pyFloat } from "./py_float.ts";

/** Levels of arrays and objects that values from outside may have. */
export const MAX_DEPTH = 64;

/** How {@linkcode jsonText} writes. */
export interface JsonTextOptions {
  /** What the value is, for error messages; default `value`. */
  readonly what?: string;
  /** Write as Python does: `", "`, `": "`, floats as `str(float)`; default compact. */
  readonly python?: boolean;
}

interface Writer {
  readonly what: string;
  readonly python: boolean;
  readonly open: Set<object>;
}

/**
 * Writes any value as JSON. Non-finite numbers become `"NaN"`, `"Infinity"`, `"-Infinity"`, bigints
 * plain digits, Maps objects, Sets and typed arrays arrays, lone surrogates U+FFFD; functions,
 * symbols and `undefined` are left out of objects and are `null` elsewhere.
 *
 * @throws {UsageError} for a value that contains itself or is deeper than 64 levels
 */
export function jsonText(value: unknown, options: JsonTextOptions = {}): string {
  const writer = {
    what: options.what ?? "value",
    python: options.python ?? false,
    open: new Set<object>(),
  };
  return write(value, writer) ?? "null";
}

/** True for `{…}`, objects without a prototype, and such objects of other realms. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || Object.getPrototypeOf(proto) === null;
}

/** True for `Float32Array` and its kin. */
export function isTypedArray(value: unknown): value is Iterable<number | bigint> & ArrayBufferView {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A number as JSON; what JSON cannot hold becomes a string. */
export function jsonNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"';
}

/** A string as JSON; lone surrogates become U+FFFD. */
export function jsonString(value: string): string {
  return JSON.stringify(value.toWellFormed());
}

function write(value: unknown, writer: Writer): string | undefined {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "number":
      return writer.python ? pythonNumber(value) : jsonNumber(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : writeObject(value, writer);
    default:
      return undefined;
  }
}

function pythonNumber(value: number): string {
  const isInt = Number.isInteger(value) && Math.abs(value) <= 2 ** 53;
  return !Number.isFinite(value) ? jsonNumber(value) : isInt ? String(value) : pyFloat(value);
}

function writeObject(value: object, writer: Writer): string | undefined {
  if (value instanceof FloatValue) {
    return writer.python && Number.isFinite(value.value)
      ? pyFloat(value.value)
      : jsonNumber(value.value);
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return write(value.valueOf(), writer);
  }
  if (writer.open.has(value)) {
    throw new UsageError(`${writer.what} contains itself; give a value without cycles`);
  }
  if (writer.open.size >= MAX_DEPTH) {
    throw new UsageError(`${writer.what} is nested deeper than ${MAX_DEPTH} levels; flatten it`);
  }
  writer.open.add(value);
  const text = writeOpened(value, writer);
  writer.open.delete(value);
  return text;
}

function writeOpened(value: object, writer: Writer): string | undefined {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return write(value.toJSON(""), writer);
  }
  if (Array.isArray(value) || value instanceof Set) return writeArray(value, writer);
  if (value instanceof Map) return writeEntries(value, writer);
  if (isTypedArray(value)) return writeArray(value, writer);
  return writeEntries(Object.entries(value), writer);
}

function writeArray(items: Iterable<unknown>, writer: Writer): string {
  const texts: string[] = [];
  for (const item of items) texts.push(write(item, writer) ?? "null");
  return `[${texts.join(writer.python ? ", " : ",")}]`;
}

function writeEntries(entries: Iterable<[unknown, unknown]>, writer: Writer): string {
  const colon = writer.python ? ": " : ":";
  const texts: string[] = [];
  for (const [key, item] of entries) {
    const text = write(item, writer);
    if (text !== undefined) texts.push(jsonString(String(key)) + colon + text);
  }
  return `{${texts.join(writer.python ? ", " : ",")}}`;
}
