/**
 * Sees the methods of the global `console`, on runtimes where they do not print through
 * `process.stdout`: Deno and Bun.
 *
 * Each call goes to the method that was there before; the taps get the same call rendered beside
 * it. On Deno, whose own formatter does the rendering, values are formatted once and the method gets
 * the finished line (a debugger's console then shows text where it would have shown objects).
 *
 * @module
 */
import type { ConsoleRenderer } from "./console_format.ts";
import { type AnyFunction, patchMethod } from "./console_patch.ts";
import { consoleRenderer, isBuiltIn } from "./console_render.ts";
import type { ConsoleStream, TapSet } from "./console_taps.ts";
import { consoleTrace } from "./console_trace.ts";

/** Methods whose text for plain strings is the strings; all others take the renderer. */
const LINE_METHODS: Readonly<Record<string, ConsoleStream>> = {
  log: "stdout",
  info: "stdout",
  debug: "stdout",
  warn: "stderr",
  error: "stderr",
};
// deno-fmt-ignore -- one line a kind
const OTHER_METHODS = [
  "assert", "count", "countReset", "dir", "dirxml", "table",
  "group", "groupCollapsed", "groupEnd", "time", "timeLog", "timeEnd",
];

type Told = (args: readonly unknown[]) => void;

/** Text of a call with nothing but plain strings; undefined when that takes the renderer. */
function plainLine(args: readonly unknown[]): string | undefined {
  if (args.length === 1) return typeof args[0] === "string" ? args[0] + "\n" : undefined;
  for (const arg of args) {
    if (typeof arg !== "string" || arg.includes("%")) return undefined;
  }
  return args.join(" ") + "\n";
}

/** Renders calls for the taps and knows when it is doing so. */
class CallTeller {
  readonly #taps: TapSet;
  readonly renderer: ConsoleRenderer = consoleRenderer();
  /** What a value prints while it is rendered comes again with the real call. */
  rendering = false;

  constructor(taps: TapSet) {
    this.#taps = taps;
  }

  line(method: string, stream: ConsoleStream, args: readonly unknown[]): void {
    if (!this.#taps.wanted(stream)) return;
    const line = this.renderer.indented ? undefined : plainLine(args);
    if (line === undefined) this.call(method, args);
    else this.#taps.tell(stream, line);
  }

  /**
   * Tells a line that takes formatting, and returns it without its line end to be printed in place
   * of the arguments, so that they are formatted once; undefined where that would not be the same.
   */
  exactLine(method: string, stream: ConsoleStream, args: readonly unknown[]): string | undefined {
    const { exact, indented } = this.renderer;
    if (!exact || indented || !this.#taps.wanted(stream) || plainLine(args) !== undefined) return;
    let pieces: ReturnType<ConsoleRenderer["render"]>;
    try {
      pieces = this.renderer.render(method, args);
    } catch { // the real call will throw the same
      return undefined;
    }
    const piece = pieces[0];
    if (pieces.length !== 1 || piece?.stream !== stream || !piece.text.endsWith("\n")) return;
    this.#taps.tell(stream, piece.text);
    return piece.text.slice(0, -1);
  }

  call(method: string, args: readonly unknown[]): void {
    if (this.#taps.deaf) return;
    let pieces: ReturnType<ConsoleRenderer["render"]> = [];
    this.rendering = true;
    try {
      pieces = this.renderer.render(method, args);
    } catch { // the real call will throw the same
    } finally {
      this.rendering = false;
    }
    for (const piece of pieces) this.#taps.tell(piece.stream, piece.text);
  }
}

/**
 * Starts seeing the console's methods.
 *
 * @param taps who is told
 * @returns what to call, in any order, to put the methods back
 */
export function patchConsoleMethods(taps: TapSet): (() => void)[] {
  const teller = new CallTeller(taps);

  /** A program's own method: it may print through something that is seen already. */
  function wrapForeign(original: AnyFunction, told: Told): AnyFunction {
    return function (...args) {
      if (teller.rendering) return;
      const before = taps.seen;
      const result = original.apply(this, args);
      if (taps.seen === before) told(args);
      return result;
    };
  }

  function wrapLine(method: string, stream: ConsoleStream, original: AnyFunction): AnyFunction {
    const told = (args: readonly unknown[]): void => teller.line(method, stream, args);
    if (!isBuiltIn(method, original)) return wrapForeign(original, told);
    return function (...args) { // hot: tests/monitors/_tap_cost.ts
      if (teller.rendering) return;
      const line = teller.exactLine(method, stream, args);
      if (line !== undefined) return original.call(this, line);
      told(args);
      return original.apply(this, args);
    };
  }

  function wrapOther(method: string, original: AnyFunction): AnyFunction {
    const told = (args: readonly unknown[]): void => teller.call(method, args);
    if (!isBuiltIn(method, original)) return wrapForeign(original, told);
    return function (...args) {
      if (teller.rendering) return;
      told(args);
      return taps.silently(() => original.apply(this, args)); // Deno prints through console.log
    };
  }

  const undo: (() => void)[] = [];
  const { error: printError } = console;
  for (const [method, stream] of Object.entries(LINE_METHODS)) {
    undo.push(patchMethod(console, method, (original) => wrapLine(method, stream, original)));
  }
  for (const method of OTHER_METHODS) {
    undo.push(patchMethod(console, method, (original) => wrapOther(method, original)));
  }
  undo.push(patchMethod(console, "trace", (original) => {
    return consoleTrace({ original, printError, renderer: teller.renderer, taps }) ??
      wrapForeign(original, (args) => teller.call("error", args));
  }));
  undo.push(patchMethod(console, "write", (original) => { // Bun's own
    return function (...args) {
      for (const arg of args) {
        if (arg instanceof Uint8Array) taps.tellBytes("stdout", arg);
        else taps.tell("stdout", String(arg));
      }
      return original.apply(this, args);
    };
  }));
  return undo;
}
