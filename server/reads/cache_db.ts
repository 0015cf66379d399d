/**
 * A SQLite database that may be thrown away at any time: several processes may use it at once; a
 * broken one is deleted and made anew; when the disk is full or cannot be written, memory has to do.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import type { Db, Statement } from "../../lib/store/driver.ts";
import { openDb } from "../../lib/store/open.ts";
import { isDamaged, isLocked } from "../../lib/store/open_reader.ts";

/** What a cache is. */
export interface CacheDbOptions {
  /** Folder of the file; absent: the cache is kept in memory. */
  readonly dir?: string | undefined;
  /** File name; it carries the version of the tables. */
  readonly name: string;
  /** `CREATE TABLE IF NOT EXISTS` statements. */
  readonly ddl: string;
  /** A file larger than this when it is opened is thrown away. @default {Infinity} */
  readonly maxBytes?: number;
  /** How long other processes are waited for, in ms. @default {2000} */
  readonly busyTimeoutMs?: number;
}

const MAX_RESETS = 3;

/** A database whose loss does no harm. */
export class CacheDb implements Disposable {
  readonly #options: CacheDbOptions;
  readonly #statements = new Map<string, Statement>();
  #path: string | undefined;
  #db: Db | undefined;
  #resets = 0;
  #trouble: string | undefined;

  constructor(options: CacheDbOptions) {
    this.#options = options;
    this.#path = options.dir === undefined ? undefined : join(options.dir, options.name);
  }

  /** Where the cache is: a file, or undefined for memory. */
  get path(): string | undefined {
    return this.#path;
  }

  /** The last thing that went wrong, for diagnostics. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Does something with the cache, and nothing else: any error is taken for one of the cache.
   *
   * @returns undefined when the cache could not be used this time
   */
  attempt<T>(work: (cache: CacheSession) => T): T | undefined {
    try {
      return work(this.#session());
    } catch (error) {
      this.#recover(error);
      return undefined;
    }
  }

  /** Like {@linkcode attempt}, in one transaction that excludes other writers. */
  write<T>(work: (cache: CacheSession) => T): T | undefined {
    return this.attempt((cache) => {
      cache.exec("BEGIN IMMEDIATE");
      const result = work(cache); // after an error, recovering closes the connection
      cache.exec("COMMIT");
      return result;
    });
  }

  /** Closes the cache; it opens again when it is used. */
  close(): void {
    this.#statements.clear();
    const db = this.#db;
    this.#db = undefined;
    try {
      db?.close();
    } catch { // whatever it was: the file is not needed to be whole
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #session(): CacheSession {
    const db = this.#db ??= this.#open();
    return {
      exec: (sql) => db.exec(sql),
      prepare: (sql) => {
        let statement = this.#statements.get(sql);
        if (statement === undefined) this.#statements.set(sql, statement = db.prepare(sql));
        return statement;
      },
    };
  }

  #open(): Db {
    const { ddl, maxBytes = Infinity, busyTimeoutMs = 2000 } = this.#options;
    const db = openDb(this.#path ?? ":memory:", { mode: "write", busyTimeoutMs });
    try {
      if (this.#path !== undefined) db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
      db.exec(`PRAGMA cache_size=-8000; ${ddl}`);
      if (sizeOf(db) <= maxBytes) return db;
      throw new TooLarge("the cache has grown beyond its bound");
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #recover(error: unknown): void {
    this.#trouble = messageOf(error);
    this.close();
    if (this.#path === undefined || isLocked(error)) return;
    const useless = isDamaged(error) || error instanceof TooLarge ||
      /no such (table|column)|has no column/.test(this.#trouble);
    if (useless && this.#resets++ < MAX_RESETS && removeDb(this.#path)) return;
    this.#path = undefined; // full, read-only, or broken again and again
  }
}

/** Access to a cache within one piece of work. */
export interface CacheSession {
  exec(sql: string): void;
  /** Prepared once and kept. */
  prepare(sql: string): Statement;
}

class TooLarge extends Error {
  override readonly name = "TooLarge";
}

function sizeOf(db: Db): number {
  const pages = db.prepare("PRAGMA page_count");
  const bytes = db.prepare("PRAGMA page_size");
  return Number(pages.get()?.[0] ?? 0) * Number(bytes.get()?.[0] ?? 0);
}

function removeDb(path: string): boolean {
  try {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
    return true;
  } catch { // not ours to remove: memory has to do
    return false;
  }
}
