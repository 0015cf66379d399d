/**
 * The list of runs, kept in a cache: a list looks at every file on disk, but opens only those that
 * changed. A file that cannot be read is listed with its problem and stops no other.
 *
 * @module
 */
import { join } from "node:path";
import { messageOf, NotFoundError } from "../../lib/errors.ts";
import { isoUtc } from "../../lib/iso_time.ts";
import type { RunRef } from "../../lib/run_ref.ts";
import { fileState, lastWriteMs, stateText } from "../../lib/store/file_state.ts";
import { isLocked } from "../../lib/store/open_reader.ts";
import { CacheDb } from "./cache_db.ts";
import { type CatalogEntry, entryJson, readEntry, unreadableEntry } from "./catalog_entry.ts";
import {
  findRun,
  findRunsFolder,
  findRunsFolders,
  leadsInside,
  runIds,
  runPath,
  type RunsFolder,
} from "./run_paths.ts";

/** A project in a list. */
export interface ProjectRow {
  readonly name: string;
  readonly runCount: number;
  /** The newest time of a run's files, in ms since 1970; null when it is not known. */
  readonly modifiedMs: number | null;
}

const DDL = `CREATE TABLE IF NOT EXISTS entry (
  path TEXT PRIMARY KEY, identity TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID`;

interface Known {
  readonly identity: string;
  readonly entry: CatalogEntry;
}

/** What is known about the runs of one projects folder. */
export class Catalog implements Disposable {
  readonly cache: CacheDb;
  readonly #projectsDir: string;
  /** By project and run id; absent until the cache has been read. */
  #known: Map<string, Known> | undefined;

  /** @param cacheDir folder of the cache; absent: memory */
  constructor(projectsDir: string, cacheDir: string | undefined) {
    this.#projectsDir = projectsDir;
    this.cache = new CacheDb({ dir: cacheDir, name: "catalog-1.sqlite", ddl: DDL });
  }

  /** All projects, the one written to last first. */
  projects(): ProjectRow[] {
    const rows = findRunsFolders(this.#projectsDir).map((folder) => {
      const ids = runIds(folder);
      let modifiedMs = -Infinity;
      for (const id of ids) {
        modifiedMs = Math.max(modifiedMs, modifiedOf(runPath(folder, id), folder.names));
      }
      return {
        name: folder.project,
        runCount: ids.length,
        modifiedMs: modifiedMs === -Infinity ? null : modifiedMs,
      };
    });
    return rows.sort((a, b) =>
      (b.modifiedMs ?? 0) - (a.modifiedMs ?? 0) || (a.name < b.name ? -1 : 1)
    );
  }

  /** JSON texts of all runs, or of those of one project, the newest first. */
  runs(project?: string): string[] {
    const one = project === undefined ? [] : [findRunsFolder(this.#projectsDir, project)];
    const folders = project === undefined
      ? findRunsFolders(this.#projectsDir)
      : one.filter((folder) => folder !== undefined);
    const fresh = new Map<string, Known>();
    const listed: { readonly entry: CatalogEntry; readonly file: string }[] = [];
    for (const folder of folders) {
      for (const runId of runIds(folder)) {
        const entry = this.#entry(folder, runId, fresh);
        if (entry !== undefined) listed.push({ entry, file: runPath(folder, runId) });
      }
    }
    this.#store(fresh, project === undefined ? folders : undefined);
    listed.sort((a, b) => b.entry.createdMs - a.entry.createdMs);
    return listed.map(({ entry, file }) => entryJson(entry, file));
  }

  /**
   * JSON text of one run.
   *
   * @throws {NotFoundError} there is no such run
   */
  run(ref: RunRef): string {
    const file = findRun(this.#projectsDir, ref);
    const dir = join(this.#projectsDir, ref.project, "runs");
    const fresh = new Map<string, Known>();
    const entry = this.#entry({ project: ref.project, dir, names: new Set() }, ref.runId, fresh);
    this.#store(fresh, undefined);
    if (entry !== undefined) return entryJson(entry, file);
    throw new NotFoundError(`Run not found: ${ref.project}/${ref.runId}`);
  }

  [Symbol.dispose](): void {
    this.cache.close();
  }

  /** Undefined when the file has gone meanwhile. */
  #entry(folder: RunsFolder, runId: string, fresh: Map<string, Known>): CatalogEntry | undefined {
    const ref = { project: folder.project, runId };
    const file = runPath(folder, runId);
    const siblings = folder.names.size > 0 ? folder.names : undefined;
    const key = keyOf(ref);
    try {
      const state = fileState(file, siblings);
      const identity = stateText(state);
      const known = this.#find(key, identity);
      if (known !== undefined) return known;
      if (!leadsInside(this.#projectsDir, file)) {
        return unreadableEntry(ref, "is a link that leads out of the projects folder", state);
      }
      const { entry, certain } = readEntry(ref, file, state);
      if (certain) fresh.set(key, { identity, entry });
      return entry;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      const old = isLocked(error) ? this.#load().get(key)?.entry : undefined;
      if (old !== undefined) return { ...old, problem: `${messageOf(error)} (an earlier state)` };
      return unreadableEntry(ref, messageOf(error), undefined);
    }
  }

  #find(key: string, identity: string): CatalogEntry | undefined {
    const known = this.#load();
    const here = known.get(key);
    if (here?.identity === identity) return here.entry;
    // another process, or another thread of this one, may have read the file already
    const row = this.cache.attempt((cache) =>
      cache.prepare("SELECT identity, body FROM entry WHERE path = ?").get(key)
    );
    if (row?.[0] !== identity) return undefined;
    const entry = parseEntry(row[1]);
    if (entry !== undefined) known.set(key, { identity, entry });
    return entry;
  }

  #load(): Map<string, Known> {
    if (this.#known !== undefined) return this.#known;
    const known = new Map<string, Known>();
    const rows = this.cache.attempt((cache) =>
      cache.prepare("SELECT path, identity, body FROM entry").all()
    );
    for (const [path, identity, body] of rows ?? []) {
      const entry = parseEntry(body);
      if (entry !== undefined) known.set(String(path), { identity: String(identity), entry });
    }
    return this.#known = known;
  }

  /** @param all the folders of all runs; entries of runs that are not in them are forgotten */
  #store(fresh: ReadonlyMap<string, Known>, all: readonly RunsFolder[] | undefined): void {
    const known = this.#load();
    for (const [key, value] of fresh) known.set(key, value);
    const gone = all === undefined ? [] : goneKeys(known, all);
    for (const key of gone) known.delete(key);
    if (fresh.size + gone.length === 0) return;
    this.cache.write((cache) => {
      const put = cache.prepare(
        "INSERT OR REPLACE INTO entry(path, identity, body) VALUES (?,?,?)",
      );
      const drop = cache.prepare("DELETE FROM entry WHERE path = ?");
      for (const [key, { identity, entry }] of fresh) put.run(key, identity, JSON.stringify(entry));
      for (const key of gone) drop.run(key);
    });
  }
}

/** A project list as the contract has it. */
export function projectsJson(rows: readonly ProjectRow[]): string {
  const projects = rows.map(({ name, runCount, modifiedMs }) => ({
    name,
    run_count: runCount,
    last_modified: modifiedMs === null ? null : isoUtc(modifiedMs),
  }));
  return JSON.stringify({ projects });
}

function keyOf({ project, runId }: RunRef): string {
  return `${project}/${runId}`;
}

function goneKeys(known: ReadonlyMap<string, Known>, all: readonly RunsFolder[]): string[] {
  const there = new Set<string>();
  for (const folder of all) {
    for (const runId of runIds(folder)) there.add(keyOf({ project: folder.project, runId }));
  }
  return [...known.keys()].filter((key) => !there.has(key));
}

function modifiedOf(path: string, siblings: ReadonlySet<string>): number {
  try {
    return lastWriteMs(fileState(path, siblings));
  } catch { // gone, or no regular file
    return -Infinity;
  }
}

function parseEntry(body: unknown): CatalogEntry | undefined {
  try {
    return JSON.parse(String(body)) as CatalogEntry;
  } catch { // a garbled cache: the file is read again
    return undefined;
  }
}
