/**
 * The console tap: everything the program prints from JavaScript, seen as text on its way to the
 * terminal, which gets the same bytes as before.
 *
 * Seen: the methods of `console`, `process.stdout`/`process.stderr`, `Deno.stdout`/`Deno.stderr`.
 * Not seen: writes to file descriptors 1 and 2 by `node:fs`, native code or child processes,
 * `Deno.stdout.writable`, `Bun.stdout`, and the consoles of other Workers.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { ConsoleRenderer } from "./console_format.ts";
import { type AnyFunction, isBuiltIn, patchMethod } from "./console_patch.ts";
import { consoleRenderer } from "./console_render.ts";

/** Name of a standard stream. */
export type ConsoleStream = "stdout" | "stderr";

/** Gets what was printed, as it was cut by the program: whole lines, parts of lines, several lines. */
export type ConsoleListener = (stream: ConsoleStream, text: string) => void;

interface Tap {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly onText: ConsoleListener;
}

interface DenoStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

const runtime = globalThis as {
  Deno?: { readonly stdout: DenoStream; readonly stderr: DenoStream };
  Bun?: unknown;
};

const STREAMS: readonly ConsoleStream[] = ["stdout", "stderr"];
/** Methods whose text for strings is just the strings; the others always need the renderer. */
const LINE_METHODS = { log: "stdout", info: "stdout", debug: "stdout", warn: "stderr", error: "stderr" } as const;
// deno-fmt-ignore -- one line a kind
const OTHER_METHODS = [
  "assert", "count", "countReset", "dir", "dirxml", "table",
  "group", "groupCollapsed", "groupEnd", "time", "timeLog", "timeEnd",
] as const;

const taps = new Set<Tap>();
const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
let undo: (() => void)[] = [];
/** A tap is being told: what it prints itself is not for taps. */
let telling = false;
/** A value is being rendered for the taps: what its own code prints comes again with the real call. */
let rendering = false;
/** Inside a write that has been seen at a higher level. */
let depth = 0;
/** How often something was seen; tells whether a call was already seen at a lower level. */
let seen = 0;

function wanted(stream: ConsoleStream): boolean {
  if (telling || rendering || depth > 0) return false;
  for (const tap of taps) if (tap[stream]) return true;
  return false;
}

function tell(stream: ConsoleStream, text: string): void {
  if (text === "") return;
  seen++;
  telling = true;
  for (const tap of taps) {
    if (!tap[stream]) continue;
    try {
      tap.onText(stream, text);
    } catch { // trouble of a tap is never trouble of the program that prints
    }
  }
  telling = false;
}

function tellBytes(stream: ConsoleStream, bytes: Uint8Array): void {
  tell(stream, decoders[stream].decode(bytes, { stream: true }));
}

function tellRendered(renderer: ConsoleRenderer, method: string, args: unknown[]): void {
  if (telling || rendering || depth > 0) return;
  rendering = true;
  let pieces: ReturnType<ConsoleRenderer["render"]> = [];
  try {
    pieces = renderer.render(method, args);
  } catch { // the real call will throw the same
  } finally {
    rendering = false;
  }
  for (const piece of pieces) tell(piece.stream, piece.text);
}

/** Text of a call with nothing but plain strings; undefined when that takes the renderer. */
function plainLine(args: readonly unknown[]): string | undefined {
  if (args.length === 1) return typeof args[0] === "string" ? args[0] + "\n" : undefined;
  for (const arg of args) {
    if (typeof arg !== "string" || arg.includes("%")) return undefined;
  }
  return args.join(" ") + "\n";
}

function tellLine(renderer: ConsoleRenderer, method: LineMethod, args: readonly unknown[]): void {
  const stream = LINE_METHODS[method];
  if (!wanted(stream)) return;
  const line = renderer.indented ? undefined : plainLine(args);
  if (line === undefined) tellRendered(renderer, method, args);
  else tell(stream, line);
}

/** Wraps one console method; `told` tells the taps what the call prints. */
function wrapConsoleMethod(
  original: AnyFunction,
  told: (args: readonly unknown[]) => void,
): AnyFunction {
  if (isBuiltIn(original)) {
    return function (...args) {
      if (rendering) return;
      told(args);
      return original.apply(this, args); // last, so that Bun leaves no frame of ours on the stack
    };
  }
  // a program's own method: it may print through something that is seen already
  return function (...args) {
    if (rendering) return;
    const before = seen;
    const result = original.apply(this, args);
    if (seen === before) told(args);
    return result;
  };
}

function patchConsole(): void {
  const renderer = consoleRenderer();
  const patch = (method: string, told: (args: readonly unknown[]) => void): void => {
    undo.push(patchMethod(console, method, (original) => wrapConsoleMethod(original, told)));
  };
  for (const method of Object.keys(LINE_METHODS) as LineMethod[]) {
    patch(method, (args) => tellLine(renderer, method, args));
  }
  for (const method of OTHER_METHODS) {
    patch(method, (args) => tellRendered(renderer, method, args));
  }
  const printError = console.error;
  undo.push(patchMethod(console, "trace", (original) => {
    const tracer = consoleTracer(original, printError, renderer);
    return tracer === undefined
      ? wrapConsoleMethod(original, (args) => tellRendered(renderer, "trace", args))
      : tracer((stream, text) => {
        if (wanted(stream)) tell(stream, text);
      });
  }));
}
