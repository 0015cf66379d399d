/**
 * From a counter that only grows to a rate per second.
 *
 * @module
 */

/** Remembers the last reading of a counter. */
export class RateMeter {
  #last: { readonly value: number; readonly atMs: number } | undefined;

  /**
   * Takes a reading.
   *
   * @param value the counter
   * @param nowMs monotonic clock in ms
   * @returns growth per second since the reading before; undefined at the first one, when no time
   * has passed, and when the counter fell (it was reset)
   */
  update(value: number, nowMs: number): number | undefined {
    const last = this.#last;
    this.#last = { value, atMs: nowMs };
    if (last === undefined || nowMs <= last.atMs || value < last.value) return undefined;
    return (value - last.value) * 1_000 / (nowMs - last.atMs);
  }
}

/** Rounds to a number of decimals, as the recorded values are. */
export function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}
