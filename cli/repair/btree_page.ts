/**
 * Pages of SQLite's b-trees, as far as they are whole. Pure: every length and place is checked
 * against the page before it is used.
 *
 * @module
 */
import { readVarint } from "./sqlite_record.ts";

/** Kind of a b-tree page. */
export type PageKind = "table" | "table-leaf" | "index" | "index-leaf";

const KINDS: ReadonlyMap<number, PageKind> = new Map([
  [2, "index"],
  [5, "table"],
  [10, "index-leaf"],
  [13, "table-leaf"],
]);

/** Payload of a cell: the part in the page, and where the rest is. */
export interface Payload {
  readonly local: Uint8Array;
  /** Bytes of the whole payload. */
  readonly totalBytes: number;
  /** First overflow page; 0 when all is local. */
  readonly overflow: number;
}

/** One cell of a page; which fields it has depends on the kind of the page. */
export interface Cell {
  /** Interior pages: the page with what comes before this cell; may lie outside the file. */
  readonly child?: number;
  /** Tables. */
  readonly rowid?: number;
  /** All but interior pages of tables. */
  readonly payload?: Payload;
}

/** A b-tree page. */
export interface BtreePage {
  readonly kind: PageKind;
  /** In order; undefined where a cell lies out of the page or makes no sense. */
  readonly cells: readonly (Cell | undefined)[];
  /** Interior pages: the page behind the last cell. */
  readonly rightChild: number;
}

/** What is the same for all pages of a file. */
export interface PageShape {
  /** Bytes of a page that SQLite uses. */
  readonly usableBytes: number;
  /** Pages of the file. */
  readonly pageCount: number;
}

/**
 * Reads a page.
 *
 * @param start where its header is: 100 on page 1, else 0
 * @returns undefined when it is no page of a b-tree
 */
export function parsePage(
  page: Uint8Array,
  start: number,
  shape: PageShape,
): BtreePage | undefined {
  const kind = KINDS.get(page[start] ?? 0);
  if (kind === undefined) return undefined;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const isLeaf = kind === "table-leaf" || kind === "index-leaf";
  const pointers = start + (isLeaf ? 8 : 12);
  const count = view.getUint16(start + 3);
  if (pointers + count * 2 > shape.usableBytes) return undefined;
  const cells: (Cell | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const at = view.getUint16(pointers + i * 2);
    const inside = at >= pointers + count * 2 && at < shape.usableBytes;
    cells.push(inside ? parseCell(page, view, at, kind, shape) : undefined);
  }
  const rightChild = isLeaf ? 0 : view.getUint32(start + 8);
  return { kind, cells, rightChild };
}

function parseCell(
  page: Uint8Array,
  view: DataView,
  start: number,
  kind: PageKind,
  shape: PageShape,
): Cell | undefined {
  const inner = kind === "table" || kind === "index";
  if (inner && start + 4 > shape.usableBytes) return undefined;
  const child = inner ? view.getUint32(start) : 0;
  const at = start + (inner ? 4 : 0);
  if (kind === "table") {
    const rowid = readVarint(page, at);
    return rowid === undefined ? undefined : { child, rowid: rowid.value };
  }
  const size = readVarint(page, at);
  if (size === undefined || size.value < 1) return undefined;
  if (size.value > shape.pageCount * shape.usableBytes) return undefined;
  const rowid = kind === "table-leaf" ? readVarint(page, size.next) : undefined;
  if (kind === "table-leaf" && rowid === undefined) return undefined;
  const from = rowid?.next ?? size.next;
  const local = localBytes(size.value, kind === "table-leaf", shape.usableBytes);
  const end = from + local;
  const spills = local < size.value;
  if (end + (spills ? 4 : 0) > shape.usableBytes) return undefined;
  const overflow = spills ? view.getUint32(end) : 0;
  if (spills && (overflow < 2 || overflow > shape.pageCount)) return undefined;
  const payload = { local: page.subarray(from, end), totalBytes: size.value, overflow };
  return {
    payload,
    ...(inner ? { child } : {}),
    ...(rowid === undefined ? {} : { rowid: rowid.value }),
  };
}

/** How much of a payload is in the page (SQLite's file format, "cell payload overflow"). */
function localBytes(total: number, isTable: boolean, usable: number): number {
  const most = isTable ? usable - 35 : Math.floor((usable - 12) * 64 / 255) - 23;
  if (total <= most) return total;
  const least = Math.floor((usable - 12) * 32 / 255) - 23;
  const local = least + (total - least) % (usable - 4);
  return local <= most ? local : least;
}
