/**
 * Rows on whole pages that no tree leads to any more.
 *
 * @module
 */
import type { BtreePage } from "./btree_page.ts";
import type { TableState } from "./salvage.ts";
import { fits } from "./tables.ts";
import type { RepairTarget } from "./target.ts";
import { leafRows, type StoredRow, type TreeWalk } from "./tree_walk.ts";

/** One page, as rows of one table. */
interface Match {
  readonly state: TableState;
  readonly rows: readonly StoredRow[];
}

/**
 * Looks through all pages that belong to no tree; a page is taken for a table only where the table
 * misses rows of these numbers.
 */
export function findOrphans(
  walk: TreeWalk,
  states: readonly TableState[],
  to: RepairTarget,
): void {
  const undecided: Match[][] = [];
  for (let number = 2; number <= walk.source.shape.pageCount; number++) {
    const page = walk.visited.has(number) ? undefined : walk.source.btree(number);
    if (page?.kind !== "table-leaf") continue;
    const matches = matchesOf(walk, page, states);
    if (matches.length > 1) undecided.push(matches);
    else if (matches.length === 1) take(matches[0]!, to);
  }
  // Metric and string series look alike; by now the points tell which numbers each kind has.
  for (const matches of undecided) {
    const best = matches.map((match) => ({ match, score: score(match, to) }))
      .sort((a, b) => b.score - a.score)[0]!;
    take(best.match, to);
  }
}

function matchesOf(walk: TreeWalk, page: BtreePage, states: readonly TableState[]): Match[] {
  const matches: Match[] = [];
  for (const state of states) {
    const { spec, lost, gaps } = state;
    if (lost.ranges.length === 0) continue;
    const rows = leafRows(walk, page, () => true, (row) => fits(spec, row))
      .filter((row) => row !== undefined);
    if (rows.length * 2 < page.cells.length) continue;
    // One missing row is enough: what the pages above promise may be wrong at its ends.
    if (rows.some(({ rowid }) => lost.has(rowid) || gaps.has(rowid))) matches.push({ state, rows });
  }
  const most = Math.max(...matches.map(likeness));
  return matches.filter((match) => likeness(match) === most);
}

/** Rows, those with every column counting a little more. */
function likeness({ state, rows }: Match): number {
  const full = rows.filter((row) => row.values.length === state.spec.columns.length);
  return rows.length + full.length / (rows.length + 1);
}

function take({ state, rows }: Match, to: RepairTarget): void {
  for (const row of rows) to.insert(state.spec, row);
  state.lost.remove(rows[0]!.rowid, rows.at(-1)!.rowid);
}

/** How many of the series have points. */
function score({ state, rows }: Match, to: RepairTarget): number {
  if (!state.spec.name.endsWith("_series")) return 0;
  const points = state.spec.name.replace("_series", "_points");
  const ids = new Set(
    to.rows(`SELECT DISTINCT series_id FROM ${points}`).map(([id]) => Number(id)),
  );
  return rows.filter((row) => ids.has(row.rowid)).length;
}
