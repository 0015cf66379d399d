/**
 * Which projects and run files lie in a projects folder. Nothing is opened.
 *
 * @module
 */
import { fileState, lastWriteMs } from "../lib/store/file_state.ts";
import {
  findRunsFolder,
  findRunsFolders,
  runIds,
  runPath,
  type RunsFolder,
} from "../server/reads/run_paths.ts";

/** A file that should hold a run. */
export interface RunFileEntry {
  /** Name of the file without `.sqlite`. */
  readonly runId: string;
  readonly path: string;
}

/** A project, as lists show it. */
export interface ProjectEntry {
  readonly name: string;
  readonly runCount: number;
  /** When the newest file was written to, in ms since 1970; 0 where none can be looked at. */
  readonly lastWriteMs: number;
}

/** All projects that have run files, the one with the newest file first. */
export function findProjects(projects: string): ProjectEntry[] {
  return findRunsFolders(projects)
    .map((folder) => ({
      name: folder.project,
      runCount: runIds(folder).length,
      lastWriteMs: newest(folder),
    }))
    .sort((a, b) => b.lastWriteMs - a.lastWriteMs || (a.name < b.name ? -1 : 1));
}

/** The run files of one project, by name; empty when there is no such project. */
export function findRuns(projects: string, project: string): RunFileEntry[] {
  const folder = findRunsFolder(projects, project);
  if (folder === undefined) return [];
  return runIds(folder).map((runId) => ({ runId, path: runPath(folder, runId) }));
}

function newest(folder: RunsFolder): number {
  let newestMs = 0;
  for (const runId of runIds(folder)) {
    try {
      const state = fileState(runPath(folder, runId), folder.names);
      newestMs = Math.max(newestMs, lastWriteMs(state));
    } catch { // a pipe, or not ours to look at: it is counted, its time is not
    }
  }
  return newestMs;
}
