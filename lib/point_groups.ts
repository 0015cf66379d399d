/**
 * Puts the points of one turn in the order in which the file takes them best: series by series,
 * steps ascending. An index that is written in order costs a fraction of one that is not. Pure.
 *
 * @module
 */
import { POINT_WIDTH } from "./ring.ts";

/** Points in an order. */
export interface PointGroups {
  /** Indices of points; those of group g lie in `[starts[g], starts[g + 1])`. */
  readonly order: Uint32Array;
  readonly starts: Uint32Array;
}

/**
 * Groups points and orders each group by step; points of equal step stay in the order they came.
 *
 * @param points `(slot, step, y, ts)` each
 * @param groupOf group of each point, −1 to leave it out
 * @param groupCount number of groups
 */
export function groupPoints(
  points: Float64Array,
  groupOf: Int32Array,
  groupCount: number,
): PointGroups {
  const starts = new Uint32Array(groupCount + 1), count = groupOf.length;
  for (let i = 0; i < count; i++) if (groupOf[i]! >= 0) starts[groupOf[i]! + 1]!++;
  for (let g = 0; g < groupCount; g++) starts[g + 1]! += starts[g]!;
  const next = starts.slice(0, groupCount), order = new Uint32Array(starts[groupCount]!);
  for (let i = 0; i < count; i++) { // hot: bench/sustained.ts
    const group = groupOf[i]!;
    if (group >= 0) order[next[group]!++] = i;
  }
  for (let g = 0; g < groupCount; g++) {
    sortBySteps(points, order.subarray(starts[g]!, starts[g + 1]!));
  }
  return { order, starts };
}

function sortBySteps(points: Float64Array, order: Uint32Array): void {
  for (let k = 1; k < order.length; k++) {
    if (stepAt(points, order[k]!) >= stepAt(points, order[k - 1]!)) continue;
    order.sort((a, b) => stepAt(points, a) - stepAt(points, b) || a - b);
    return;
  }
}

function stepAt(points: Float64Array, index: number): number {
  return points[index * POINT_WIDTH + 1]!;
}
