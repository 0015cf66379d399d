/**
 * Finds the run file that a command line names.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { NotFoundError } from "../lib/errors.ts";
import { findRun as findBelow } from "../server/reads/run_paths.ts";
import type { CommandContext } from "./context.ts";
import { projectsFolder } from "./folder.ts";

/**
 * The file of a run.
 *
 * @param text `PROJECT/RUN` below the projects folder, or the path of a file that ends in `.sqlite`
 * @param dir projects folder as given
 * @throws {NotFoundError} there is no such run
 */
export function findRun(text: string, dir: string | undefined, ctx: CommandContext): string {
  if (text.endsWith(".sqlite")) {
    const path = resolve(ctx.cwd, text);
    if (existsSync(path)) return path;
    throw new NotFoundError(`Run not found: there is no file ${path}`);
  }
  const projects = projectsFolder(dir, ctx).path;
  const slash = text.lastIndexOf("/");
  const project = slash < 0 ? "default" : text.slice(0, slash);
  try {
    return findBelow(projects, { project, runId: text.slice(slash + 1) });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(
      `${error.message} in ${projects}; for the runs there are see: goodseed list -p ${project}`,
      { cause: error },
    );
  }
}
