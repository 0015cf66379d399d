/**
 * The first 100 bytes of a SQLite file, checked before SQLite sees the file: the messages are
 * clearer, and nothing that is no database is ever opened as one.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { messageOf, quoted, StoreError } from "../errors.ts";

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;

/** Offsets of the fields that are read. */
const PAGE_SIZE = 16, CHANGE_COUNTER = 24, PAGE_COUNT = 28, ENCODING = 56, VALID_FOR = 92;

/**
 * Tells what is wrong with the head of a database file.
 *
 * @param header its first bytes, up to 100
 * @param sizeBytes size of the file
 * @param whole true when nothing beside it (log, journal) holds more pages
 * @returns undefined when it looks right
 */
export function headerProblem(
  header: Uint8Array,
  sizeBytes: number,
  whole: boolean,
): string | undefined {
  if (sizeBytes === 0) return "is empty (0 bytes)";
  for (let i = 0; i < MAGIC.length; i++) {
    if (header[i] !== MAGIC.charCodeAt(i)) return "is not a SQLite database";
  }
  if (header.length < HEADER_BYTES) return `is cut off after ${sizeBytes} bytes`;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const encoding = view.getUint32(ENCODING);
  if (encoding > 1) return "holds its text as UTF-16, which no run file does";
  const pageBytes = view.getUint16(PAGE_SIZE) === 1 ? 65536 : view.getUint16(PAGE_SIZE);
  // The page count counts only when it was written together with the change counter.
  const counted = view.getUint32(CHANGE_COUNTER) === view.getUint32(VALID_FOR);
  const pages = view.getUint32(PAGE_COUNT);
  if (!whole || !counted || pages * pageBytes <= sizeBytes) return undefined;
  return `is cut off: ${sizeBytes} bytes of ${pages * pageBytes}`;
}

/**
 * Checks the head of a database file on disk.
 *
 * @param whole see {@linkcode headerProblem}
 * @throws {StoreError} naming the problem
 */
export function checkHeader(path: string, sizeBytes: number, whole: boolean): void {
  const problem = headerProblem(readHead(path), sizeBytes, whole);
  if (problem === undefined) return;
  throw new StoreError(`${quoted(path)} ${problem}; restore it from a copy or remove it`, path);
}

function readHead(path: string): Uint8Array {
  const head = new Uint8Array(HEADER_BYTES);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw new StoreError(
      `opening ${quoted(path)}: ${messageOf(error)}; check its permissions`,
      path,
      { cause: error },
    );
  }
  try {
    return head.subarray(0, readSync(fd, head, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
