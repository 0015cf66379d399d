/**
 * Runs that say `running` though their writer is gone, and files that cannot be read.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { existsSync } from "node:fs";
import { readLease } from "../../lib/lease.ts";
import { livenessOf } from "../../lib/liveness.ts";
import { projectsDir } from "../../lib/store/home.ts";
import { findRunsFolders, runIds, runPath } from "../../server/reads/run_paths.ts";
import { runLine } from "../run_line.ts";
import { type Check, type DoctorContext, type Finding, ok, problem, warning } from "./check.ts";
import { someOf } from "./some_of.ts";

/** Dead and unreadable runs. */
export const runsCheck: Check = { name: "runs", usesHome: true, run: checkRuns };

async function checkRuns(ctx: DoctorContext): Promise<Finding> {
  const deadline = performance.now() + ctx.limitMs * 0.8;
  const dead: string[] = [], unreadable: string[] = [];
  let seen = 0, total = 0;
  for (const folder of findRunsFolders(projectsDir(ctx.home))) {
    const ids = runIds(folder);
    total += ids.length;
    for (const runId of ids) {
      if (performance.now() > deadline) break;
      seen++;
      const state = stateOf(runPath(folder, runId), folder.project, runId);
      if (state === "dead") dead.push(`${folder.project}/${runId}`);
      if (state === "unreadable") unreadable.push(`${folder.project}/${runId}`);
      await setImmediate(); // the other checks go on meanwhile
    }
  }
  const count = seen === total ? `${total} run(s)` : `${seen} of ${total} runs looked at`;
  if (unreadable.length > 0) {
    const more = dead.length === 0 ? "" : `; ${dead.length} with a dead writer: ${someOf(dead)}`;
    return problem(
      `${count}; ${unreadable.length} cannot be read: ${someOf(unreadable)}${more}`,
      `goodseed show ${unreadable[0]} says why; goodseed repair ${
        unreadable[0]
      } saves what is left`,
    );
  }
  if (dead.length === 0) return ok(`${count}, none with a dead writer`);
  return warning(
    `${count}; ${dead.length} say "running" though the writer is gone: ${someOf(dead)}`,
    `resume it, or end it: goodseed mark-dead ${dead[0]}`,
  );
}

/** A run with a lease or a log is judged from outside: opening it might touch files beside it. */
function stateOf(path: string, project: string, runId: string): "dead" | "unreadable" | "fine" {
  if (readLease(path) !== undefined) return livenessOf(path) === "dead" ? "dead" : "fine";
  if (existsSync(`${path}-wal`)) return "fine"; // the check of leftovers names it
  const line = runLine({ path, runId }, project);
  if (line.presumed_dead) return "dead";
  return line.status === "unreadable" && line.problem !== undefined ? "unreadable" : "fine";
}
