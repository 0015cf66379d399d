/**
 * Where `goodseed log` reads from: standard input, a file, a file that grows.
 *
 * @module
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf, quoted, StoreError } from "../lib/errors.ts";
import type { CommandContext } from "./context.ts";

/** Time between two looks at a file that is followed, in ms. */
const FOLLOW_MS = 100;
/** What was written just before a signal is still read for that long, in ms. */
const GRACE_MS = 200;
const PIECE_BYTES = 65_536;
const LINE_END = new Uint8Array([10]);

/** Which input is wanted. */
export interface InputOptions {
  /** Path, or `-` for standard input. */
  readonly file: string;
  /** Wait for more at the end of a file. */
  readonly follow: boolean;
  /** Ends the input. */
  readonly signal: AbortSignal;
}

/**
 * The bytes of the input until its end or the signal.
 *
 * @throws {StoreError} when it cannot be opened or read
 */
export async function* inputPieces(
  options: InputOptions,
  ctx: CommandContext,
): AsyncGenerator<Uint8Array, void> {
  const fromStdin = options.file === "-";
  const path = fromStdin ? "standard input" : resolve(ctx.cwd, options.file);
  const end = abortedLater(options.signal, GRACE_MS);
  const onLeft = () => ctx.exitAtReturn();
  try {
    if (!fromStdin && options.follow) yield* followed(path, options.signal, end);
    else yield* untilAborted(fromStdin ? ctx.stdin() : filePieces(path), end, onLeft);
  } catch (error) {
    throw new StoreError(`reading ${quoted(path)}: ${messageOf(error)}`, path, { cause: error });
  }
}

/** A signal that follows another after some time. */
function abortedLater(signal: AbortSignal, ms: number): AbortSignal {
  const later = new AbortController();
  const onAbort = () => setTimeout(() => later.abort(signal.reason), ms);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return later.signal;
}

/**
 * Passes a source on until a signal, also when the source is silent at that time.
 *
 * @param onLeft called when a read was pending and is left alone
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  onLeft: () => void,
): AsyncGenerator<T, void> {
  const items = source[Symbol.asyncIterator]();
  let wake: (() => void) | undefined, state: "idle" | "reading" | "ended" = "idle";
  const onAbort = () => wake?.();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      state = "reading";
      const next = await new Promise<IteratorResult<T> | undefined>((done, fail) => {
        wake = () => done(undefined);
        items.next().then(done, (error) => {
          state = "ended";
          fail(error);
        });
      });
      if (next === undefined) return;
      state = next.done === true ? "ended" : "idle";
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (state !== "ended") onLeft();
    if (state === "idle") await items.return?.(); // a pending read would have to be waited for
  }
}

async function* filePieces(path: string): AsyncGenerator<Uint8Array, void> {
  const file = await open(path, "r");
  try {
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** A growing file: cut to nothing it begins anew; replaced, the new one follows the old. */
async function* followed(
  path: string,
  signal: AbortSignal,
  end: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let file = await open(path, "r");
  let at = 0, midLine = false;
  try {
    while (!end.aborted) {
      const piece = new Uint8Array(PIECE_BYTES);
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, at);
      if (bytesRead > 0) {
        at += bytesRead;
        midLine = piece[bytesRead - 1] !== 10;
        yield piece.subarray(0, bytesRead);
        continue;
      }
      if (signal.aborted) return;
      const next = await successor(path, file, at);
      if (next === undefined) {
        await pause(FOLLOW_MS, signal);
        continue;
      }
      if (midLine) yield LINE_END; // what the old content broke off with stays a line of its own
      midLine = false;
      at = 0;
      if (next === file) continue;
      await file.close();
      file = next;
    }
  } finally {
    await file.close();
  }
}

/** What to read after the end of `file`: the same one from its start, another one, or nothing yet. */
async function successor(
  path: string,
  file: FileHandle,
  at: number,
): Promise<FileHandle | undefined> {
  const own = await file.stat();
  if (own.size < at) return file;
  const there = await stat(path).catch(() => undefined); // moved away, nothing in its place yet
  if (there === undefined || (there.ino === own.ino && there.dev === own.dev)) return undefined;
  if (own.size > at) return undefined; // written to after all: first to its end
  return await open(path, "r").catch(() => undefined); // replaced once more, or moved away
}

/** Waits, or less when the signal comes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
