/**
 * Logs and journals that lie beside runs although nobody writes them.
 *
 * @module
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { livenessOf } from "../../lib/liveness.ts";
import { projectsDir } from "../../lib/store/home.ts";
import { findRunsFolders, type RunsFolder } from "../../server/reads/run_paths.ts";
import { type Check, ok, warning } from "./check.ts";
import { someOf } from "./some_of.ts";

/** Files `-wal` and `.journal` without a living writer. */
export const leftoversCheck: Check = {
  name: "leftovers",
  usesHome: true,
  run(ctx) {
    const deadline = performance.now() + ctx.limitMs * 0.5;
    const found: string[] = [];
    for (const folder of findRunsFolders(projectsDir(ctx.home))) {
      if (performance.now() > deadline) break;
      found.push(...leftIn(folder));
    }
    if (found.length === 0) return ok("no log or journal of a dead writer");
    return warning(
      `${found.length} log(s) or journal(s) without a known writer: ${someOf(found)}`,
      "they hold the last points: never remove them; resume the run, or goodseed mark-dead " +
        "PROJECT/RUN takes them in",
    );
  },
};

function leftIn(folder: RunsFolder): string[] {
  const found: string[] = [];
  for (const name of folder.names) {
    const runId = /^(.+)(?:\.sqlite-wal|\.journal)$/.exec(name)?.[1];
    if (runId === undefined) continue;
    const path = join(folder.dir, name);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) continue;
    // A living writer, or one on another host, whose lease says so.
    const isLeased = folder.names.has(`${runId}.lease`);
    if (isLeased && livenessOf(join(folder.dir, `${runId}.sqlite`)) !== "dead") continue;
    found.push(`${folder.project}/${name}`);
  }
  return found;
}
