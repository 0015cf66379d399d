/**
 * The one parser for the name of a run, as it comes from outside.
 *
 * @module
 */
import { validateProject, validateRunId } from "./names.ts";

/** A run: its project (`workspace/project` or any depth) and its id. */
export interface RunRef {
  readonly project: string;
  readonly runId: string;
}

/**
 * Checks both parts; refuses, never rewrites.
 *
 * @throws {UsageError} naming the part and the rule
 */
export function parseRunRef(project: string, runId: string): RunRef {
  return { project: validateProject(project), runId: validateRunId(runId) };
}

/**
 * Splits `PROJECT/RUN` at the last slash and checks both parts.
 *
 * @throws {UsageError} naming the part and the rule
 */
export function parseRunPath(text: string): RunRef {
  const slash = text.lastIndexOf("/");
  return parseRunRef(slash < 0 ? "default" : text.slice(0, slash), text.slice(slash + 1));
}
