/**
 * When to try a tool again that is not there or does not work. Pure.
 *
 * @module
 */

/** How a try ended. */
export type ProbeOutcome = "worked" | "failed" | "absent";

/** How rarely a tool is tried that is not installed, in ms. */
export const RETRY_ABSENT_MS = 600_000;
const FIRST_WAIT_MS = 30_000;

/** Remembers how the last tries ended; a failing tool is tried ever more rarely. */
export class ProbeSwitch {
  #failures = 0;
  #nextMs = -Infinity;

  /** True when the tool is to be tried now; `nowMs` from a monotonic clock. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /**
   * Notes how a try ended.
   *
   * @param outcome `absent` switches off for ten minutes; `failed` for 30 s, then twice as long each
   * time, up to ten minutes
   * @param nowMs monotonic clock in ms
   */
  note(outcome: ProbeOutcome, nowMs: number): void {
    if (outcome === "worked") {
      this.#failures = 0;
      return;
    }
    const wait = outcome === "absent" ? RETRY_ABSENT_MS : FIRST_WAIT_MS * 2 ** this.#failures++;
    this.#nextMs = nowMs + Math.min(wait, RETRY_ABSENT_MS);
  }
}
