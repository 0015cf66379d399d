/**
 * Names that come from outside and become parts of file names or keys: checked here, once.
 * Everything that breaks a rule is refused; nothing is ever rewritten.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";

const MAX_RUN_ID_CHARS = 128;
const MAX_RUN_NAME_CHARS = 200;
const MAX_PROJECT_SEGMENTS = 8;
const MAX_SEGMENT_BYTES = 128;

const RUN_ID = /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/;

/** C0 and C1 controls, bidirectional controls, zero-width characters: the contract's list. */
// deno-lint-ignore no-control-regex -- control characters are what this looks for
const HIDDEN_IN_NAME = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

/** The same and more: a project becomes a folder name, so nothing invisible may tell two apart. */
const HIDDEN_IN_PROJECT =
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const FORBIDDEN_IN_PROJECT = /[\\:?#%*<>|"]/;
const EDGE_OF_SEGMENT = /^[\s.]|[\s.]$/;

const encoder = new TextEncoder();

/**
 * Checks a run id: letters, digits, `-` and `_`, first and last a letter or digit, at most 128.
 *
 * @param text the id as given
 * @returns the same text
 * @throws {UsageError} naming the rule that is broken
 */
export function validateRunId(text: string): string {
  const problem = runIdProblem(text);
  if (problem !== undefined) throw new UsageError(`run_id ${problem}`);
  return text;
}

/** True when {@linkcode validateRunId} would accept the text. */
export function isSafeRunId(text: string): boolean {
  return runIdProblem(text) === undefined;
}

/**
 * Checks a project name: 1 to 8 segments joined by `/`, each 1 to 128 bytes of UTF-8, without
 * control, bidirectional or zero-width characters, without any of `\ : ? # % * < > | "`, and
 * neither starting nor ending with a blank or a dot.
 *
 * @param text the project as given, e.g. `team/mnist`
 * @returns the same text
 * @throws {UsageError} naming the rule that is broken
 */
export function validateProject(text: string): string {
  const problem = projectProblem(text);
  if (problem !== undefined) throw new UsageError(`project ${problem}`);
  return text;
}

/** True when {@linkcode validateProject} would accept the text. */
export function isSafeProject(text: string): boolean {
  return projectProblem(text) === undefined;
}

/**
 * Checks a display name: at most 200 characters (code points), none of them invisible.
 *
 * @param text the name as given; may be empty (= no name)
 * @returns the same text
 * @throws {UsageError} naming the rule that is broken
 */
export function validateRunName(text: string): string {
  if (typeof text !== "string") {
    throw new UsageError(`name must be a string, got ${quoted(text)}`);
  }
  if (text.length > MAX_RUN_NAME_CHARS) {
    // The length in UTF-16 units is an upper bound, so count code points only when it matters.
    const chars = text.length > 2 * MAX_RUN_NAME_CHARS ? text.length : [...text].length;
    if (chars > MAX_RUN_NAME_CHARS) {
      throw new UsageError(`name must be at most ${MAX_RUN_NAME_CHARS} characters, got ${chars}`);
    }
  }
  if (HIDDEN_IN_NAME.test(text)) {
    throw new UsageError(
      `name must not contain control, bidirectional or zero-width characters, got ${quoted(text)}`,
    );
  }
  if (!text.isWellFormed()) {
    throw new UsageError(`name must be valid Unicode, got a lone surrogate in ${quoted(text)}`);
  }
  return text;
}

/**
 * Brings the path of a config or series to its stored form: leading and trailing `/` go, nothing
 * else changes (`a//b` and the empty path are legal).
 *
 * @param path e.g. `/train/loss/`
 * @returns e.g. `train/loss`
 */
export function normalizePath(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  return path.slice(start, end);
}

function runIdProblem(text: string): string | undefined {
  if (typeof text !== "string") return `must be a string, got ${quoted(text)}`;
  if (text.includes("/") || text.includes("\\")) {
    return `must not contain path separators, got ${quoted(text)}`;
  }
  if (text.length > MAX_RUN_ID_CHARS) {
    return `must be at most ${MAX_RUN_ID_CHARS} characters, got ${text.length}`;
  }
  if (RUN_ID.test(text)) return undefined;
  return "must contain only letters, digits, hyphens and underscores, and start and end with " +
    `a letter or digit, got ${quoted(text)}`;
}

function projectProblem(text: string): string | undefined {
  if (typeof text !== "string") return `must be a string, got ${quoted(text)}`;
  const segments = text.split("/", MAX_PROJECT_SEGMENTS + 1);
  if (segments.length > MAX_PROJECT_SEGMENTS) {
    return `must have at most ${MAX_PROJECT_SEGMENTS} segments, got ${quoted(text)}`;
  }
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return `${problem}, got ${quoted(text)}`;
  }
  return undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (segment === "") return "must not be empty or have an empty segment";
  if (HIDDEN_IN_PROJECT.test(segment)) {
    return "must not contain control, bidirectional or zero-width characters";
  }
  if (!segment.isWellFormed()) return "must be valid Unicode";
  if (FORBIDDEN_IN_PROJECT.test(segment)) {
    return 'must not contain any of \\ : ? # % * < > | "';
  }
  if (EDGE_OF_SEGMENT.test(segment)) {
    return "must not have a segment that starts or ends with a blank or a dot";
  }
  if (segment.length > MAX_SEGMENT_BYTES || encoder.encode(segment).length > MAX_SEGMENT_BYTES) {
    return `must have segments of at most ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}
