/**
 * Finds the run file that a command line names.
 *
 * @module
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { NotFoundError } from "../lib/errors.ts";
import { parseRunPath } from "../lib/run_ref.ts";
import { runFilePath } from "../lib/store/home.ts";
import type { CommandContext } from "./context.ts";
import { projectsFolder } from "./folder.ts";

/**
 * The file of a run.
 *
 * @param text `PROJECT/RUN` below the projects folder, or the path of a file that ends in `.sqlite`
 * @param dir projects folder as given
 * @throws {UsageError} the text names no run
 * @throws {NotFoundError} there is no such run
 */
export function findRun(text: string, dir: string | undefined, ctx: CommandContext): string {
  if (text.endsWith(".sqlite")) {
    const path = resolve(ctx.cwd, text);
    if (isThere(path)) return path;
    throw new NotFoundError(`Run not found: there is no file ${path}`);
  }
  const ref = parseRunPath(text);
  const path = runFilePath(projectsFolder(dir, ctx).path, ref);
  if (isThere(path)) return path;
  throw new NotFoundError(
    `Run not found: ${ref.project}/${ref.runId} at ${path}; for the runs there are see: ` +
      `goodseed list -p ${ref.project}`,
  );
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
