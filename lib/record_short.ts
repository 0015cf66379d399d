/**
 * The short form of the record stream: an object without `t`, for any script in any language.
 *
 * @module
 */
import { encodeConfig } from "./config_value.ts";
import { quoted, UsageError } from "./errors.ts";
import { flattenConfigs } from "./flatten.ts";
import { isPlainObject } from "./json_text.ts";
import { normalizePath } from "./names.ts";
import { EXPECTED, type FieldKind, readField } from "./record_fields.ts";
import type { ConfigRecord, RunRecord } from "./records.ts";

const MAX_PROBLEMS = 20;

/** What a line gives: its records, and what of it could not be taken. */
export interface ParsedLine {
  readonly records: RunRecord[];
  /** One sentence each; at most 21. */
  readonly problems: string[];
}

/** What all records of one line share. */
interface Shared {
  readonly step?: number;
  readonly ts?: number;
}

/**
 * Reads a line without `t`: `step` and `ts` are taken as such, `config` sets configs, numbers
 * become metrics, strings texts, booleans the metrics 0 and 1; nested objects join with `/`;
 * everything else is reported and left out.
 *
 * @param line a JSON object of bounded depth
 *
 * @throws {UsageError} when `step` or `ts` is not what it must be, or a config is nested too deep
 */
export function parseShortForm(line: Readonly<Record<string, unknown>>): ParsedLine {
  const step = sharedField(line, "step", "step");
  const ts = sharedField(line, "ts", "time");
  const shared: Shared = {
    ...(step === undefined ? {} : { step }),
    ...(ts === undefined ? {} : { ts }),
  };
  const out: ParsedLine = { records: [], problems: [] };
  for (const [key, value] of Object.entries(line)) {
    if (key === "step" || key === "ts") continue;
    if (key !== "config") visit(key, value, shared, out);
    else if (isPlainObject(value)) {
      for (const record of configRecords(value, ts)) out.records.push(record);
    } else report(out, `"config" must be an object of configs, got ${quoted(value)}; left out`);
  }
  return out;
}

/**
 * Config records for values typed by what they are, nested ones flattened.
 *
 * @param ts milliseconds since 1970, default none
 * @throws {UsageError} for values nested deeper than 64 levels
 */
export function configRecords(
  values: Readonly<Record<string, unknown>>,
  ts?: number,
): ConfigRecord[] {
  return flattenConfigs(values).map(([path, value]) => {
    const { tag, text } = encodeConfig(value);
    const record = { t: "config" as const, path: path.toWellFormed(), tag, value: text };
    return ts === undefined ? record : { ...record, ts };
  });
}

function sharedField(
  line: Readonly<Record<string, unknown>>,
  name: "step" | "ts",
  kind: FieldKind,
): number | undefined {
  const given = Object.hasOwn(line, name) ? line[name] : undefined;
  if (given === undefined || given === null) return undefined;
  const value = readField(kind, given);
  if (typeof value === "number") return value;
  throw new UsageError(`"${name}" must be ${EXPECTED[kind]}, got ${quoted(given)}`);
}

function visit(path: string, value: unknown, shared: Shared, out: ParsedLine): void {
  const at = (): string => normalizePath(path).toWellFormed();
  if (typeof value === "number" || typeof value === "boolean") {
    out.records.push({ t: "metric", path: at(), value: Number(value), ...shared });
  } else if (typeof value === "string") {
    out.records.push({ t: "text", path: at(), value: value.toWellFormed(), ...shared });
  } else if (!isPlainObject(value)) {
    const what = `${quoted(value)} is neither a number, a string, a boolean nor an object`;
    report(out, `${quoted(path)}: ${what}; left out`);
  } else {
    for (const [key, item] of Object.entries(value)) visit(`${path}/${key}`, item, shared, out);
  }
}

function report(out: ParsedLine, problem: string): void {
  if (out.problems.length < MAX_PROBLEMS) out.problems.push(problem);
  else if (out.problems.length === MAX_PROBLEMS) out.problems.push("and more of the kind");
}
