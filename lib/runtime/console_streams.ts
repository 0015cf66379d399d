/**
 * Sees what is written to the standard streams as objects: `process.stdout`, `process.stderr`
 * (on Node `console` prints through them too) and `Deno.stdout`, `Deno.stderr`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { type AnyFunction, patchMethod } from "./console_patch.ts";
import type { ConsoleStream, TapSet } from "./console_taps.ts";

interface DenoStreams {
  readonly stdout: object;
  readonly stderr: object;
}

const STREAMS: readonly ConsoleStream[] = ["stdout", "stderr"];
const deno = (globalThis as { Deno?: DenoStreams }).Deno;

function tellChunk(taps: TapSet, stream: ConsoleStream, chunk: unknown, encoding: unknown): void {
  if (chunk instanceof Uint8Array) return taps.tellBytes(stream, chunk);
  if (typeof chunk !== "string") return;
  if (typeof encoding !== "string" || /^utf-?8$/i.test(encoding)) return taps.tell(stream, chunk);
  taps.tellBytes(stream, Buffer.from(chunk, encoding as BufferEncoding));
}

/** The streams of `process`; undefined where the descriptor is closed. */
function processStream(stream: ConsoleStream): object | undefined {
  try {
    return process[stream];
  } catch { // the descriptor was closed before the program started
    return undefined;
  }
}

function patchProcessStream(taps: TapSet, name: ConsoleStream): (() => void)[] {
  const stream = processStream(name);
  if (stream === undefined) return [];
  const silent = (original: AnyFunction): AnyFunction =>
    function (...args) {
      return taps.silently(() => original.apply(this, args));
    };
  return [
    patchMethod(stream, "write", (original) =>
      function (...args) {
        const result = original.apply(this, args);
        if (taps.wanted(name)) tellChunk(taps, name, args[0], args[1]);
        return result;
      }),
    // Deno writes through Deno.stdout below, which is seen too
    ...deno === undefined ? [] : [
      patchMethod(stream, "_write", silent),
      patchMethod(stream, "_writev", silent),
    ],
  ];
}

function patchDenoStream(taps: TapSet, name: ConsoleStream, stream: object): (() => void)[] {
  /** Only what was really written counts: a caller repeats the rest. */
  function told(bytes: unknown, written: unknown): void {
    if (!(bytes instanceof Uint8Array) || typeof written !== "number") return;
    taps.tellBytes(name, bytes.subarray(0, written));
  }
  return [
    patchMethod(stream, "writeSync", (original) =>
      function (bytes) {
        const written = original.call(this, bytes);
        if (taps.wanted(name)) told(bytes, written);
        return written;
      }),
    patchMethod(stream, "write", (original) =>
      async function (bytes) {
        const listening = taps.wanted(name);
        const written = await original.call(this, bytes);
        if (listening) told(bytes, written);
        return written;
      }),
  ];
}

/**
 * Starts seeing the stream objects.
 *
 * @param taps who is told
 * @returns what to call, in any order, to put the methods back
 */
export function patchStreams(taps: TapSet): (() => void)[] {
  return STREAMS.flatMap((name) => [
    ...patchProcessStream(taps, name),
    ...deno === undefined ? [] : patchDenoStream(taps, name, deno[name]),
  ]);
}
