/**
 * Which run files lie in a projects folder. Nothing is opened.
 *
 * @module
 */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, quoted, StoreError } from "../lib/errors.ts";
import { isSafeProject } from "../lib/names.ts";
import { fileState, lastWriteMs } from "../lib/store/file_state.ts";
import { runsDir } from "../lib/store/home.ts";

/** A file that should hold a run. */
export interface RunFileEntry {
  /** Name of the file without `.sqlite`. */
  readonly runId: string;
  readonly path: string;
}

/** A project and its run files. */
export interface ProjectEntry {
  /** Folder below the projects folder, with `/`. */
  readonly name: string;
  readonly runs: readonly RunFileEntry[];
  /** When the newest file was written to, in ms since 1970; 0 where none can be looked at. */
  readonly lastWriteMs: number;
}

/** Folders below each other that are looked at: a project has at most 8 parts. */
const MAX_DEPTH = 9;

/**
 * All projects that have run files, by name.
 *
 * @param projects the projects folder; it exists
 * @throws {StoreError} the folder cannot be read
 */
export function findProjects(projects: string): ProjectEntry[] {
  const found: ProjectEntry[] = [];
  visit(projects, "", 0, found);
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The run files of one project, by name; empty when there is no such project. */
export function findRuns(projects: string, project: string): readonly RunFileEntry[] {
  if (isSafeProject(project)) return runFilesOf(runsDir(projects, project));
  // A folder that another program made: only a name that is really there is taken.
  return findProjects(projects).find((entry) => entry.name === project)?.runs ?? [];
}

function visit(folder: string, name: string, depth: number, found: ProjectEntry[]): void {
  for (const entry of entriesOf(folder, depth === 0)) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name === "runs" && name !== "") {
      const runs = runFilesOf(path);
      if (runs.length > 0) found.push({ name, runs, lastWriteMs: newest(runs) });
    }
    if (depth < MAX_DEPTH && !entry.name.endsWith(".parts")) {
      visit(path, name === "" ? entry.name : `${name}/${entry.name}`, depth + 1, found);
    }
  }
}

function runFilesOf(folder: string): RunFileEntry[] {
  return entriesOf(folder, false)
    .filter((entry) => entry.name.endsWith(".sqlite") && !entry.isDirectory())
    .map((entry) => ({
      runId: entry.name.slice(0, -".sqlite".length),
      path: join(folder, entry.name),
    }))
    .sort((a, b) => a.runId < b.runId ? -1 : 1);
}

function newest(runs: readonly RunFileEntry[]): number {
  let newestMs = 0;
  for (const { path } of runs) {
    try {
      newestMs = Math.max(newestMs, lastWriteMs(fileState(path)));
    } catch { // a pipe, or not ours to look at: it is counted, its time is not
    }
  }
  return newestMs;
}

function entriesOf(folder: string, needed: boolean): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (!needed) return []; // removed meanwhile, or not ours to look into
    throw new StoreError(`listing ${quoted(folder)}: ${messageOf(error)}`, folder, {
      cause: error,
    });
  }
}
