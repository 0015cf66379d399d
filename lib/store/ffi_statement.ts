/**
 * Statements of the system's SQLite library: binding values, stepping, reading columns.
 *
 * @module
 */
import { quoted, StoreError } from "../errors.ts";
import type { Pointer } from "../runtime/ffi.ts";
import type { SqlValue, Statement } from "./driver.ts";
import {
  SQLITE_DONE,
  SQLITE_OK,
  SQLITE_ROW,
  type SqliteLibrary,
  TRANSIENT,
  TYPE_BLOB,
  TYPE_FLOAT,
  TYPE_INTEGER,
  TYPE_TEXT,
} from "./sqlite_library.ts";

const MAX_BYTES = 0x7fff_ffff;
/** Address of no bytes: a null pointer would mean NULL. */
const NO_BYTES = new Uint8Array(1);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One connection and what its statements need of it. */
export class FfiConnection {
  readonly library: SqliteLibrary;
  readonly handle: Pointer;
  readonly path: string;
  #closed = false;

  constructor(library: SqliteLibrary, handle: Pointer, path: string) {
    this.library = library;
    this.handle = handle;
    this.path = path;
  }

  /** Closes the connection; nothing that belongs to it may be used afterwards. */
  close(): void {
    this.use();
    this.#closed = true;
    this.library.symbols.sqlite3_close_v2(this.handle);
  }

  /** @throws {StoreError} when the connection is closed: its handles point nowhere */
  use(): SqliteLibrary {
    if (this.#closed) throw new StoreError("database is not open", this.path);
    return this.library;
  }

  /** The error that SQLite reports for the call just made; plain, as `node:sqlite` throws them. */
  error(): Error {
    return new Error(lastMessage(this.library, this.handle));
  }

  /** @throws {Error} when `code` is not success */
  check(code: number): void {
    if (code !== SQLITE_OK) throw this.error();
  }
}

/** What SQLite says about the last call on a connection. */
export function lastMessage(library: SqliteLibrary, handle: Pointer): string {
  const message = library.symbols.sqlite3_errmsg(handle);
  return message === null ? "unknown SQLite error" : library.memory.cString(message);
}

/** A prepared statement of the system's library. */
export class FfiStatement implements Statement {
  readonly #connection: FfiConnection;
  readonly #handle: Pointer;
  readonly #bigints: boolean;

  constructor(connection: FfiConnection, handle: Pointer, bigints: boolean) {
    this.#connection = connection;
    this.#handle = handle;
    this.#bigints = bigints;
  }

  run(...params: SqlValue[]): void {
    this.#start(params);
    try {
      while (this.#step());
    } finally {
      this.#reset();
    }
  }

  all(...params: SqlValue[]): SqlValue[][] {
    const rows: SqlValue[][] = [];
    this.#start(params);
    try {
      while (this.#step()) rows.push(this.#row());
    } finally {
      this.#reset();
    }
    return rows;
  }

  get(...params: SqlValue[]): SqlValue[] | undefined {
    this.#start(params);
    try {
      return this.#step() ? this.#row() : undefined;
    } finally {
      this.#reset();
    }
  }

  #start(params: readonly SqlValue[]): void {
    this.#connection.use().symbols.sqlite3_clear_bindings(this.#handle);
    for (let i = 0; i < params.length; i++) {
      this.#connection.check(this.#bind(i + 1, params[i] as SqlValue));
    }
  }

  #bind(index: number, value: SqlValue): number {
    const { symbols } = this.#connection.library;
    const at = this.#handle;
    if (value === null) return symbols.sqlite3_bind_null(at, index);
    switch (typeof value) {
      case "number":
        // `| 0`: Deno 2.4 does not take -0 for an integer
        if ((value | 0) === value) return symbols.sqlite3_bind_int(at, index, value | 0);
        return Number.isSafeInteger(value)
          ? symbols.sqlite3_bind_int64(at, index, BigInt(value))
          : symbols.sqlite3_bind_double(at, index, value);
      case "bigint":
        if (BigInt.asIntN(64, value) !== value) {
          throw new RangeError(`binding ${value}: an integer column holds 64 bits`);
        }
        return symbols.sqlite3_bind_int64(at, index, value);
      case "string": {
        const bytes = this.#sized(encoder.encode(value));
        const address = bytes.length === 0 ? NO_BYTES : bytes;
        return symbols.sqlite3_bind_text(at, index, address, bytes.length, TRANSIENT);
      }
    }
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`binding ${quoted(value)}: use a number, bigint, string, bytes or null`);
    }
    const bytes = this.#sized(value);
    if (bytes.length === 0) return symbols.sqlite3_bind_zeroblob(at, index, 0);
    return symbols.sqlite3_bind_blob(at, index, bytes, bytes.length, TRANSIENT);
  }

  #sized(bytes: Uint8Array): Uint8Array {
    if (bytes.length <= MAX_BYTES) return bytes;
    throw new RangeError(`binding a value of ${bytes.length} bytes: at most ${MAX_BYTES}`);
  }

  /** True when there is a row to read. */
  #step(): boolean {
    const code = this.#connection.library.symbols.sqlite3_step(this.#handle);
    if (code === SQLITE_ROW) return true;
    if (code === SQLITE_DONE) return false;
    throw this.#connection.error();
  }

  /** Ends the read, so that nothing stays locked. */
  #reset(): void {
    this.#connection.library.symbols.sqlite3_reset(this.#handle);
  }

  #row(): SqlValue[] {
    const count = this.#connection.library.symbols.sqlite3_column_count(this.#handle);
    const row: SqlValue[] = new Array(count);
    for (let i = 0; i < count; i++) row[i] = this.#column(i);
    return row;
  }

  #column(index: number): SqlValue {
    const { symbols } = this.#connection.library;
    switch (symbols.sqlite3_column_type(this.#handle, index)) {
      case TYPE_INTEGER:
        return this.#bigints
          ? symbols.sqlite3_column_int64(this.#handle, index)
          : this.#safeInteger(index);
      case TYPE_FLOAT:
        return symbols.sqlite3_column_double(this.#handle, index);
      case TYPE_TEXT:
        return decoder.decode(
          this.#bytes(symbols.sqlite3_column_text(this.#handle, index), index),
        );
      case TYPE_BLOB:
        return this.#bytes(symbols.sqlite3_column_blob(this.#handle, index), index);
      default:
        return null;
    }
  }

  /** An integer as a number: read as a double, which is exact up to 2^53. */
  #safeInteger(index: number): number {
    const { symbols } = this.#connection.library;
    const value = symbols.sqlite3_column_double(this.#handle, index);
    if (Number.isSafeInteger(value)) return value;
    const exact = symbols.sqlite3_column_int64(this.#handle, index);
    throw new RangeError(
      `reading ${exact}: too large for a number; prepare the statement with bigints`,
    );
  }

  #bytes(address: Pointer | null, index: number): Uint8Array<ArrayBuffer> {
    const { symbols, memory } = this.#connection.library;
    const length = symbols.sqlite3_column_bytes(this.#handle, index);
    return address === null ? new Uint8Array(0) : memory.bytes(address, length);
  }
}
