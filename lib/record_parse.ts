/**
 * Lines of the record stream to records.
 *
 * @module
 */
import { encodeConfig, float } from "./config_value.ts";
import { messageOf, quoted, UsageError } from "./errors.ts";
import { parseJson } from "./json_parse.ts";
import { isPlainObject, MAX_DEPTH } from "./json_text.ts";
import {
  EXPECTED,
  EXTRA_FIELD,
  hasBody,
  isRecordType,
  readField,
  RECORD_FIELDS,
  type RecordType,
} from "./record_fields.ts";
import { configRecords, type ParsedLine, parseShortForm } from "./record_short.ts";
import type { RunRecord } from "./records.ts";

/**
 * Reads one line, in full form (an object with `t`) or in short form (without).
 *
 * Blank lines give nothing. Bare `NaN` and `Infinity`, as Python writes them, are understood. JSON
 * numbers are float64: whole ones beyond 2**53 lose digits, so write such a config with its `tag`
 * and its digits as a string. In full form a `null` counts as an absent field.
 *
 * @param line without or with its line end
 * @returns the records in order, and what of the line had to be left out
 * @throws {UsageError} saying what is wrong with the line; the caller adds the line number
 *
 * @example
 * ```ts
 * import { parseLine } from "./record_parse.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseLine('{"step": 3, "train": {"loss": 0.5}, "lr": null}'), {
 *   records: [{ t: "metric", path: "train/loss", value: 0.5, step: 3 }],
 *   problems: ['"lr": null is neither a number, a string, a boolean nor an object; left out'],
 * });
 * ```
 */
export function parseLine(line: string): ParsedLine {
  const text = line.trim(); // also takes off a byte order mark
  if (text === "") return { records: [], problems: [] };
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new UsageError(`not valid JSON (${messageOf(error)}), found ${quoted(text)}`);
  }
  if (!isPlainObject(value)) {
    throw new UsageError(`a line must hold a JSON object, found ${quoted(text)}`);
  }
  if (!fitsDepth(value, MAX_DEPTH + 2)) { // first, so that all that follows may recurse
    throw new UsageError(`a line must not be nested deeper than ${MAX_DEPTH} levels`);
  }
  if (!Object.hasOwn(value, "t")) return parseShortForm(value);
  const type = value["t"];
  if (isRecordType(type)) return parseFullForm(value, type);
  const known = Object.keys(RECORD_FIELDS).join(", ");
  throw new UsageError(`unknown record type ${quoted(type)}; known are ${known}`);
}

function parseFullForm(line: Readonly<Record<string, unknown>>, type: RecordType): ParsedLine {
  const declared: Record<string, unknown> = { t: type };
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(line)) {
    if (name === "t") continue;
    const field = RECORD_FIELDS[type].get(name);
    if (field === undefined) rest.push([name, value]);
    else if (value !== null || field.kind === "any") {
      declared[name] = readField(field.kind, value);
      if (declared[name] === undefined) {
        throw new UsageError(
          `${type} record: "${name}" must be ${EXPECTED[field.kind]}, got ${quoted(value)}`,
        );
      }
    }
  }
  for (const [name, field] of RECORD_FIELDS[type]) {
    if (field.required && declared[name] === undefined) {
      const must = `must be ${EXPECTED[field.kind]}`;
      throw new UsageError(`${type} record: "${name}" is missing; it ${must}`);
    }
  }
  return complete(declared, restFields(rest, type), type);
}

/** Unknown fields by name, those kept under `$extra` among them. */
function restFields(
  rest: readonly [string, unknown][],
  type: RecordType,
): Readonly<Record<string, unknown>> {
  const pairs: [string, unknown][] = [];
  for (const [name, value] of rest) {
    if (name !== EXTRA_FIELD || !isPlainObject(value)) pairs.push([name, value]);
    else for (const pair of Object.entries(value)) pairs.push(pair);
  }
  for (const [name, value] of pairs) {
    if (fitsDepth(value, MAX_DEPTH)) continue; // or formatRecord() would refuse it
    throw new UsageError(
      `${type} record: ${quoted(name)} is nested deeper than ${MAX_DEPTH} levels`,
    );
  }
  return Object.fromEntries(pairs.map(([name, value]) => [name, nonFiniteAsText(value)]));
}

/** JSON has no word for them: `1e999` and bare `Infinity` are kept as `"Infinity"`, like values. */
function nonFiniteAsText(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(nonFiniteAsText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, nonFiniteAsText(item)]),
  );
}

function complete(
  declared: Record<string, unknown>,
  rest: Readonly<Record<string, unknown>>,
  type: RecordType,
): ParsedLine {
  const problems: string[] = [];
  if (type === "run") declared["v"] = 1;
  if (hasBody(type)) declared["body"] = rest;
  else if (Object.keys(rest).length > 0) {
    if (type === "series") problems.push(`series record: unknown fields ${quoted(rest)} left out`);
    else declared["extra"] = rest;
  }
  // The table has checked every field, which is more than the compiler can see.
  const record = declared as unknown as RunRecord;
  if (record.t !== "config") return { records: [record], problems };
  const { path, tag, value } = declared as { path: string; tag?: string; value: unknown };
  if (tag !== undefined) {
    return { records: [{ ...record, value: textForTag(tag, value) }], problems };
  }
  const typed = configRecords({ [path]: value });
  return { records: typed.map((one) => ({ ...record, ...one })), problems };
}

/** The stored text of a config whose tag is given: a string as it stands, else a value that fits. */
function textForTag(tag: string, value: unknown): string {
  if (typeof value === "string") return value.toWellFormed();
  const isStrings = Array.isArray(value) && value.every((item) => typeof item === "string");
  const encoded = tag === "string_set" && isStrings
    ? encodeConfig(new Set(value))
    : tag === "float" && typeof value === "number"
    ? encodeConfig(float(value))
    : encodeConfig(value);
  if (encoded.tag === tag) return encoded.text;
  throw new UsageError(
    `config record: "value" must be the stored text of a ${quoted(tag)}, got ${quoted(value)}`,
  );
}

/** True when a JSON value has at most `levels` levels of arrays and objects. */
function fitsDepth(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => fitsDepth(item, levels - 1));
}
