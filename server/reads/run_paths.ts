/**
 * Finds run files below a projects folder: all of them, or the one of a reference that came from
 * outside. Nothing outside the folder is ever reached, whatever names and links say.
 *
 * @module
 */
import { type Dirent, readdirSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { NotFoundError } from "../../lib/errors.ts";
import type { RunRef } from "../../lib/run_ref.ts";

/** The run files of one project. */
export interface RunsFolder {
  /** Folders from the projects folder on, joined by `/`; `.` for the projects folder itself. */
  readonly project: string;
  readonly dir: string;
  /** All names in it. */
  readonly names: ReadonlySet<string>;
}

const SUFFIX = ".sqlite";
const MAX_DEPTH = 32;

/** Ids of the runs in a folder: names of files without `.sqlite`, sorted. */
export function runIds(folder: RunsFolder): string[] {
  const ids: string[] = [];
  for (const name of folder.names) {
    if (name.length > SUFFIX.length && name.endsWith(SUFFIX)) {
      ids.push(name.slice(0, -SUFFIX.length));
    }
  }
  return ids.sort();
}

/** Path of a run in its folder. */
export function runPath(folder: RunsFolder, runId: string): string {
  return join(folder.dir, runId + SUFFIX);
}

/**
 * Finds every folder `runs` with run files, at any depth. Links to folders are not followed.
 * Folders that cannot be read are passed over.
 */
export function findRunsFolders(projectsDir: string): RunsFolder[] {
  const found: RunsFolder[] = [];
  const open: string[][] = [[]];
  for (let segments = open.pop(); segments !== undefined; segments = open.pop()) {
    const entries = list(join(projectsDir, ...segments));
    if (segments.at(-1) === "runs") {
      const folder = runsFolder(projectsDir, segments.slice(0, -1).join("/") || ".", entries);
      if (runIds(folder).length > 0) found.push(folder);
    }
    if (segments.length >= MAX_DEPTH) continue;
    for (const entry of entries) if (entry.isDirectory()) open.push([...segments, entry.name]);
  }
  return found;
}

/** The folder of one project; undefined when there is none. */
export function findRunsFolder(projectsDir: string, project: string): RunsFolder | undefined {
  if (!isInside(project)) return undefined;
  const entries = list(join(projectsDir, project, "runs"));
  if (entries.length === 0 || !leadsInside(projectsDir, join(projectsDir, project, "runs"))) {
    return undefined;
  }
  return runsFolder(projectsDir, project, entries);
}

function runsFolder(projectsDir: string, project: string, entries: readonly Dirent[]): RunsFolder {
  const names = new Set(entries.map((entry) => entry.name));
  return { project, dir: join(projectsDir, project, "runs"), names };
}

/**
 * Path of the run file of a reference.
 *
 * @throws {NotFoundError} there is no such run below the projects folder
 */
export function findRun(projectsDir: string, ref: RunRef): string {
  const { project, runId } = ref;
  const path = join(projectsDir, project, "runs", runId + SUFFIX);
  const isName = runId !== "" && !/[/\\\0]/.test(runId);
  if (isName && isInside(project) && leadsInside(projectsDir, path)) return path;
  throw new NotFoundError(`Run not found: ${project}/${runId}`);
}

/** True when the path exists and, all links followed, lies below the projects folder. */
export function leadsInside(projectsDir: string, path: string): boolean {
  try {
    return realpathSync(path).startsWith(realpathSync(projectsDir) + sep);
  } catch { // not there
    return false;
  }
}

/** True for names of folders joined by `/`, and for `.`: the projects folder itself. */
function isInside(project: string): boolean {
  if (project === ".") return true;
  if (project.includes("\0") || (sep === "\\" && /[\\:]/.test(project))) return false;
  return project.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}

function list(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch { // not there, or not ours to read
    return [];
  }
}
