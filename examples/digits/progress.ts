/**
 * Shows how far a training is: a bar that is redrawn on a terminal, one line an epoch elsewhere.
 *
 * @module
 */
import process from "node:process";

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

/** A progress display on standard output. */
export class Progress {
  readonly #epochs: number;
  readonly #onTerminal = process.stdout.isTTY === true;
  #drawnAt = -Infinity;

  /** @param epochs how many epochs there will be */
  constructor(epochs: number) {
    this.#epochs = epochs;
  }

  /** Redraws the bar, at most ten times a second. @param done share of the epoch, 0 … 1 */
  update(epoch: number, done: number, note: string): void {
    const now = performance.now();
    if (!this.#onTerminal || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const filled = Math.round(done * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    process.stdout.write(`\r${this.#label(epoch)} ${bar} ${note}   `);
  }

  /** Ends an epoch with a line that stays. */
  endEpoch(epoch: number, note: string): void {
    const line = `${this.#label(epoch)} ${note}`;
    process.stdout.write(this.#onTerminal ? `\r${line.padEnd(72)}\n` : `${line}\n`);
  }

  #label(epoch: number): string {
    const width = String(this.#epochs).length;
    return `epoch ${String(epoch).padStart(width)}/${this.#epochs}`;
  }
}
