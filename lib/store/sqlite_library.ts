/**
 * The system's SQLite library: its functions that the driver calls, its constants, and finding it.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { type FfiLibrary, openLibrary } from "../runtime/ffi.ts";

/** Names under which the library is looked for. */
const NAMES = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib"] as const;

/** Result codes. */
export const SQLITE_OK = 0;
export const SQLITE_ROW = 100;
export const SQLITE_DONE = 101;

/** Flags of `sqlite3_open_v2`. */
export const OPEN_READONLY = 0x1;
export const OPEN_READWRITE_CREATE = 0x2 | 0x4;
export const OPEN_URI = 0x40;

/** Types of a column's value. */
export const TYPE_INTEGER = 1;
export const TYPE_FLOAT = 2;
export const TYPE_TEXT = 3;
export const TYPE_BLOB = 4;

/** As a destructor: SQLite copies the bytes before the call returns. */
export const TRANSIENT = -1n;

const DB = "pointer";
const STATEMENT = "pointer";

const SYMBOLS = {
  sqlite3_open_v2: { parameters: ["buffer", "buffer", "i32", "pointer"], result: "i32" },
  sqlite3_close_v2: { parameters: [DB], result: "i32" },
  sqlite3_busy_timeout: { parameters: [DB, "i32"], result: "i32" },
  sqlite3_errmsg: { parameters: [DB], result: "pointer" },
  sqlite3_exec: { parameters: [DB, "buffer", "pointer", "pointer", "pointer"], result: "i32" },
  sqlite3_prepare_v2: {
    parameters: [DB, "buffer", "i32", "buffer", "pointer"],
    result: "i32",
  },
  sqlite3_step: { parameters: [STATEMENT], result: "i32" },
  sqlite3_reset: { parameters: [STATEMENT], result: "i32" },
  sqlite3_clear_bindings: { parameters: [STATEMENT], result: "i32" },
  sqlite3_finalize: { parameters: [STATEMENT], result: "i32" },
  sqlite3_bind_null: { parameters: [STATEMENT, "i32"], result: "i32" },
  sqlite3_bind_int: { parameters: [STATEMENT, "i32", "i32"], result: "i32" },
  sqlite3_bind_int64: { parameters: [STATEMENT, "i32", "i64"], result: "i32" },
  sqlite3_bind_double: { parameters: [STATEMENT, "i32", "f64"], result: "i32" },
  sqlite3_bind_text: { parameters: [STATEMENT, "i32", "buffer", "i32", "i64"], result: "i32" },
  sqlite3_bind_blob: { parameters: [STATEMENT, "i32", "buffer", "i32", "i64"], result: "i32" },
  sqlite3_bind_zeroblob: { parameters: [STATEMENT, "i32", "i32"], result: "i32" },
  sqlite3_column_count: { parameters: [STATEMENT], result: "i32" },
  sqlite3_column_type: { parameters: [STATEMENT, "i32"], result: "i32" },
  sqlite3_column_int64: { parameters: [STATEMENT, "i32"], result: "i64" },
  sqlite3_column_double: { parameters: [STATEMENT, "i32"], result: "f64" },
  sqlite3_column_text: { parameters: [STATEMENT, "i32"], result: "pointer" },
  sqlite3_column_blob: { parameters: [STATEMENT, "i32"], result: "pointer" },
  sqlite3_column_bytes: { parameters: [STATEMENT, "i32"], result: "i32" },
} as const;

/** The opened library. */
export type SqliteLibrary = FfiLibrary<typeof SYMBOLS>;

let loaded: SqliteLibrary | string | undefined;

/**
 * Opens the library at the first call.
 *
 * @returns the library, or why there is none
 */
export function sqliteLibrary(): SqliteLibrary | string {
  return loaded ??= load();
}

function load(): SqliteLibrary | string {
  const faults: string[] = [];
  const library = openLibrary(NAMES, SYMBOLS, {
    onFailure: (name, error) => faults.push(`${name}: ${messageOf(error)}`),
  });
  return library ?? faults[0] ?? "this runtime cannot call native libraries";
}
