/**
 * Passes a command's output on to our own descriptors, byte for byte, in the order in which it came.
 *
 * @module
 */
import { fstatSync, write, writeSync } from "node:fs";
import { isPipeFull } from "../output.ts";

/** Pause before a full pipe is tried again, in ms. */
const FULL_PIPE_PAUSE_MS = 2;

/** Writes to both outputs; a slow reader holds back whoever awaits, never the event loop. */
export class PassThrough {
  readonly #write: WriteBytes;
  readonly #gone = new Set<number>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** @param writeBytes test seam, writes to a descriptor */
  constructor(writeBytes: WriteBytes = writeToFd) {
    this.#write = writeBytes;
  }

  /** Writes after everything before it; resolves when it is written or nobody reads any more. */
  pass(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
    this.#waiting++;
    return this.#last = this.#last.then(async () => {
      await this.#writeAll(fd, bytes);
      this.#waiting--;
    });
  }

  /** True while something is not written yet. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  async #writeAll(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0 && !this.#gone.has(fd);) {
      try {
        rest = rest.subarray(await this.#write(fd, rest));
      } catch (error) {
        if (isPipeFull(error)) await new Promise((next) => setTimeout(next, FULL_PIPE_PAUSE_MS));
        else this.#gone.add(fd); // no reader, a full disk, a terminal that hung up: recording goes on
      }
    }
  }
}

/** Writes to a descriptor; gives the number of bytes that were written. */
type WriteBytes = (fd: number, bytes: Uint8Array) => number | Promise<number>;

const regular = new Map<number, boolean>();

function writeToFd(fd: number, bytes: Uint8Array): number | Promise<number> {
  if (isRegularFile(fd)) return writeSync(fd, bytes); // it never waits for a reader
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, count) => error ? reject(error) : resolve(count));
  });
}

function isRegularFile(fd: number): boolean {
  let known = regular.get(fd);
  if (known === undefined) {
    try {
      known = fstatSync(fd).isFile();
    } catch { // closed: the write will tell
      known = true;
    }
    regular.set(fd, known);
  }
  return known;
}
