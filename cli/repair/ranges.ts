/**
 * Sets of row numbers, kept as ranges. Pure.
 *
 * @module
 */

/** Whole numbers from `from` to `to`, both included; infinite where an end is not known. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Row numbers that are missing. */
export class RangeSet {
  #ranges: Range[] = [];
  #isSorted = true;

  /** The ranges, ascending, none touching another. */
  get ranges(): readonly Range[] {
    if (!this.#isSorted) this.#ranges = merged(this.#ranges);
    this.#isSorted = true;
    return this.#ranges;
  }

  /** Adds a range; an empty one changes nothing. */
  add(from: number, to: number): void {
    if (from > to) return;
    this.#ranges.push({ from, to });
    this.#isSorted = false;
  }

  /** Takes a range out. */
  remove(from: number, to: number): void {
    this.#ranges = this.ranges.flatMap((range) => [
      { from: range.from, to: Math.min(range.to, from - 1) },
      { from: Math.max(range.from, to + 1), to: range.to },
    ]).filter((range) => range.from <= range.to);
  }

  /** True when the number is in one of the ranges. */
  has(number: number): boolean {
    const { ranges } = this;
    let low = 0, high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle]!.to < number) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low]!.from <= number;
  }
}

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from < b.from ? -1 : a.from > b.from ? 1 : 0)) {
    const last = result.at(-1);
    if (last === undefined || range.from > last.to + 1) result.push(range);
    else result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return result;
}
