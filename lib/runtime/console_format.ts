/**
 * Text of console calls for runtimes that keep their own formatter to themselves: format
 * specifiers, groups, counters, timers and tables around an `inspect` that is passed in.
 *
 * Imitates what Bun prints; durations are measured here and so differ from the terminal's by a hair.
 *
 * @module
 */

/** What one console call printed on one stream. */
export interface ConsolePiece {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Turns console calls into the text that the terminal gets. */
export interface ConsoleRenderer {
  /** True inside `console.group`: every line is indented. */
  readonly indented: boolean;
  /** True when the text is the terminal's to the byte, so that it may be printed instead. */
  readonly exact: boolean;
  /**
   * Renders one call and keeps the state it leaves behind (groups, counters, timers).
   *
   * @param method name of the console method
   * @param args what it was called with
   * @returns what was printed, in order; usually one piece, none for a silent call
   */
  render(method: string, args: readonly unknown[]): ConsolePiece[];
}

/** What {@linkcode PlainRenderer} takes from the runtime. */
export interface PlainRendererOptions {
  /** Text of a value that is not a top-level string; `depth` levels deep. */
  inspect(value: unknown, depth: number): string;
  /** Text of `console.table` for an object, with its line ends. */
  table(data: unknown, columns?: string[]): string;
  /** Methods that print on stderr. */
  readonly stderrMethods: ReadonlySet<string>;
  /** Monotonic clock in ms. */
  now(): number;
}

const DEPTH = 2;
const SPECIFIER = /%[sdifjoOc%]/g;

/** Renders console calls from parts; see the module's comment. */
export class PlainRenderer implements ConsoleRenderer {
  readonly exact = false;
  readonly #options: PlainRendererOptions;
  readonly #counts = new Map<string, number>();
  readonly #timers = new Map<string, number>();
  #level = 0;

  constructor(options: PlainRendererOptions) {
    this.#options = options;
  }

  get indented(): boolean {
    return this.#level > 0;
  }

  render(method: string, args: readonly unknown[]): ConsolePiece[] {
    const text = this.#text(method, args);
    if (text === undefined) return [];
    return [{ stream: this.#options.stderrMethods.has(method) ? "stderr" : "stdout", text }];
  }

  #text(method: string, args: readonly unknown[]): string | undefined {
    const label = args[0] === undefined ? "default" : String(args[0]);
    switch (method) {
      case "log":
      case "info":
      case "debug":
      case "warn":
      case "error":
      case "dirxml":
      case "groupCollapsed":
        return this.#line(args);
      case "group": {
        const text = args.length === 0 ? undefined : this.#line(args);
        this.#level++;
        return text;
      }
      case "groupEnd":
        this.#level = Math.max(0, this.#level - 1);
        return undefined;
      case "assert":
        if (args[0]) return undefined;
        return args.length < 2 ? "Assertion failed\n" : this.#line(args.slice(1));
      case "dir":
        return this.#indent(this.#dir(args)) + "\n";
      case "table":
        return this.#table(args);
      case "count": {
        const count = (this.#counts.get(label) ?? 0) + 1;
        this.#counts.set(label, count);
        return `${label}: ${count}\n`;
      }
      case "countReset":
        this.#counts.delete(label);
        return undefined;
      case "time":
        if (!this.#timers.has(label)) this.#timers.set(label, this.#options.now());
        return undefined;
      case "timeLog":
      case "timeEnd":
        return this.#timer(method, label, args.slice(1));
      default:
        return undefined;
    }
  }

  #line(args: readonly unknown[]): string {
    return this.#indent(this.#format(args)) + "\n";
  }

  #indent(text: string): string {
    if (this.#level === 0) return text;
    const pad = "  ".repeat(this.#level);
    return pad + text.replaceAll("\n", "\n" + pad);
  }

  #format(args: readonly unknown[]): string {
    const parts: string[] = [];
    let next = 0;
    const specified = (specifier: string): string => {
      if (next >= args.length) return specifier;
      if (specifier === "%%") return "%";
      return this.#specified(specifier, args[next++]);
    };
    while (next < args.length) {
      const value = args[next++];
      if (typeof value !== "string") parts.push(this.#options.inspect(value, DEPTH));
      else if (next === args.length) parts.push(value);
      else parts.push(value.replace(SPECIFIER, specified));
    }
    return parts.join(" ");
  }

  #specified(specifier: string, value: unknown): string {
    switch (specifier) {
      case "%s":
        return String(value);
      case "%c":
        return "";
      case "%i":
        return typeof value === "number" ? String(Math.trunc(value)) : "NaN";
      case "%d":
      case "%f":
        return typeof value === "number" ? String(value) : "NaN";
      case "%j":
        return JSON.stringify(value) ?? "undefined";
      default:
        return this.#options.inspect(value, DEPTH);
    }
  }

  #dir(args: readonly unknown[]): string {
    const depth = (args[1] as { depth?: unknown } | null | undefined)?.depth;
    if (typeof args[0] === "string") return args[0];
    return this.#options.inspect(args[0], typeof depth === "number" ? depth : DEPTH);
  }

  #table(args: readonly unknown[]): string {
    const data = args[0];
    if (typeof data !== "object" || data === null) return this.#line(args.slice(0, 1));
    return this.#options.table(data, Array.isArray(args[1]) ? args[1].map(String) : undefined);
  }

  #timer(method: string, label: string, rest: readonly unknown[]): string | undefined {
    const start = this.#timers.get(label);
    if (start === undefined) return undefined;
    if (method === "timeEnd") this.#timers.delete(label);
    const tail = rest.length === 0 ? "" : " " + this.#format(rest);
    return `[${(this.#options.now() - start).toFixed(2)}ms] ${label}${tail}\n`;
  }
}
