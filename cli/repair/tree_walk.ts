/**
 * Walks the b-trees of a damaged file: what is whole is handed on, what is not is noted by the row
 * numbers that the pages above promise.
 *
 * @module
 */
import type { BtreePage, Cell } from "./btree_page.ts";
import type { PageSource } from "./page_source.ts";
import type { RangeSet } from "./ranges.ts";
import { decodeRecord, type StoredValue } from "./sqlite_record.ts";

/** More columns has no table of a run file. */
const MAX_COLUMNS = 16;
const MAX_DEPTH = 20;

/** A row of a table. */
export interface StoredRow {
  readonly rowid: number;
  readonly values: readonly StoredValue[];
}

/** What a walk works with. */
export interface TreeWalk {
  readonly source: PageSource;
  /** Pages that belong to a tree; no page belongs to two. */
  readonly visited: Set<number>;
}

/** A table being walked. */
export interface TableWalk extends TreeWalk {
  readonly lost: RangeSet;
  /** Numbers between the rows of two pages: where key and pointer are wrong, a page is missed. */
  readonly gaps?: RangeSet;
  fits(row: readonly StoredValue[]): boolean;
  onRow(row: StoredRow): void;
}

/** Walks a table from its root; rows come by row number. */
export function walkTable(walk: TableWalk, root: number): void {
  walkPage(walk, root, -Infinity, Infinity, 0);
}

/** @param after rows of the page are above it @param to and not above this */
function walkPage(walk: TableWalk, number: number, after: number, to: number, depth: number): void {
  const page = walk.visited.has(number) ? undefined : walk.source.btree(number);
  const from = after + 1;
  if (page === undefined || depth > MAX_DEPTH || !page.kind.startsWith("table")) {
    return walk.lost.add(from, to);
  }
  walk.visited.add(number);
  if (page.kind === "table-leaf") {
    if (takeLeaf(walk, page, from, to)) return;
    walk.visited.delete(number); // it is another table's
    return walk.lost.add(from, to);
  }
  let below = after;
  for (const [i, cell] of page.cells.entries()) {
    const key = cell?.rowid, next = nextKey(page.cells, i, below);
    const isOrdered = key !== undefined && key > below && key <= to && key < next;
    if (!isOrdered) { // whatever its child holds is found among the pages without a tree
      walk.lost.add(below + 1, Math.min(next, to));
      continue;
    }
    walkPage(walk, cell!.child!, below, key, depth + 1);
    below = key;
  }
  walkPage(walk, page.rightChild, below, to, depth + 1);
}

/** The first key behind a cell that is above `below`. */
function nextKey(cells: readonly (Cell | undefined)[], i: number, below: number): number {
  for (let k = i + 1; k < cells.length; k++) {
    const key = cells[k]?.rowid;
    if (key !== undefined && key > below) return key;
  }
  return Infinity;
}

/** @returns false when the page has rows and none of them is the table's */
function takeLeaf(walk: TableWalk, page: BtreePage, from: number, to: number): boolean {
  const within = leafRows(walk, page, (rowid) => rowid >= from && rowid <= to, walk.fits);
  const isWhole = within.every((row) => row !== undefined);
  const free = isWhole ? within : leafRows(walk, page, () => true, walk.fits);
  if (page.cells.length > 0 && !within.some(Boolean)) {
    const all = free.filter((row) => row !== undefined);
    if (all.length > 0) walk.lost.add(all[0]!.rowid, all.at(-1)!.rowid); // if nobody else has them
    return false;
  }
  // A page that is in order by itself is right, and the key above it wrong.
  const rows = countOf(free) > countOf(within) + 1 ? free : within;
  const first = rows.find((row) => row !== undefined);
  if (first !== undefined) walk.gaps?.add(from, first.rowid - 1);
  let next = from, gap = false;
  for (const row of rows) {
    if (row === undefined) gap = true;
    else {
      if (gap) walk.lost.add(next, row.rowid - 1);
      gap = false;
      next = row.rowid + 1;
      walk.onRow(row);
    }
  }
  if (gap) walk.lost.add(next, to);
  else walk.gaps?.add(next, to);
  return true;
}

function countOf(rows: readonly (StoredRow | undefined)[]): number {
  return rows.filter((row) => row !== undefined).length;
}

/**
 * Rows of a leaf, in order; undefined where one is not whole.
 *
 * @param inRange which row numbers may stand here
 */
export function leafRows(
  walk: TreeWalk,
  page: BtreePage,
  inRange: (rowid: number) => boolean,
  fits: (row: readonly StoredValue[]) => boolean,
): (StoredRow | undefined)[] {
  let last = -Infinity;
  return page.cells.map((cell, i) => {
    if (cell?.rowid === undefined || cell.rowid <= last || !inRange(cell.rowid)) return undefined;
    const next = page.cells[i + 1]?.rowid;
    if (next !== undefined && cell.rowid >= next && next > last) return undefined; // out of order
    const values = recordOf(walk, cell);
    if (values === undefined || !fits(values)) return undefined;
    last = cell.rowid;
    return { rowid: cell.rowid, values };
  });
}

function recordOf(walk: TreeWalk, cell: Cell): StoredValue[] | undefined {
  const pages: number[] = [];
  const bytes = walk.source.payload(cell.payload!, (page) => pages.push(page));
  const values = bytes && decodeRecord(bytes, MAX_COLUMNS);
  if (values !== undefined) { for (const page of pages) walk.visited.add(page); }
  return values;
}

/**
 * Walks the index of a table's key.
 *
 * @param onEntry gets the columns of an entry; the last one is the row number
 * @returns false when something of it is damaged
 */
export function walkIndex(
  walk: TreeWalk,
  root: number,
  onEntry: (values: readonly StoredValue[]) => void,
  depth: number = 0,
): boolean {
  const page = walk.visited.has(root) ? undefined : walk.source.btree(root);
  if (page === undefined || depth > MAX_DEPTH || !page.kind.startsWith("index")) return false;
  walk.visited.add(root);
  let whole = true;
  for (const cell of page.cells) {
    const values = cell && recordOf(walk, cell);
    if (cell?.child !== undefined) {
      whole = walkIndex(walk, cell.child, onEntry, depth + 1) && whole;
    }
    if (values === undefined) whole = false;
    else onEntry(values);
  }
  if (page.kind === "index") {
    whole = walkIndex(walk, page.rightChild, onEntry, depth + 1) && whole;
  }
  return whole;
}
