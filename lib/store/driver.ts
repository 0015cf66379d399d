/**
 * The seam to SQLite: all a store needs of a driver, as narrow as it goes.
 *
 * @module
 */

/** What can be bound to a statement. Booleans, dates and `undefined` are converted before. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A prepared statement. Hold it in a variable as long as it is used. */
export interface Statement {
  /** Runs a statement that returns no rows. */
  run(...params: SqlValue[]): void;
  /** All rows, each an array in column order. Integers beyond 2^53 come as bigint when `bigints` was set. */
  all(...params: SqlValue[]): SqlValue[][];
  /** The first row, or undefined. */
  get(...params: SqlValue[]): SqlValue[] | undefined;
}

/** One connection. */
export interface Db {
  /** Runs SQL text that binds nothing; several statements may stand in it. */
  exec(sql: string): void;
  /**
   * Prepares a statement.
   *
   * @param options.bigints integers are returned as bigint (for columns of foreign files)
   */
  prepare(sql: string, options?: { readonly bigints?: boolean }): Statement;
  close(): void;
}

/** How a connection is opened. */
export interface OpenOptions {
  /** `write` creates the file when absent; `immutable` is only for files nobody writes. */
  readonly mode: "read" | "write" | "immutable";
  /** How long a locked database is waited for, in ms. @default {5000} */
  readonly busyTimeoutMs?: number;
}

/** A way to SQLite. */
export interface Driver {
  readonly name: string;
  /**
   * Opens `path` (`:memory:` for a private database in memory).
   *
   * @throws {StoreError} when the file cannot be opened
   */
  open(path: string, options: OpenOptions): Db;
}
