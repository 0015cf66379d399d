/**
 * The path of a request, decoded exactly once and before anything is matched, and the names of
 * runs in it. Nothing here touches a file: what comes out has passed `parseRunRef`.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import { parseRunRef, type RunRef } from "../lib/run_ref.ts";

/**
 * The percent-decoded path of a URL; `..` is not resolved, backslashes are not turned.
 *
 * @throws {UsageError} an escape is cut off or not UTF-8
 */
export function decodePath(url: string): string {
  const raw = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] || "/";
  try {
    return decodeURIComponent(raw);
  } catch (error) {
    throw new UsageError(
      "reading the path of the request: malformed percent-encoding; encode each part as UTF-8",
      { cause: error },
    );
  }
}

/** The query of a URL. */
export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? "");
}

/** Where the paths of runs begin. */
export const RUNS_PREFIX = "/api/runs/";

/** What can be read of a run by name; `run` is the run itself. */
export type RunPart = "run" | "configs" | "metric-paths" | "metrics" | "string_series";

/** What can be done to a run. */
export type RunAction = "trash" | "restore";

const PARTS: ReadonlySet<string> = new Set(["configs", "metric-paths", "metrics", "string_series"]);

/**
 * Takes `/api/runs/PROJECT/RUN[/PART]` apart: the run id is the last segment before the part, the
 * project everything before it.
 *
 * @returns undefined when the path is too short to name a run
 * @throws {UsageError} the project or the id breaks a rule
 */
export function parseRunPart(path: string): { ref: RunRef; part: RunPart } | undefined {
  const segments = segmentsOf(path), last = segments.at(-1) ?? "";
  const hasPart = segments.length > 2 && PARTS.has(last);
  const ref = refOf(hasPart ? segments.slice(0, -1) : segments);
  return ref && { ref, part: hasPart ? last as RunPart : "run" };
}

/**
 * Takes `/api/runs/PROJECT/RUN/trash[/restore]` apart.
 *
 * @returns undefined when the path is no such action
 * @throws {UsageError} the project or the id breaks a rule
 */
export function parseRunAction(path: string): { ref: RunRef; action: RunAction } | undefined {
  const segments = segmentsOf(path);
  const restore = segments.at(-1) === "restore" && segments.at(-2) === "trash";
  if (!restore && segments.at(-1) !== "trash") return undefined;
  const ref = refOf(segments.slice(0, restore ? -2 : -1));
  return ref && { ref, action: restore ? "restore" : "trash" };
}

function segmentsOf(path: string): string[] {
  return path.slice(RUNS_PREFIX.length).split("/");
}

function refOf(segments: readonly string[]): RunRef | undefined {
  const runId = segments.at(-1);
  if (segments.length < 2 || runId === undefined) return undefined;
  return parseRunRef(segments.slice(0, -1).join("/"), runId);
}
