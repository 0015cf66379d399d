/**
 * The console tap: what the program prints from JavaScript, seen as text on its way to the
 * terminal, which gets the same bytes as before.
 *
 * Seen: the methods of `console`, `process.stdout`/`process.stderr`, `Deno.stdout`/`Deno.stderr`.
 * Not seen: writes to file descriptors 1 and 2 by `node:fs`, native code or child processes,
 * `Deno.stdout.writable`, `Bun.stdout`, and the consoles of other Workers.
 *
 * @module
 */
import { patchConsoleMethods } from "./console_methods.ts";
import { patchStreams } from "./console_streams.ts";
import { type ConsoleListener, type Tap, TapSet } from "./console_taps.ts";

export type { ConsoleListener, ConsoleStream } from "./console_taps.ts";

/** Which streams a tap listens to. */
export interface TapConsoleOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
}

const taps = new TapSet();
let undo: (() => void)[] = [];

/** Where `console` prints through `process.stdout`, patching both would be double work. */
function consoleIsNative(): boolean {
  return "Deno" in globalThis || "Bun" in globalThis;
}

function patch(): void {
  if (undo.length > 0) return;
  undo = [...patchStreams(taps), ...consoleIsNative() ? patchConsoleMethods(taps) : []];
}

function unpatch(): void {
  for (const step of undo) step();
  undo = [];
}

/**
 * Listens to everything this thread prints, until the returned function is called.
 *
 * The terminal gets the same bytes, callers get the same return values and callbacks. Text comes
 * as the program cut it. What a listener prints itself is not seen; an error that it throws is
 * dropped. Several taps may listen at once.
 *
 * @param options the streams to listen to
 * @param onText gets the stream and the text; must return quickly
 * @returns ends this tap; with the last one everything is put back as it was
 * @example
 * ```ts
 * const lines: string[] = [];
 * const untap = tapConsole({ stdout: true, stderr: false }, (_stream, text) => lines.push(text));
 * console.log("loss %d", 0.5);
 * untap();
 * // lines is ["loss 0.5\n"]
 * ```
 */
export function tapConsole(options: TapConsoleOptions, onText: ConsoleListener): () => void {
  const tap: Tap = { stdout: options.stdout, stderr: options.stderr, onText };
  taps.add(tap);
  patch();
  return () => {
    taps.delete(tap);
    if (taps.size === 0) unpatch();
  };
}
