/**
 * Keeps rollups in a cache, by the identity of the run file and the number of the series.
 *
 * @module
 */
import type { SqlValue } from "../../lib/store/driver.ts";
import type { Anchors } from "../../lib/store/metric_changes.ts";
import { FIELDS } from "./blocks.ts";
import { CacheDb, type CacheSession } from "./cache_db.ts";
import { type ChangedChunk, CHUNK_ENTRIES, type LoadChunk } from "./rollup_levels.ts";

/** A stored rollup. */
export interface StoredRollup {
  readonly rowId: number;
  /** Grows with every change, so that two writers never mix theirs. */
  readonly version: number;
  readonly rowCount: number;
  readonly anchors: RollupAnchors;
  readonly load: LoadChunk;
}

/** Anchors of both tables with points. */
export interface RollupAnchors {
  readonly points: Anchors;
  readonly nans: Anchors;
}

/** What is written. */
export interface RollupUpdate {
  readonly rowCount: number;
  readonly anchors: RollupAnchors;
  readonly chunks: readonly ChangedChunk[];
}

const DDL = `
CREATE TABLE IF NOT EXISTS rollup (
  id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, series INTEGER NOT NULL,
  version INTEGER NOT NULL, row_count INTEGER NOT NULL, points BLOB NOT NULL, nans BLOB NOT NULL,
  UNIQUE (file, series));
CREATE TABLE IF NOT EXISTS chunk (
  rollup INTEGER NOT NULL, level INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (rollup, level, chunk));
`;

/** When a rollup is made, and when it is stored again. */
export interface RollupTuning {
  /** Series up to this number of rows are read as they are each time. @default {8192} */
  readonly smallRows: number;
  /** So many new points are worth storing. @default {1024} */
  readonly worthStoring: number;
  /** So many rows that were looked at to find new points are worth storing. @default {8192} */
  readonly worthStoringScanned: number;
}

const DEFAULT_TUNING: RollupTuning = {
  smallRows: 8192,
  worthStoring: 1024,
  worthStoringScanned: 8192,
};

/** Beyond this the file is thrown away when a server starts. */
const MAX_BYTES = 2 ** 31;

/** Rollups in a cache. */
export class RollupStore implements Disposable {
  readonly cache: CacheDb;
  readonly tuning: RollupTuning;

  /** @param dir folder of the cache; absent: memory */
  constructor(dir: string | undefined, tuning: Partial<RollupTuning> = {}) {
    this.tuning = { ...DEFAULT_TUNING, ...tuning };
    this.cache = new CacheDb({ dir, name: "rollups-1.sqlite", ddl: DDL, maxBytes: MAX_BYTES });
  }

  /**
   * Begins to read a rollup; chunks can be loaded until {@linkcode end}, all of one state.
   *
   * @param file identity of the run file
   */
  begin(file: string, series: number): StoredRollup | undefined {
    return this.cache.attempt((cache) => {
      cache.exec("BEGIN");
      const find = cache.prepare(
        "SELECT id, version, row_count, points, nans FROM rollup WHERE file = ? AND series = ?",
      );
      const [id, version, rowCount, points, nans] = find.get(file, series) ?? [];
      if (id === undefined) return undefined;
      return {
        rowId: Number(id),
        version: Number(version),
        rowCount: Number(rowCount),
        anchors: { points: toFloats(points), nans: toFloats(nans) },
        load: (level, chunk) => this.#load(Number(id), level, chunk),
      };
    });
  }

  /** Ends what {@linkcode begin} began. */
  end(): void {
    this.cache.attempt((cache) => {
      try {
        cache.exec("ROLLBACK");
      } catch { // the connection was replaced meanwhile
      }
    });
  }

  /**
   * Stores a rollup; nothing happens when another process stored one since `from` was read.
   *
   * @param from what was read; absent: a new rollup takes the place of any other
   */
  put(file: string, series: number, update: RollupUpdate, from?: StoredRollup): void {
    this.cache.write((cache) => {
      const id = from === undefined
        ? replace(cache, file, series, update)
        : advance(cache, from, update);
      if (id === undefined) return;
      const put = cache.prepare(
        "INSERT OR REPLACE INTO chunk(rollup, level, chunk, data) VALUES (?, ?, ?, ?)",
      );
      for (const { level, chunk, data } of update.chunks) put.run(id, level, chunk, toBytes(data));
    });
  }

  [Symbol.dispose](): void {
    this.cache.close();
  }

  #load(rollup: number, level: number, chunk: number): Float64Array | undefined {
    return this.cache.attempt((cache) => {
      const find = cache.prepare(
        "SELECT data FROM chunk WHERE rollup = ? AND level = ? AND chunk = ?",
      );
      const data = toFloats(find.get(rollup, level, chunk)?.[0]);
      return data.length === CHUNK_ENTRIES * FIELDS ? data : undefined;
    });
  }
}

/** Removes an older rollup of the series and makes a new one. */
function replace(cache: CacheSession, file: string, series: number, update: RollupUpdate): number {
  const find = cache.prepare("SELECT id FROM rollup WHERE file = ? AND series = ?");
  const old = find.get(file, series)?.[0];
  if (old !== undefined) {
    cache.prepare("DELETE FROM chunk WHERE rollup = ?").run(old);
    cache.prepare("DELETE FROM rollup WHERE id = ?").run(old);
  }
  const insert = cache.prepare(
    "INSERT INTO rollup(file, series, version, row_count, points, nans) VALUES (?, ?, 1, ?, ?, ?)",
  );
  const { rowCount, anchors } = update;
  insert.run(file, series, rowCount, toBytes(anchors.points), toBytes(anchors.nans));
  return Number(find.get(file, series)![0]);
}

/** Moves a rollup to its next version; undefined when it is not the one that was read. */
function advance(
  cache: CacheSession,
  from: StoredRollup,
  update: RollupUpdate,
): number | undefined {
  const check = cache.prepare("SELECT 1 FROM rollup WHERE id = ? AND version = ?");
  if (check.get(from.rowId, from.version) === undefined) return undefined;
  const set = cache.prepare(
    "UPDATE rollup SET version = ?, row_count = ?, points = ?, nans = ? WHERE id = ?",
  );
  const { rowCount, anchors } = update;
  const [points, nans] = [toBytes(anchors.points), toBytes(anchors.nans)];
  set.run(from.version + 1, rowCount, points, nans, from.rowId);
  return from.rowId;
}

function toBytes(floats: Float64Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}

/** A copy: what a driver hands out may lie at any address. */
function toFloats(value: SqlValue | undefined): Float64Array {
  if (!(value instanceof Uint8Array)) return new Float64Array(0);
  const bytes = new Uint8Array(value.byteLength - value.byteLength % 8);
  bytes.set(value.subarray(0, bytes.length));
  return new Float64Array(bytes.buffer);
}
