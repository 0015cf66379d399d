/**
 * Where runs are kept: `<home>/projects/<project>/runs/<run_id>.sqlite`.
 *
 * @module
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { RunRef } from "../run_ref.ts";

/** Environment variables, as `process.env` gives them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Home folder: the argument, else `GOODSEED_HOME` (empty counts as unset), else `~/.goodseed`. */
export function resolveHome(env: Env, option?: string): string {
  const chosen = option || env.GOODSEED_HOME;
  if (!chosen) return join(homedir(), ".goodseed");
  return resolve(
    chosen === "~" || chosen.startsWith("~/") ? homedir() + chosen.slice(1) : chosen,
  );
}

/** Folder of all projects of a home. */
export function projectsDir(home: string): string {
  return join(home, "projects");
}

/** Folder that holds the run files of a project; the project has been validated. */
export function runsDir(projects: string, project: string): string {
  return join(projects, project, "runs");
}

/** Path of a run file below a projects folder; both parts of the reference have been validated. */
export function runFilePath(projects: string, ref: RunRef): string {
  return join(runsDir(projects, ref.project), `${ref.runId}.sqlite`);
}
