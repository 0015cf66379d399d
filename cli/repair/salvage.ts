/**
 * Saves what is left of a damaged run file into a new one.
 *
 * First each table from its root down. Where pages on the way are damaged, the leaves below are
 * looked for among all pages that belong to no tree, by the shape and the numbers of their rows:
 * so nothing on a whole page is lost, whatever happened to the pages above it.
 *
 * @module
 */
import { PageSource } from "./page_source.ts";
import { type Range, RangeSet } from "./ranges.ts";
import { findOrphans } from "./orphans.ts";
import { type Catalog, readCatalog } from "./catalog.ts";
import { nameLostSeries, takeSeriesFromIndex } from "./series.ts";
import { fits, runTables, type TableSpec } from "./tables.ts";
import { RepairTarget } from "./target.ts";
import { walkIndex, walkTable } from "./tree_walk.ts";

/** What became of one table. */
export interface TableReport {
  readonly name: string;
  readonly recovered: number;
  /** Rows that are known to be missing, by the index of the table; undefined: not known. */
  readonly lostRows: number | undefined;
  /**
   * Row numbers that could not be read, not all of them need to have existed; undefined where
   * nothing tells which numbers the table had.
   */
  readonly lost: readonly Range[] | undefined;
}

/** What became of a file. */
export interface SalvageReport {
  readonly tables: readonly TableReport[];
  readonly recovered: number;
  /** What else is to be known, a sentence each. */
  readonly notes: readonly string[];
  /** What SQLite says about the new file. */
  readonly integrity: string;
}

/** A table on the way through a repair. */
export interface TableState {
  readonly spec: TableSpec;
  readonly lost: RangeSet;
  /** Numbers without rows; most of them never had one. */
  readonly gaps: RangeSet;
  /** Entries of a whole index. */
  indexed: number | undefined;
}

/**
 * Reads a damaged file into a new one.
 *
 * @param damaged file that nobody writes; its log is looked for beside it
 * @param target path of the new file, which must not exist
 * @param runId id of the run, should the file have lost it
 */
export function salvage(damaged: string, target: string, runId: string): SalvageReport {
  using source = new PageSource(damaged);
  using to = new RepairTarget(target);
  const visited = new Set<number>();
  const walk = { source, visited };
  const catalog = readCatalog(walk, runTables());
  const states = catalog.tables.map((spec) => ({
    spec,
    lost: new RangeSet(),
    gaps: new RangeSet(),
    indexed: undefined,
  }));
  for (const state of states) readTable(state, catalog, walk, to);
  markFreePages(source, visited);
  for (const state of states) countIndex(state, catalog, walk, to);
  if (states.some((state) => state.lost.ranges.length > 0)) findOrphans(walk, states, to);
  const notes = [...source.notes, ...catalog.notes, ...nameLostSeries(to)];
  const tables = states.map((state) => reportOf(state, catalog, to)).filter((table) =>
    table !== undefined
  );
  const recovered = tables.reduce((sum, table) => sum + table.recovered, 0);
  if (to.setMissing("run_id", runId)) notes.push(`the id of the run is lost; it is now ${runId}`);
  return { tables, recovered, notes, integrity: to.finish() };
}

type Walk = { readonly source: PageSource; readonly visited: Set<number> };

function readTable(state: TableState, catalog: Catalog, walk: Walk, to: RepairTarget): void {
  const { spec, lost, gaps } = state;
  const root = catalog.roots.get(spec.name);
  if (root === undefined) return lost.add(-Infinity, Infinity);
  walkTable({
    ...walk,
    lost,
    gaps,
    fits: (row) => fits(spec, row),
    onRow: (row) => to.insert(spec, row),
  }, root);
}

/** Pages that are free may still hold rows that were deleted: they are left alone. */
function markFreePages(source: PageSource, visited: Set<number>): void {
  const head = source.page(1);
  if (head === undefined || head[0] !== 0x53) return; // "S" of the header
  let trunk = viewOf(head).getUint32(32);
  while (trunk > 0 && !visited.has(trunk)) {
    const page = source.page(trunk);
    if (page === undefined) return;
    visited.add(trunk);
    const view = viewOf(page), leaves = Math.min(view.getUint32(4), page.length / 4 - 2);
    for (let i = 0; i < leaves; i++) visited.add(view.getUint32(8 + i * 4));
    trunk = view.getUint32(0);
  }
}

function countIndex(state: TableState, catalog: Catalog, walk: Walk, to: RepairTarget): void {
  const root = catalog.indexRoots.get(state.spec.name);
  if (root === undefined) return;
  let entries = 0;
  const whole = walkIndex(walk, root, (values) => {
    entries++;
    takeSeriesFromIndex(state, values, to);
  });
  if (whole) state.indexed = entries;
}

/** Undefined for a table that the file may never have had. */
function reportOf(state: TableState, catalog: Catalog, to: RepairTarget): TableReport | undefined {
  const { spec: { name, usualRoot }, indexed } = state;
  const recovered = to.count(state.spec);
  const isFound = catalog.roots.has(name);
  if (recovered === 0 && !isFound && usualRoot === undefined) return undefined;
  const lostRows = indexed === undefined ? undefined : Math.max(0, indexed - recovered);
  const lost = lostRows === 0 ? [] : isFound ? state.lost.ranges : undefined;
  return { name, recovered, lostRows, lost };
}

function viewOf(page: Uint8Array): DataView {
  return new DataView(page.buffer, page.byteOffset, page.byteLength);
}
