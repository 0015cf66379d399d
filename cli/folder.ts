/**
 * Which projects folder a command looks at.
 *
 * @module
 */
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { NotFoundError, quoted, UsageError } from "../lib/errors.ts";
import { projectsDir, resolveHome } from "../lib/store/home.ts";
import type { CommandContext } from "./context.ts";

/** A projects folder. */
export interface ProjectsFolder {
  readonly path: string;
  /** False only for the default folder, which may not have been made yet. */
  readonly exists: boolean;
}

/**
 * The folder that was named, else the default one.
 *
 * @param named path as given; relative to the current folder
 * @throws {NotFoundError} the named folder does not exist
 * @throws {UsageError} it is not a folder
 */
export function projectsFolder(named: string | undefined, ctx: CommandContext): ProjectsFolder {
  const path = named === undefined
    ? projectsDir(resolve(ctx.cwd, resolveHome(ctx.env)))
    : resolve(ctx.cwd, expandHome(named));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) {
    throw new UsageError(`${quoted(path)} is a file; name the folder of all projects`);
  }
  if (found === undefined && named !== undefined) {
    const hint = /^[a-z][a-z-]*$/.test(named) ? "; for commands see: goodseed help" : "";
    throw new NotFoundError(`Projects directory does not exist: ${path}${hint}`);
  }
  return { path, exists: found !== undefined };
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}
