/**
 * What rows of the known tables look like; learned from the schema itself.
 *
 * @module
 */
import { openDb } from "../../lib/store/open.ts";
import { OWN_DDL, SEED_DDL } from "../../lib/store/schema.ts";
import type { StoredValue } from "./sqlite_record.ts";

/** A column. */
export interface ColumnSpec {
  readonly name: string;
  readonly isText: boolean;
  readonly nullable: boolean;
  /** The column that is the row number; a row holds NULL in its place. */
  readonly isRowid: boolean;
}

/** A table. */
export interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  /** Where a file made by our schema has it; undefined for tables made on demand. */
  readonly usualRoot: number | undefined;
  /** Where such a file has the index of its key. */
  readonly usualIndexRoot: number | undefined;
}

/** All tables of a run file. */
export function runTables(): readonly TableSpec[] {
  const db = openDb(":memory:", { mode: "write" });
  try {
    db.exec(SEED_DDL);
    const rootOf = db.prepare(
      "SELECT rootpage FROM sqlite_master WHERE tbl_name = ? AND type = ?",
    );
    const names = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT NULL",
    );
    const usual = new Map(
      names.all().map(([name]) => [
        String(name),
        [rootOf.all(name!, "table")[0]?.[0], rootOf.all(name!, "index")[0]?.[0]].map((root) =>
          root === undefined ? undefined : Number(root)
        ),
      ]),
    );
    usual.delete("sqlite_sequence");
    for (const ddl of Object.values(OWN_DDL)) db.exec(ddl);
    const info = db.prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?)`);
    return [...usual.keys(), ...Object.keys(OWN_DDL)].map((name) => ({
      name,
      columns: info.all(name).map(([column, type, notNull, pk]) => ({
        name: String(column),
        isText: type === "TEXT",
        nullable: Number(notNull) === 0 && Number(pk) === 0,
        isRowid: type === "INTEGER" && Number(pk) === 1 && column === "id",
      })),
      usualRoot: usual.get(name)?.[0],
      usualIndexRoot: usual.get(name)?.[1],
    }));
  } finally {
    db.close();
  }
}

/** True when a row can be one of that table. Versions before 1 had no column `uploaded`. */
export function fits(table: TableSpec, row: readonly StoredValue[]): boolean {
  const { columns } = table;
  if (row.length > columns.length) return false;
  if (row.length < columns.length) {
    if (row.length !== columns.length - 1 || columns.at(-1)?.name !== "uploaded") return false;
  }
  return row.every((value, i) => fitsColumn(columns[i]!, value));
}

function fitsColumn(column: ColumnSpec, value: StoredValue): boolean {
  if (column.isRowid) return value === null;
  if (value === null) return column.nullable;
  if (typeof value === "object") return column.isText && value.kind === "text";
  if (column.isText || typeof value === "bigint") return false; // nothing of ours is beyond 2^53
  if (column.name === "series_id") return Number.isInteger(value) && Number(value) >= 1;
  return column.name !== "uploaded" || value === 0 || value === 1;
}
