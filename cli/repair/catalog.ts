/**
 * Where the tables of a damaged file begin: by its schema, or, where that is damaged, by the places
 * they have in every file of ours.
 *
 * @module
 */
import { RangeSet } from "./ranges.ts";
import type { StoredValue } from "./sqlite_record.ts";
import { fits, type TableSpec } from "./tables.ts";
import { leafRows, type TreeWalk, walkTable } from "./tree_walk.ts";

/** Tables of a file and their roots. */
export interface Catalog {
  /** Tables that the file has, or may have had. */
  readonly tables: readonly TableSpec[];
  readonly roots: ReadonlyMap<string, number>;
  readonly indexRoots: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

const COLUMNS = 5, TYPE = 0, NAME = 1, TABLE = 2, ROOT = 3;

/** Reads the schema of a file. */
export function readCatalog(walk: TreeWalk, known: readonly TableSpec[]): Catalog {
  const roots = new Map<string, number>(), indexRoots = new Map<string, number>();
  const lost = new RangeSet(), other: string[] = [];
  walkTable({
    ...walk,
    lost,
    fits: (row) => row.length === COLUMNS && typeof row[ROOT] === "number",
    onRow({ values }) {
      const name = textOf(values[NAME]), table = textOf(values[TABLE]), type = textOf(values[TYPE]);
      const root = Number(values[ROOT]);
      const isKnown = known.some((spec) => spec.name === table);
      if (isKnown && type === "table") roots.set(table, root);
      else if (isKnown && name.startsWith("sqlite_autoindex_")) indexRoots.set(table, root);
      else if (type === "table" && !name.startsWith("sqlite_")) other.push(name);
    },
  }, 1);
  const whole = lost.ranges.length === 0 &&
    known.every((spec) => spec.usualRoot === undefined || roots.has(spec.name));
  const notes = other.map((name) =>
    `the table ${JSON.stringify(name)} is none of a run file; ` +
    "it was left out"
  );
  if (whole) {
    return { tables: known.filter((spec) => roots.has(spec.name)), roots, indexRoots, notes };
  }
  guessRoots(walk, known, roots, indexRoots);
  notes.push("the list of tables is damaged; tables were recognised by their place and their rows");
  return { tables: known, roots, indexRoots, notes };
}

function guessRoots(
  walk: TreeWalk,
  known: readonly TableSpec[],
  roots: Map<string, number>,
  indexRoots: Map<string, number>,
): void {
  const taken = new Set([...roots.values(), ...indexRoots.values()]);
  for (const spec of known) {
    const { name, usualRoot, usualIndexRoot } = spec;
    if (usualRoot !== undefined && !roots.has(name) && !taken.has(usualRoot)) {
      if (beginsWithRowsOf(walk, spec, usualRoot)) roots.set(name, usualRoot);
    }
    if (usualIndexRoot !== undefined && !indexRoots.has(name) && !taken.has(usualIndexRoot)) {
      if (walk.source.btree(usualIndexRoot)?.kind.startsWith("index") === true) {
        indexRoots.set(name, usualIndexRoot);
      }
    }
  }
}

/** Goes down on the left and looks at the rows there. */
function beginsWithRowsOf(walk: TreeWalk, spec: TableSpec, root: number): boolean {
  let page = walk.source.btree(root);
  for (let depth = 0; page?.kind === "table" && depth < 20; depth++) {
    page = walk.source.btree(page.cells[0]?.child ?? page.rightChild);
  }
  if (page?.kind !== "table-leaf") return false;
  if (page.cells.length === 0) return true;
  const looking = { source: walk.source, visited: new Set<number>() };
  return leafRows(looking, page, () => true, (row) => fits(spec, row)).some(Boolean);
}

function textOf(value: StoredValue | undefined): string {
  const isText = value !== null && typeof value === "object" && value.kind === "text";
  return isText ? new TextDecoder().decode(value.bytes) : "";
}
