/**
 * Picks the renderer of console calls that fits the runtime: Deno's own formatter where it can be
 * had (the text is then the terminal's to the byte), else one built around the runtime's `inspect`.
 *
 * @module
 */
import { inspect } from "node:util";
import type { AnyFunction } from "./console_patch.ts";
import { type ConsolePiece, type ConsoleRenderer, PlainRenderer } from "./console_format.ts";

type ConsoleMethods = Record<string, ((...args: unknown[]) => void) | undefined>;

interface DenoInternals {
  readonly Console?: new (print: (text: string, level: number) => void) => ConsoleMethods;
}

interface BunInspect {
  (value: unknown, options: { depth: number }): string;
  table?(data: unknown, columns?: string[]): string;
}

/**
 * A second console of Deno's own class, which prints into an array. Counters and timers are kept
 * here: in some versions all consoles of a process share them.
 */
class DenoRenderer implements ConsoleRenderer {
  readonly exact = true;
  readonly #console: ConsoleMethods;
  readonly #counts = new Map<string, number>();
  readonly #timers = new Map<string, number>();
  #pieces: ConsolePiece[] = [];
  #level = 0;

  constructor(DenoConsole: NonNullable<DenoInternals["Console"]>) {
    this.#console = new DenoConsole((text, level) => {
      this.#pieces.push({ stream: level > 1 ? "stderr" : "stdout", text });
    });
  }

  get indented(): boolean {
    return this.#level > 0;
  }

  render(method: string, args: readonly unknown[]): ConsolePiece[] {
    const outer = this.#pieces; // a value's own code may print while it is rendered
    const pieces: ConsolePiece[] = [];
    this.#pieces = pieces;
    try {
      this.#render(method, args);
    } finally {
      this.#pieces = outer;
    }
    return pieces;
  }

  #render(method: string, args: readonly unknown[]): void {
    if (method.startsWith("count")) this.#count(method, String(args[0] ?? "default"));
    else if (method.startsWith("time")) this.#time(method, String(args[0] ?? "default"), args);
    else this.#call(method, args);
  }

  #call(method: string, args: readonly unknown[]): void {
    if (method === "group" || method === "groupCollapsed") this.#level++;
    else if (method === "groupEnd" && this.#level > 0) this.#level--;
    this.#console[method]?.(...args);
  }

  #count(method: string, label: string): void {
    const count = this.#counts.get(label);
    if (method === "count") {
      this.#counts.set(label, (count ?? 0) + 1);
      this.#call("info", [`${label}: ${(count ?? 0) + 1}`]);
    } else if (count === undefined) {
      this.#call("warn", [`Count for '${label}' does not exist`]);
    } else {
      this.#counts.set(label, 0);
    }
  }

  #time(method: string, label: string, args: readonly unknown[]): void {
    const now = performance.now();
    const start = this.#timers.get(label);
    if (method === "time") {
      if (start === undefined) this.#timers.set(label, now);
      else this.#call("warn", [`Timer '${label}' already exists`]);
    } else if (start === undefined) {
      this.#call("warn", [`Timer '${label}' does not exist`]);
    } else {
      if (method === "timeEnd") this.#timers.delete(label);
      this.#call("info", [`${label}: ${Number((now - start).toFixed(3))}ms`, ...args.slice(1)]);
    }
  }
}

function denoInternals(): DenoInternals | undefined {
  const deno = (globalThis as { Deno?: { internal?: symbol } & Record<symbol, DenoInternals> })
    .Deno;
  return deno?.internal === undefined ? undefined : deno[deno.internal];
}

function plainInspect(value: unknown, depth: number): string {
  return inspect(value, { depth });
}

/**
 * Says whether a method of `console` is the runtime's own, not one that a program put in its place.
 *
 * @param method name of the method
 * @param found the method as found on `console`
 * @returns true for native code and for the methods of Deno's own class
 */
export function isBuiltIn(method: string, found: AnyFunction): boolean {
  if (found.name !== method) return false; // a bound function says "native code" too
  const source = Function.prototype.toString.call(found);
  if (source.includes("[native code]")) return true;
  const DenoConsole = denoInternals()?.Console;
  if (DenoConsole === undefined) return false;
  const own = new DenoConsole(() => {})[method];
  return own !== undefined && Function.prototype.toString.call(own) === source;
}

/**
 * Makes the renderer for this runtime.
 *
 * @param options.plain true leaves Deno's own formatter out, as if a future version had none
 * @returns a renderer with no open groups, counters or timers
 */
export function consoleRenderer(options: { readonly plain?: boolean } = {}): ConsoleRenderer {
  const DenoConsole = options.plain ? undefined : denoInternals()?.Console;
  if (DenoConsole !== undefined) return new DenoRenderer(DenoConsole);

  const bunInspect = (globalThis as { Bun?: { inspect: BunInspect } }).Bun?.inspect;
  const now = (): number => performance.now();
  if (bunInspect === undefined) {
    return new PlainRenderer({
      inspect: plainInspect,
      table: (data) => plainInspect(data, 1) + "\n",
      stderrMethods: new Set(["warn", "error", "assert", "trace"]),
      now,
    });
  }
  return new PlainRenderer({
    inspect: (value, depth) => bunInspect(value, { depth }),
    table: (data, columns) => bunInspect.table?.(data, columns) ?? plainInspect(data, 1) + "\n",
    stderrMethods: new Set(["warn", "error", "assert", "timeLog", "timeEnd"]),
    now,
  });
}
