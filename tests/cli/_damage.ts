/** Damaging run files in tests: what is on which page, and what a repair must bring back. */
import { readFileSync, writeFileSync } from "node:fs";
import { PageSource } from "../../cli/repair/page_source.ts";
import type { SqlValue } from "../../lib/store/driver.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunFile } from "../../lib/store/run_file.ts";

/** `table:rowid` → the row as a text. */
export type Rows = ReadonlyMap<string, string>;

const PAGE = 4096;

/** A generator of numbers below `limit`, the same for the same seed. */
export function seeded(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

/** Makes a closed run file that uses every kind of row: metrics, texts, long ones, tables of ours. */
export function makeLargeRun(path: string, points: number = 6000): void {
  const file = RunFile.create(path);
  fillRun(file, points);
  file.close();
}

/** Fills a run file in many transactions, so that tables and indexes take turns on the disk. */
export function fillRun(file: RunFile, points: number, from: number = 0): void {
  for (const [key, value] of [["run_id", "r"], ["project", "p"], ["status", "finished"]]) {
    file.transaction(() => file.setMeta(key!, value!));
  }
  for (let start = from; start < from + points; start += 500) {
    file.transaction(() => {
      for (let i = start; i < start + 500; i++) {
        const id = file.seriesId("metric", `train/loss-${i % 3}`);
        file.putPoint(id, i, Math.sin(i), 1_795_196_532.5 + i);
        if (i % 10 === 0) {
          file.putText(file.seriesId("string", "notes"), i, `line ${i} é`, 1_795_196_532 + i);
        }
        if (i % 900 === 0) {
          file.putText(file.seriesId("string", "long"), i, "ß".repeat(9000 + i), 1.5);
          file.putPoint(id, i + 0.5, NaN, 3);
        }
        if (i % 50 === 0) {
          file.putConfig(`configs/key-${i}`, "int", String(i), "2026-11-21T00:00:00+00:00");
          file.addEvent("note", i, null);
          file.addLogLine({
            ts: i,
            level: "info",
            message: `message ${i}`,
            stream: null,
            writer: null,
            seq: i,
            extra: null,
          });
        }
      }
    });
  }
}

/** All rows of all tables. */
export function allRows(path: string): Rows {
  const db = openDb(path, { mode: "read" });
  try {
    const list = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    );
    const rows = new Map<string, string>();
    for (const [name] of list.all()) {
      const query = db.prepare(`SELECT rowid AS row, * FROM ${name}`, { bigints: true });
      for (const row of query.all()) rows.set(`${name}:${row[0]}`, rowText(row));
    }
    return rows;
  } finally {
    db.close();
  }
}

function rowText(row: readonly SqlValue[]): string {
  return JSON.stringify(row.map((value) => typeof value === "bigint" ? Number(value) : value));
}

/** Page number → rows that are gone when the page is; made from the undamaged file. */
export function rowsByPage(path: string, rows: Rows): ReadonlyMap<number, readonly string[]> {
  const db = openDb(path, { mode: "read" });
  const list = db.prepare("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'");
  const roots = list.all().map(([name, root]) => [String(name), Number(root)] as const)
    .filter(([name]) => !name.startsWith("sqlite_"));
  db.close();
  using source = new PageSource(path);
  const map = new Map<number, string[]>();
  const note = (page: number, row: string): void => {
    map.set(page, [...map.get(page) ?? [], row]);
  };
  const found = new Set<string>();
  const visit = (table: string, number: number): void => {
    const page = source.btree(number)!;
    for (const cell of page.cells) {
      if (page.kind === "table") visit(table, cell!.child!);
      else {
        const row = `${table}:${cell!.rowid}`;
        found.add(row);
        note(number, row);
        source.payload(cell!.payload!, (overflow) => note(overflow, row));
      }
    }
    if (page.kind === "table") visit(table, page.rightChild);
  };
  for (const [table, root] of roots) visit(table, root);
  if (found.size !== rows.size) throw new Error(`${found.size} rows on pages, not ${rows.size}`);
  return map;
}

/** Changes the bytes of a file. */
export function damage(path: string, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): void {
  writeFileSync(path, change(new Uint8Array(readFileSync(path))));
}

/** Fills pages with zeros; pages count from 1. */
export function zeroPages(bytes: Uint8Array, pages: Iterable<number>): Uint8Array {
  for (const page of pages) bytes.fill(0, (page - 1) * PAGE, page * PAGE);
  return bytes;
}

/** Pages of a file. */
export function pageCount(path: string): number {
  return readFileSync(path).length / PAGE;
}
