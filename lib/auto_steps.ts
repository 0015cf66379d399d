/**
 * Automatic steps: one counter a path, shared by its metric and its string series. Pure.
 *
 * @module
 */

/** The counter of one path. */
export class StepCounter {
  readonly #stored: () => number;
  #next = 0;
  #knowsStored = false;

  /** @param stored highest step that the run file holds for the path, −Infinity for none */
  constructor(stored: () => number) {
    this.#stored = stored;
  }

  /** Notes a step that the caller gave. */
  seen(step: number): void {
    if (step >= this.#next) this.#next = step + 1;
  }

  /** The next step: 0, or one more than the highest so far, also after a resume. */
  take(): number {
    if (!this.#knowsStored) {
      this.#next = Math.max(this.#next, this.#stored() + 1);
      this.#knowsStored = true;
    }
    return this.#next++;
  }
}

/** The counters of a run, by path. */
export class AutoSteps {
  readonly #maxStored: (path: string) => number;
  readonly #counters = new Map<string, StepCounter>();

  /** @param maxStored highest step that the run file holds for a path, −Infinity for none */
  constructor(maxStored: (path: string) => number) {
    this.#maxStored = maxStored;
  }

  /** The counter of a path. */
  of(path: string): StepCounter {
    let counter = this.#counters.get(path);
    if (counter === undefined) {
      counter = new StepCounter(() => this.#maxStored(path));
      this.#counters.set(path, counter);
    }
    return counter;
  }
}
