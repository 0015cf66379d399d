/**
 * Picks the renderer of console calls that fits the runtime: Deno's own formatter where it can be
 * had (the text is then the terminal's to the byte), else one built around the runtime's `inspect`.
 *
 * @module
 */
import { inspect } from "node:util";
import { type ConsolePiece, type ConsoleRenderer, PlainRenderer } from "./console_format.ts";

type ConsoleMethods = Record<string, ((...args: unknown[]) => void) | undefined> & {
  readonly indentLevel?: number;
};

interface DenoInternals {
  readonly Console?: new (print: (text: string, level: number) => void) => ConsoleMethods;
}

interface BunInspect {
  (value: unknown, options: { depth: number }): string;
  table?(data: unknown, columns?: string[]): string;
}

/** A second console of Deno's own class, which prints into an array. */
class DenoRenderer implements ConsoleRenderer {
  readonly #console: ConsoleMethods;
  #pieces: ConsolePiece[] = [];

  constructor(DenoConsole: NonNullable<DenoInternals["Console"]>) {
    this.#console = new DenoConsole((text, level) => {
      this.#pieces.push({ stream: level > 1 ? "stderr" : "stdout", text });
    });
  }

  get indented(): boolean {
    return (this.#console.indentLevel ?? 0) > 0;
  }

  render(method: string, args: readonly unknown[]): ConsolePiece[] {
    this.#pieces = [];
    this.#console[method]?.(...args);
    return this.#pieces;
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
