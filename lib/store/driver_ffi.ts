/**
 * SQLite through the system's own library (`libsqlite3`), for systems whose SQLite has to be used;
 * chosen by `GOODSEED_SQLITE=ffi`. Deno and Bun.
 *
 * @module
 */
import { quoted, StoreError } from "../errors.ts";
import type { Pointer } from "../runtime/ffi.ts";
import type { Db, Driver, OpenOptions, Statement } from "./driver.ts";
import { FfiConnection, FfiStatement, lastMessage } from "./ffi_statement.ts";
import { sqliteFileUri } from "./file_uri.ts";
import {
  OPEN_READONLY,
  OPEN_READWRITE_CREATE,
  OPEN_URI,
  SQLITE_OK,
  type SqliteLibrary,
  sqliteLibrary,
} from "./sqlite_library.ts";

const DEFAULT_BUSY_TIMEOUT_MS = 5000;
const MAX_INT32 = 0x7fff_ffff;

const encoder = new TextEncoder();

function cString(text: string): Uint8Array {
  return encoder.encode(text + "\0");
}

class FfiDb implements Db {
  readonly #connection: FfiConnection;
  /** Statements not yet finalised: an open one would keep the file open after `close()`. */
  readonly #open = new Set<Pointer>();
  readonly #forgotten: FinalizationRegistry<Pointer>;

  constructor(connection: FfiConnection) {
    this.#connection = connection;
    const { symbols } = connection.library;
    const open = this.#open;
    this.#forgotten = new FinalizationRegistry((statement) => {
      if (open.delete(statement)) symbols.sqlite3_finalize(statement);
    });
  }

  exec(sql: string): void {
    const { symbols } = this.#connection.use();
    this.#connection.check(
      symbols.sqlite3_exec(this.#connection.handle, cString(sql), null, null, null),
    );
  }

  prepare(sql: string, options: { readonly bigints?: boolean } = {}): Statement {
    const { handle, path } = this.#connection;
    const { symbols, memory } = this.#connection.use();
    const out = new BigUint64Array(1);
    this.#connection.check(
      symbols.sqlite3_prepare_v2(handle, cString(sql), -1, out, null),
    );
    const pointer = memory.toPointer(out[0] ?? 0n);
    if (pointer === null) throw new StoreError(`no SQL statement in ${quoted(sql)}`, path);
    this.#open.add(pointer);
    const statement = new FfiStatement(this.#connection, pointer, options.bigints === true);
    this.#forgotten.register(statement, pointer);
    return statement;
  }

  close(): void {
    const { symbols } = this.#connection.use();
    for (const statement of this.#open) symbols.sqlite3_finalize(statement);
    this.#open.clear();
    this.#connection.close();
  }
}

/** Why the driver cannot be used on this machine; undefined when it can. */
export function ffiDriverProblem(): string | undefined {
  const library = sqliteLibrary();
  return typeof library === "string" ? library : undefined;
}

/** The driver over the system's SQLite library. */
export const ffiDriver: Driver = {
  name: "ffi",
  open(path: string, options: OpenOptions): Db {
    const library = sqliteLibrary();
    if (typeof library === "string") {
      throw new StoreError(
        `cannot open ${quoted(path)} with GOODSEED_SQLITE=ffi: ${library}; ` +
          "install the SQLite library (package libsqlite3-0), or unset GOODSEED_SQLITE",
        path,
      );
    }
    const connection = connect(library, path, options.mode);
    const busyMs = Math.max(0, Math.trunc(options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS));
    library.symbols.sqlite3_busy_timeout(connection.handle, Math.min(busyMs, MAX_INT32));
    return new FfiDb(connection);
  },
};

function connect(library: SqliteLibrary, path: string, mode: OpenOptions["mode"]): FfiConnection {
  if (path.includes("\0")) throw new StoreError(`cannot open ${quoted(path)}: a NUL in it`, path);
  const immutable = mode === "immutable";
  const name = immutable ? sqliteFileUri(path, "immutable=1") : path;
  const flags = (mode === "write" ? OPEN_READWRITE_CREATE : OPEN_READONLY) |
    (immutable ? OPEN_URI : 0);
  const out = new BigUint64Array(1);
  const code = library.symbols.sqlite3_open_v2(cString(name), out, flags, null);
  const handle = library.memory.toPointer(out[0] ?? 0n);
  if (code === SQLITE_OK && handle !== null) return new FfiConnection(library, handle, path);
  const why = handle === null ? "out of memory" : lastMessage(library, handle);
  if (handle !== null) library.symbols.sqlite3_close_v2(handle); // a failed open has one, too
  throw new StoreError(`cannot open ${quoted(path)}: ${why}`, path);
}
