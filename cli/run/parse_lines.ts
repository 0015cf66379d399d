/**
 * Patterns that find metrics in what a command prints. Pure.
 *
 * A pattern is a regular expression with named groups; unlike in plain ones a name may be a path,
 * `(?<train/loss>[\d.]+)`.
 *
 * @module
 */
import { messageOf, quoted, UsageError } from "../../lib/errors.ts";
import { normalizePath } from "../../lib/names.ts";

/** A group of this name gives the step of the others. */
const STEP = "step";

/** A pattern, ready for `new RegExp`. */
export interface LinePattern {
  /** As it was given. */
  readonly given: string;
  /** With names that a regular expression may have. */
  readonly source: string;
  /** Metric path of each group name in `source`. */
  readonly paths: Readonly<Record<string, string>>;
}

/** A metric that was found. */
export interface FoundMetric {
  readonly path: string;
  readonly value: number;
  readonly step: number | undefined;
}

/** Longest part of a line that is looked at, in UTF-16 units. */
export const MAX_PARSED_LENGTH = 4_096;

/** What a pattern is made of: the head of a named group, a reference to one, anything else. */
const TOKEN = /\(\?<(?![=!])([^>]*)>|\\k<([^>]*)>|\\[^]|[^]/y;
const CLASS_TOKEN = /\\[^]|[^]/y;

/** What a terminal takes as colours and cursor movements. */
const TERMINAL_CODES =
  // deno-lint-ignore no-control-regex -- escape sequences are what this looks for
  /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/**
 * Translates a pattern.
 *
 * @throws {UsageError} it is no regular expression, names nothing, or a name is no path
 */
export function linePattern(given: string): LinePattern {
  const paths: Record<string, string> = {};
  const groupOf = new Map<string, string>();
  let source = "", inClass = false;
  for (let at = 0; at < given.length;) {
    const token: RegExp = inClass ? CLASS_TOKEN : TOKEN;
    token.lastIndex = at;
    const match: RegExpExecArray | null = token.exec(given);
    const [text = given[at]!, opened, referred] = match ?? [];
    at += text.length;
    if (opened !== undefined) {
      const group = `g${Object.keys(paths).length}`;
      paths[group] = pathOf(opened, given);
      groupOf.set(opened, group);
      source += `(?<${group}>`;
    } else if (referred !== undefined) {
      source += `\\k<${groupOf.get(referred) ?? referred}>`;
    } else {
      inClass = inClass ? text !== "]" : text === "[";
      source += text;
    }
  }
  checkExpression(source, given);
  if (Object.values(paths).every((path) => path === STEP)) {
    throw new UsageError(
      `--parse ${quoted(given)} names no metric; name one as in 'loss=(?<train/loss>[\\d.]+)'`,
    );
  }
  return { given, source, paths };
}

/** The part of a printed line that patterns see: no terminal codes, bounded. */
export function parsedPart(line: string): string {
  const part = line.slice(0, 2 * MAX_PARSED_LENGTH);
  return part.replace(TERMINAL_CODES, "").slice(0, MAX_PARSED_LENGTH);
}

/**
 * Reads what the groups of one match hold.
 *
 * @returns the metrics; a group that took no part, or no number, gives none
 */
export function foundMetrics(
  pattern: LinePattern,
  groups: Readonly<Record<string, string | undefined>>,
): FoundMetric[] {
  let step: number | undefined;
  const values = new Map<string, number>();
  for (const [group, path] of Object.entries(pattern.paths)) {
    const value = printedNumber(groups[group]);
    if (value === undefined) continue;
    if (path !== STEP) values.set(path, value);
    else if (Number.isFinite(value)) step = value;
  }
  return [...values].map(([path, value]) => ({ path, value, step }));
}

/** A number as programs print it; undefined for anything else. */
export function printedNumber(text: string | undefined): number | undefined {
  const trimmed = (text ?? "").trim().replace(/[.,;%]+$/, "");
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(trimmed);
  if (special !== null) {
    if (special[2]!.toLowerCase() === "nan") return NaN;
    return special[1] === "-" ? -Infinity : Infinity;
  }
  if (!/^[+-]?(\d[\d_,]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  return Number(trimmed.replace(/[_,]/g, ""));
}

function pathOf(name: string, given: string): string {
  const path = normalizePath(name);
  if (path !== "" && path === path.trim()) return path;
  throw new UsageError(
    `--parse ${quoted(given)}: ${quoted(name)} is no name for a metric; name it as in ` +
      "'loss=(?<train/loss>[\\d.]+)'",
  );
}

function checkExpression(source: string, given: string): void {
  try {
    new RegExp(source);
  } catch (error) {
    throw new UsageError(
      `--parse ${quoted(given)} is not a regular expression: ${messageOf(error)}`,
    );
  }
}
