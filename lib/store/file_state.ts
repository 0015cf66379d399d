/**
 * What the disk says about a run file and the files beside it, without opening the database: enough
 * to see that nothing changed, and how the file must be opened.
 *
 * @module
 */
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { messageOf, NotFoundError, quoted, StoreError } from "../errors.ts";
import { journalPath } from "../journal.ts";
import { livenessOf } from "../liveness.ts";

/** State of a run file; two equal states mean equal contents. */
export interface FileState {
  readonly dev: number;
  readonly ino: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Bytes in the write-ahead log beside it; 0 when there is none. */
  readonly walBytes: number;
  readonly walModifiedMs: number;
  /** Bytes in the rollback journal beside it; 0 when there is none. */
  readonly journalBytes: number;
  /** Head of the shared index of the log: it changes with every commit. Empty without a log. */
  readonly commit: string;
  /** Size and time of the journal of ours that a dead writer left; empty when there is none. */
  readonly leftover: string;
}

/** Bytes of one copy of the head of the index. */
const INDEX_HEAD_BYTES = 48;

/**
 * Looks at a run file.
 *
 * @param siblings names in its folder, if known: files that are not among them are not looked for
 * @throws {NotFoundError} there is no such file
 * @throws {StoreError} it is not a regular file, or may not be looked at
 */
export function fileState(path: string, siblings?: ReadonlySet<string>): FileState {
  const stats = statOf(path);
  if (stats === undefined) {
    throw new NotFoundError(`no file ${quoted(path)}: it may have been moved or deleted`);
  }
  if (!stats.isFile()) {
    throw new StoreError(
      `${quoted(path)} is ${kindOf(stats)}, not a regular file; move it out of the folder`,
      path,
    );
  }
  const wal = sibling(path, "-wal", siblings);
  const journal = sibling(path, "-journal", siblings);
  const walBytes = wal?.size ?? 0;
  return {
    dev: stats.dev,
    ino: stats.ino,
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    walBytes,
    walModifiedMs: walBytes === 0 ? 0 : wal!.mtimeMs,
    journalBytes: journal?.size ?? 0,
    commit: walBytes === 0 ? "" : indexHead(path + "-shm"),
    leftover: leftover(path, siblings),
  };
}

/** One text for a state; equal for equal states. */
export function stateText(state: FileState): string {
  const { dev, ino, sizeBytes, modifiedMs } = state;
  const { walBytes, walModifiedMs, journalBytes, commit, leftover } = state;
  const main = [dev, ino, sizeBytes, modifiedMs];
  return [...main, walBytes, walModifiedMs, journalBytes, commit, leftover].join(":");
}

/** When the run was last written to, in ms since 1970: the newer of the file and its log. */
export function lastWriteMs(state: FileState): number {
  return Math.max(state.modifiedMs, state.walModifiedMs);
}

/** A journal counts when its writer is dead: while it lives, the writer puts it into the file. */
function leftover(path: string, siblings: ReadonlySet<string> | undefined): string {
  const journal = journalPath(path);
  if (siblings !== undefined && !siblings.has(nameOf(journal))) return "";
  const stats = statOf(journal);
  if (stats?.isFile() !== true || livenessOf(path) !== "dead") return "";
  return `${stats.size},${stats.mtimeMs}`;
}

/** A regular, non-empty file beside the run file. */
function sibling(
  path: string,
  suffix: string,
  siblings: ReadonlySet<string> | undefined,
): Stats | undefined {
  if (siblings !== undefined && !siblings.has(nameOf(path) + suffix)) return undefined;
  const stats = statOf(path + suffix);
  return stats?.isFile() === true && stats.size > 0 ? stats : undefined;
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as { code?: string }).code === "ENOTDIR") return undefined;
    throw new StoreError(
      `looking at ${quoted(path)}: ${messageOf(error)}; check its permissions`,
      path,
      { cause: error },
    );
  }
}

function kindOf(stats: Stats): string {
  switch (stats.mode & 0o170000) { // Deno 2.4 knows no isFIFO()
    case 0o040000:
      return "a directory";
    case 0o010000:
      return "a named pipe";
    case 0o140000:
      return "a socket";
    default:
      return "a device";
  }
}

function indexHead(path: string): string {
  if (statOf(path)?.isFile() !== true) return "";
  const head = new Uint8Array(INDEX_HEAD_BYTES);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch { // gone or not ours to read: sizes and times have to do
    return "";
  }
  try {
    const read = readSync(fd, head, 0, INDEX_HEAD_BYTES, 0);
    return hex(head.subarray(0, read));
  } finally {
    closeSync(fd);
  }
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
