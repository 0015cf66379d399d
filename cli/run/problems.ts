/**
 * Complaints about what a command sends: the first ones are told, all are counted.
 *
 * @module
 */
import type { CommandContext } from "../context.ts";
import { printable } from "../output.ts";

/** Complaints told one by one. */
const TOLD = 10;

/** Counts the lines of one source that could not be taken. */
export class Problems {
  readonly #ctx: CommandContext;
  readonly #source: string;
  #lines = 0;

  /** @param source what the lines come from, for the messages */
  constructor(source: string, ctx: CommandContext) {
    this.#source = source;
    this.#ctx = ctx;
  }

  /** Lines so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Counts one line. */
  add(line: number, problems: readonly string[]): void {
    if (problems.length === 0 || ++this.#lines > TOLD) return;
    const text = printable(problems.join("; "));
    this.#ctx.stderr(`goodseed: ${this.#source}, line ${line}: ${text}\n`);
  }

  /** Tells how many there were. */
  summary(): void {
    if (this.#lines === 0) return;
    const more = this.#lines > TOLD ? ` (${this.#lines - TOLD} not shown)` : "";
    const lines = this.#lines === 1 ? "1 line" : `${this.#lines} lines`;
    this.#ctx.stderr(
      `goodseed: ${this.#source}: ${lines} refused in whole or in part${more}; the rest is recorded\n`,
    );
  }
}
