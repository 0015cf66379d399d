/**
 * The fields of each kind of record: one table for reading, writing and documenting them.
 * `docs/record-stream.schema.json` says the same for other languages; a test compares the two.
 *
 * @module
 */
import { END_TIME_MS, MIN_TIME_MS } from "./iso_time.ts";
import { isPlainObject } from "./json_text.ts";
import type { RunRecord } from "./records.ts";

/** The word in a record's field `t`. */
export type RecordType = RunRecord["t"];

/** What a field may hold. */
export type FieldKind =
  | "text"
  | "texts"
  | "textMap"
  | "integer"
  | "time"
  | "step"
  | "value"
  | "seriesKind"
  | "version"
  | "any";

/** One declared field. */
export interface Field {
  readonly kind: FieldKind;
  readonly required: boolean;
}

/**
 * Holds unknown fields whose names the kind declares itself; only there so that nothing an
 * importer brings along can be lost or mistaken.
 */
export const EXTRA_FIELD = "$extra";

/** Declared fields by kind, without `t`, in the order they are written. */
export const RECORD_FIELDS: Readonly<Record<RecordType, ReadonlyMap<string, Field>>> = {
  run: fields({
    v: "version",
    project: "text",
    run_id: "text",
    name: "text",
    kind: "text",
    created_ms: "time",
    tags: "texts",
    created_at: "text",
    modified_at: "text",
    closed_at: "text",
    meta: "textMap",
  }),
  config: fields({ path: "text!", tag: "text", value: "any!", ts: "time", updated_at: "text" }),
  series: fields({ kind: "seriesKind!", path: "text!", id: "integer" }),
  metric: fields({ path: "text!", step: "step", value: "value!", ts: "time" }),
  text: fields({ path: "text!", step: "step", value: "text!", ts: "time" }),
  log: fields({
    level: "text",
    message: "text!",
    stream: "text",
    writer: "text",
    seq: "integer",
    ts: "time",
  }),
  status: fields({ status: "text!", ts: "time", closed_at: "text" }),
  event: fields({ kind: "text!", ts: "time" }),
  span: fields({ ts: "time" }),
  artifact: fields({ ts: "time" }),
  media: fields({ ts: "time" }),
  tensor: fields({ ts: "time" }),
};

/** What each kind of field takes, for messages. */
export const EXPECTED: Readonly<Record<FieldKind, string>> = {
  text: "a string",
  texts: "an array of strings",
  textMap: "an object of strings",
  integer: "a whole number",
  time: "milliseconds since 1970, within the years 1 to 9999",
  step: 'a number, "Infinity" or "-Infinity"',
  value: 'a number, "NaN", "Infinity" or "-Infinity"',
  seriesKind: '"metric" or "string"',
  version: "1; a newer version needs a newer program",
  any: "a JSON value",
};

/** True for the words that `t` may hold. */
export function isRecordType(text: unknown): text is RecordType {
  return typeof text === "string" && Object.hasOwn(RECORD_FIELDS, text);
}

/** True for the kinds whose whole object is kept as their `body`. */
export function hasBody(type: RecordType): type is "span" | "artifact" | "media" | "tensor" {
  return type === "span" || type === "artifact" || type === "media" || type === "tensor";
}

/**
 * Reads the value of a declared field; lone surrogates in texts become U+FFFD.
 *
 * @returns the value as records hold it, or `undefined` when it does not fit
 */
export function readField(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case "text":
      return readText(value);
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string")
        ? value.map((item) => item.toWellFormed())
        : undefined;
    case "textMap":
      return isPlainObject(value) ? readTextMap(value) : undefined;
    case "integer":
      return Number.isSafeInteger(value) ? value : undefined;
    case "time":
      return typeof value === "number" && value >= MIN_TIME_MS && value < END_TIME_MS
        ? value
        : undefined;
    case "step": {
      const step = readNumber(value);
      return Number.isNaN(step) ? undefined : step;
    }
    case "value":
      return readNumber(value);
    case "seriesKind":
      return value === "metric" || value === "string" ? value : undefined;
    case "version":
      return value === 1 ? 1 : undefined;
    case "any":
      return value;
  }
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" ? value.toWellFormed() : undefined;
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return value === "NaN" || value === "Infinity" || value === "-Infinity"
    ? Number(value)
    : undefined;
}

function readTextMap(value: Record<string, unknown>): Record<string, string> | undefined {
  const pairs: [string, string][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "string") return undefined;
    pairs.push([key.toWellFormed(), item.toWellFormed()]);
  }
  return Object.fromEntries(pairs);
}

/** Builds a row of the table; a `!` marks a required field. */
function fields(spec: Record<string, FieldKind | `${FieldKind}!`>): ReadonlyMap<string, Field> {
  return new Map(
    Object.entries(spec).map(([name, kind]) => [name, {
      kind: kind.replace("!", "") as FieldKind,
      required: kind.endsWith("!"),
    }]),
  );
}
