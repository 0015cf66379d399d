/**
 * Opens any run file for reading, without ever changing it or leaving anything beside it.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, quoted, StoreError } from "../errors.ts";
import { recoverJournal } from "../journal_recovery.ts";
import { journalPath } from "../journal.ts";
import type { Db } from "./driver.ts";
import { type FileState, fileState, stateText } from "./file_state.ts";
import { openDb } from "./open.ts";
import { RunFile } from "./run_file.ts";
import { checkHeader } from "./sqlite_header.ts";

/** How {@linkcode openForReading} opens. */
export interface OpenReaderOptions {
  /** How long a locked database is waited for, in ms. @default {3000} */
  readonly busyTimeoutMs?: number;
  /** Where a copy is put when the file cannot be read in its place. @default the system's folder */
  readonly scratchDir?: string;
}

/** A run file open for reading. */
export interface OpenedRun extends Disposable {
  readonly db: Db;
  /**
   * `immutable`: nobody was writing, no lock is held; `live`: beside a writer; `copy`: a private
   * copy was made.
   */
  readonly how: "immutable" | "live" | "copy";
  /** What the file looked like when it was opened. */
  readonly state: FileState;
  /** True when what is read may no longer be what the file holds; never for `live`. */
  changed(): boolean;
  close(): void;
}

const ATTEMPTS = 3;

/** Nothing in a file from elsewhere may run, and nothing may be written. */
const HARDEN = "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA query_only=ON";

/**
 * Opens a run file.
 *
 * Without a log or journal beside it nobody is writing: it is read as it is, without locks, and
 * `changed()` tells when a writer came after all. With one, SQLite reads beside the writer; where
 * it cannot, because the folder is read-only, file and log are copied and the copy is read. A copy
 * is read as well where a dead writer left a journal: the copy gets what it holds.
 *
 * @throws {NotFoundError} there is no such file
 * @throws {StoreError} it is not a database, is damaged, or stays locked
 */
export function openForReading(path: string, options: OpenReaderOptions = {}): OpenedRun {
  for (let attempt = 1;; attempt++) {
    const state = fileState(path);
    const alone = state.walBytes === 0 && state.journalBytes === 0;
    checkHeader(path, state.sizeBytes, alone);
    const opened = state.leftover !== ""
      ? openCopy(path, state, options, recoverInto)
      : alone
      ? openImmutable(path, state, options)
      : openLive(path, state, options) ?? openCopy(path, state, options);
    if (attempt === ATTEMPTS || !opened.changed()) return opened;
    opened.close(); // a writer came in between
  }
}

/** True when an error of SQLite says that another process holds the database. */
export function isLocked(error: unknown): boolean {
  return /database (table |schema )?is locked|database is busy/i.test(messageOf(error));
}

/** True when an error of SQLite says that the file is not, or no longer, a database. */
export function isDamaged(error: unknown): boolean {
  return /malformed|not a database|file is encrypted/i.test(messageOf(error));
}

function openImmutable(path: string, state: FileState, options: OpenReaderOptions): OpenedRun {
  const db = prepared(path, path, "immutable", options);
  return new Opened(db, "immutable", state, path);
}

/** Undefined when SQLite cannot read the file in its place. */
function openLive(
  path: string,
  state: FileState,
  options: OpenReaderOptions,
): OpenedRun | undefined {
  try {
    return new Opened(prepared(path, path, "read", options), "live", state, path);
  } catch (error) {
    if (isLocked(error) || isDamaged(error)) throw error;
    return undefined; // the log's index can be neither read nor made: a read-only folder
  }
}

/** Reads a dead writer's journal into a copy of its run; the original waits for its resume. */
function recoverInto(copy: string, path: string): void {
  copyFileSync(journalPath(path), journalPath(copy));
  const file = RunFile.open(copy);
  try {
    recoverJournal(file, Date.now());
  } finally {
    file.close();
  }
}

function openCopy(
  path: string,
  first: FileState,
  options: OpenReaderOptions,
  prepareCopy: (copy: string, path: string) => void = () => {},
): OpenedRun {
  const folder = scratchFolder(path, options.scratchDir ?? tmpdir());
  const copy = join(folder, "run.sqlite");
  try {
    const state = copyRun(path, copy, first);
    prepareCopy(copy, path);
    return new Opened(prepared(path, copy, "write", options), "copy", state, path, folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      `copying ${quoted(path)} to ${quoted(folder)}, because it can only be read from a copy: ` +
        `${messageOf(error)}; make room there or make the folder of the run writable`,
      path,
      { cause: error },
    );
  }
}

/** Copies file, log and journal until none of them changed meanwhile. */
function copyRun(path: string, copy: string, first: FileState): FileState {
  let before = first;
  for (let attempt = 1;; attempt++) {
    copyFileSync(path, copy);
    for (const [suffix, bytes] of [["-wal", before.walBytes], ["-journal", before.journalBytes]]) {
      if (bytes === 0) rmSync(copy + suffix, { force: true });
      else copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    }
    const after = fileState(path);
    if (stateText(after) === stateText(before)) return after;
    if (attempt === ATTEMPTS) {
      throw new StoreError(
        `${quoted(path)} can only be read from a copy and is being written all the time; try later`,
        path,
      );
    }
    before = after;
  }
}

function scratchFolder(path: string, parent: string): string {
  try {
    return mkdtempSync(join(parent, "goodseed-read-"));
  } catch (error) {
    throw new StoreError(
      `reading ${quoted(path)} needs a copy, and none can be made in ${quoted(parent)}: ` +
        messageOf(error),
      path,
      { cause: error },
    );
  }
}

/** A hardened connection that has been seen to read; `path` is what messages name. */
function prepared(
  path: string,
  file: string,
  mode: "immutable" | "read" | "write",
  options: OpenReaderOptions,
): Db {
  const db = openDb(file, { mode, busyTimeoutMs: options.busyTimeoutMs ?? 3000 });
  try {
    db.exec(HARDEN);
    const probe = db.prepare("SELECT count(*) FROM sqlite_master");
    probe.get();
    return db;
  } catch (error) {
    db.close();
    throw readError(path, error);
  }
}

/** Wraps an error of SQLite met while reading a run file. */
export function readError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const advice = isLocked(error)
    ? "another process holds it; try again"
    : isDamaged(error)
    ? "the file is damaged; restore it from a copy"
    : "check the file and its folder";
  return new StoreError(`reading ${quoted(path)}: ${messageOf(error)}; ${advice}`, path, {
    cause: error,
  });
}

class Opened implements OpenedRun {
  readonly db: Db;
  readonly how: "immutable" | "live" | "copy";
  readonly state: FileState;
  readonly #source: string;
  readonly #folder: string | undefined;
  #closed = false;

  constructor(
    db: Db,
    how: "immutable" | "live" | "copy",
    state: FileState,
    source: string,
    folder?: string,
  ) {
    this.db = db;
    this.how = how;
    this.state = state;
    this.#source = source;
    this.#folder = folder;
  }

  changed(): boolean {
    if (this.how === "live") return false;
    try {
      return stateText(fileState(this.#source)) !== stateText(this.state);
    } catch { // gone: whatever comes next will say so
      return true;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.db.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
