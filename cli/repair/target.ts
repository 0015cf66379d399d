/**
 * The new file that a repair writes.
 *
 * @module
 */
import type { Db, SqlValue, Statement } from "../../lib/store/driver.ts";
import { openDb } from "../../lib/store/open.ts";
import { OWN_DDL, type OwnTable, SCHEMA_VERSION, SEED_DDL } from "../../lib/store/schema.ts";
import type { StoredValue } from "./sqlite_record.ts";
import type { TableSpec } from "./tables.ts";
import type { StoredRow } from "./tree_walk.ts";

/** A run file in the making. Nobody else sees it before it is complete. */
export class RepairTarget implements Disposable {
  readonly #path: string;
  readonly #db: Db;
  readonly #inserts = new Map<string, Statement>();
  readonly #made = new Set<string>();
  #open = true;

  /** @param path a file that does not exist yet */
  constructor(path: string) {
    this.#path = path;
    this.#db = openDb(path, { mode: "write" });
    this.#db.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF");
    this.#db.exec(SEED_DDL);
    this.#db.exec("DELETE FROM run_meta"); // what counts is what is recovered
    this.#db.exec("BEGIN");
  }

  /** Adds a row under the number it had; of two rows with one key the first one stays. */
  insert(table: TableSpec, row: StoredRow): void {
    this.#insertOf(table, row.values.length).run(
      row.rowid,
      ...row.values.filter((_, i) => !table.columns[i]!.isRowid).map(toSql),
    );
  }

  /** Makes a table of ours that the damaged file had. */
  make(table: TableSpec): void {
    if (this.#made.has(table.name) || !Object.hasOwn(OWN_DDL, table.name)) return;
    this.#db.exec(OWN_DDL[table.name as OwnTable]);
    this.#made.add(table.name);
  }

  /** Rows of a query. */
  rows(sql: string, ...params: SqlValue[]): SqlValue[][] {
    const statement = this.#db.prepare(sql);
    return statement.all(...params);
  }

  /** Names a series that has lost its row. */
  nameSeries(kind: "metric" | "string", id: SqlValue, path: string): void {
    const statement = this.#db.prepare(
      `INSERT OR IGNORE INTO ${kind}_series(id, path) VALUES (?, ?)`,
    );
    statement.run(id, path);
  }

  /** Sets a key of `run_meta` that was not recovered. @returns true when it was missing */
  setMissing(key: string, value: string): boolean {
    if (this.rows("SELECT 1 FROM run_meta WHERE key = ?", key).length > 0) return false;
    const statement = this.#db.prepare("INSERT INTO run_meta(key, value) VALUES (?, ?)");
    statement.run(key, value);
    return true;
  }

  /** Rows of a table; 0 when it was not made. */
  count(table: TableSpec): number {
    const isOwn = Object.hasOwn(OWN_DDL, table.name);
    if (isOwn && !this.#made.has(table.name)) return 0;
    return Number(this.rows(`SELECT count(*) FROM ${table.name}`)[0]![0]);
  }

  /** Completes the file. @returns what `integrity_check` says; "ok" if all is well */
  finish(): string {
    this.#db.exec(
      `UPDATE run_meta SET value = '${SCHEMA_VERSION}' WHERE key = 'schema_version'`,
    );
    this.#db.exec(SEED_DDL); // the new file is of our version, whatever the old one says
    this.#db.exec("COMMIT");
    this[Symbol.dispose]();
    // Another connection: statements of the first one would hold the tables.
    const db = openDb(this.#path, { mode: "write" });
    try {
      db.exec("PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE)");
      const check = db.prepare("PRAGMA integrity_check(1)");
      return String(check.all()[0]?.[0]);
    } finally {
      db.close();
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#db.close();
    this.#open = false;
  }

  #insertOf(table: TableSpec, columns: number): Statement {
    const key = `${table.name}/${columns}`;
    let statement = this.#inserts.get(key);
    if (statement === undefined) {
      this.make(table);
      const used = table.columns.slice(0, columns).filter((column) => !column.isRowid);
      const names = used.map((column) => column.name);
      // Texts come as bytes: not one of them is changed on the way.
      const values = used.map((column) => column.isText ? "CAST(? AS TEXT)" : "?");
      statement = this.#db.prepare(
        `INSERT OR IGNORE INTO ${table.name}(rowid, ${names}) VALUES (?, ${values})`,
      );
      this.#inserts.set(key, statement);
    }
    return statement;
  }
}

function toSql(value: StoredValue): SqlValue {
  if (value === null || typeof value !== "object") return value;
  return value.bytes.length === 0 ? "" : value.bytes; // some drivers take empty bytes for NULL
}
