/**
 * Opens SQLite databases through the driver in use: `node:sqlite`, or the system's library with
 * `GOODSEED_SQLITE=ffi`.
 *
 * @module
 */
import process from "node:process";
import { quoted, UsageError } from "../errors.ts";
import type { Db, Driver, OpenOptions } from "./driver.ts";
import { ffiDriver } from "./driver_ffi.ts";
import { nodeDriver } from "./driver_node.ts";

let driver: Driver | undefined;

/** The driver in use; decided at the first call. */
export function currentDriver(): Driver {
  return driver ??= pickDriver(process.env.GOODSEED_SQLITE);
}

function pickDriver(name: string | undefined): Driver {
  switch (name) {
    case undefined:
    case "":
    case "node":
      return nodeDriver;
    case "ffi":
      return ffiDriver;
    default:
      throw new UsageError(
        `choosing the SQLite driver: GOODSEED_SQLITE is ${quoted(name)}; use "node" or "ffi"`,
      );
  }
}

/**
 * Opens a database.
 *
 * @param path file, or `:memory:`
 * @throws {StoreError} when it cannot be opened
 */
export function openDb(path: string, options: OpenOptions): Db {
  return currentDriver().open(path, options);
}

/** Runs `work` in one transaction; any error rolls it back and goes on to the caller. */
export function transaction<T>(db: Db, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      db.exec("ROLLBACK");
    } catch { // SQLite has rolled back by itself (disk full, I/O error)
    }
    throw error;
  }
}
