/**
 * `console.trace` with a tap: the stack must start at the caller, not in the tap.
 *
 * @module
 */
import type { ConsoleRenderer } from "./console_format.ts";
import type { AnyFunction } from "./console_patch.ts";
import { consoleRenderer, isBuiltIn } from "./console_render.ts";
import type { TapSet } from "./console_taps.ts";

/** What {@linkcode consoleTrace} works with. */
export interface ConsoleTraceOptions {
  /** The method as it was. */
  readonly original: AnyFunction;
  /** `console.error` as it was. */
  readonly printError: AnyFunction;
  /** Renderer that follows the open groups. */
  readonly renderer: ConsoleRenderer;
  readonly taps: TapSet;
}

interface DenoStderr {
  writeSync(bytes: Uint8Array): number;
}

const { Deno: deno, Bun: bun } = globalThis as { Deno?: { stderr: DenoStderr }; Bun?: unknown };

/** Text of the arguments alone, outside any group. */
function messageOf(args: readonly unknown[]): string {
  if (args.length === 0) return "";
  return consoleRenderer().render("log", args).map((piece) => piece.text).join("").slice(0, -1);
}

function stackOf(message: string, below: AnyFunction): string {
  const holder: { name: string; message: string; stack?: string } = { name: "Trace", message };
  Error.captureStackTrace(holder, below);
  return holder.stack ?? `Trace: ${message}`;
}

/** Some versions of Deno indent a trace inside a group, some do not. */
function tracesAreIndented(renderer: ConsoleRenderer): boolean {
  return renderer.indented && renderer.render("trace", [])[0]?.text.startsWith(" ") === true;
}

function writeAll(stream: DenoStderr, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

/** Deno prints the frame of whoever calls its method, so the trace is made and printed here. */
function denoTrace(options: ConsoleTraceOptions, stderr: DenoStderr): AnyFunction {
  const { original, printError, renderer, taps } = options;
  return function trace(...args) {
    if (taps.deaf) return original.apply(this, args);
    const stack = stackOf(messageOf(args), trace);
    if (!renderer.indented || tracesAreIndented(renderer)) {
      const text = renderer.indented ? "  " + stack.replaceAll("\n", "\n  ") : stack;
      taps.tell("stderr", text + "\n");
      return printError.call(console, stack);
    }
    taps.tell("stderr", stack + "\n");
    taps.silently(() => writeAll(stderr, stack + "\n"));
  };
}

/** Bun prints on stdout; a call in tail position leaves no frame of ours. */
function bunTrace({ original, taps }: ConsoleTraceOptions): AnyFunction {
  return function trace(...args) {
    if (taps.wanted("stdout")) {
      const message = messageOf(args);
      const frames = stackOf("", trace).split("\n").slice(1)
        .map((line) =>
          line.replace(/^\s*at /, "      at ").replace("at <anonymous> (", "at (") + "\n"
        );
      taps.tell("stdout", (message === "" ? "" : message + "\n") + frames.join(""));
    }
    return original.apply(this, args);
  };
}

/**
 * Wraps the runtime's own `console.trace`.
 *
 * @returns the wrapper, or undefined when the program has put a method of its own in its place
 */
export function consoleTrace(options: ConsoleTraceOptions): AnyFunction | undefined {
  if (!isBuiltIn("trace", options.original)) return undefined;
  if (!isBuiltIn("error", options.printError)) return undefined;
  if (deno !== undefined) return denoTrace(options, deno.stderr);
  return bun === undefined ? undefined : bunTrace(options);
}
