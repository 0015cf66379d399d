/**
 * Automatic steps: one counter a path, shared by its metric and its string series. Pure.
 *
 * @module
 */

/** Gives the next step of a path where the caller gave none. */
export class AutoSteps {
  readonly #maxStored: (path: string) => number;
  readonly #next = new Map<string, { next: number; stored: boolean }>();

  /** @param maxStored highest step that the run file holds for a path, −Infinity for none */
  constructor(maxStored: (path: string) => number) {
    this.#maxStored = maxStored;
  }

  /** Notes a step that the caller gave. */
  seen(path: string, step: number): void {
    const entry = this.#next.get(path);
    if (entry === undefined) this.#next.set(path, { next: Math.max(0, step + 1), stored: false });
    else if (step >= entry.next) entry.next = step + 1;
  }

  /** The next step of the path: 0, or one more than the highest so far, also after a resume. */
  take(path: string): number {
    let entry = this.#next.get(path);
    if (entry === undefined) this.#next.set(path, entry = { next: 0, stored: false });
    if (!entry.stored) {
      entry.next = Math.max(entry.next, this.#maxStored(path) + 1);
      entry.stored = true;
    }
    return entry.next++;
  }
}
