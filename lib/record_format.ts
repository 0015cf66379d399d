/**
 * Records to lines of the record stream.
 *
 * @module
 */
import { jsonNumber, jsonString, jsonText } from "./json_text.ts";
import { EXTRA_FIELD, hasBody, RECORD_FIELDS, type RecordType } from "./record_fields.ts";
import type { RunRecord } from "./records.ts";

/**
 * Writes a record as one line of JSON, without the newline.
 *
 * `parseLine` reads the same record back, with these exceptions: lone surrogates become U+FFFD
 * everywhere, and inside `extra` and `body` non-finite numbers become the strings `"NaN"`,
 * `"Infinity"`, `"-Infinity"` and bigints numbers; an empty `extra` is left out.
 *
 * @throws {UsageError} when `extra` or `body` contains itself or is nested deeper than 64 levels
 *
 * @example
 * ```ts
 * import { formatRecord } from "./record_format.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   formatRecord({ t: "metric", path: "loss", step: 1, value: NaN }),
 *   '{"t":"metric","path":"loss","step":1,"value":"NaN"}',
 * );
 * ```
 */
export function formatRecord(record: RunRecord): string {
  const parts = [`{"t":${jsonString(record.t)}`];
  const values: Readonly<Record<string, unknown>> = { ...record };
  for (const name of RECORD_FIELDS[record.t].keys()) {
    const value = values[name];
    if (value !== undefined) parts.push(`"${name}":${valueText(value, record.t)}`);
  }
  const rest = values[hasBody(record.t) ? "body" : "extra"];
  if (typeof rest === "object" && rest !== null) addRest(parts, rest, record.t);
  return parts.join(",") + "}";
}

/** Unknown fields stand beside the declared ones, except those whose names are taken. */
function addRest(parts: string[], rest: object, type: RecordType): void {
  const clashing: string[] = [];
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    const isTaken = name === "t" || name === EXTRA_FIELD || RECORD_FIELDS[type].has(name);
    (isTaken ? clashing : parts).push(`${jsonString(name)}:${valueText(value, type)}`);
  }
  if (clashing.length > 0) parts.push(`"${EXTRA_FIELD}":{${clashing.join(",")}}`);
}

function valueText(value: unknown, type: RecordType): string {
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") return jsonNumber(value);
  return jsonText(value, { what: `${type} record` });
}
