/**
 * The summaries of all blocks of one series, level by level, in chunks that are loaded when they are
 * needed and remember that they were changed.
 *
 * @module
 */
import type { PointColumns } from "../../lib/store/run_reader.ts";
import { nextUp } from "../../lib/store/read_values.ts";
import {
  append,
  BLOCK_ROWS,
  blockRows,
  FIELDS,
  MAX_LEVEL,
  type PieceSource,
  STEP_FIRST,
  STEP_LAST,
  summarizeBlock,
  summarizeRows,
  TS_FIRST,
  TS_MIDDLE,
} from "./blocks.ts";

/** Summaries in a chunk. */
export const CHUNK_ENTRIES = 256;

/** Thrown when a chunk that must be there is not: the rollup has to be built anew. */
export class RollupLost extends Error {
  override readonly name = "RollupLost";
}

/** Loads a stored chunk. */
export type LoadChunk = (level: number, chunk: number) => Float64Array | undefined;

/** Reads rows of the series: steps from `from` to `to`, both inclusive, `limit` behind `skip`. */
export type ReadRows = (
  from: number,
  to: number,
  limit: number,
  skip?: number,
) => PointColumns;

/** A chunk that was changed. */
export interface ChangedChunk {
  readonly level: number;
  readonly chunk: number;
  readonly data: Float64Array;
}

/** Rows that are read at once while building; a multiple of the rows in a block. */
const BUILD_ROWS = 768 * BLOCK_ROWS;

/** Summaries of the blocks of one series. Level 1 has a last block that is not whole. */
export class RollupLevels implements PieceSource {
  #rowCount: number;
  readonly #load: LoadChunk;
  /** By level and number of the chunk. */
  readonly #chunks: (Float64Array | undefined)[][] = Array.from(
    { length: MAX_LEVEL + 1 },
    () => [],
  );
  readonly #changed: Set<number>[] = this.#chunks.map(() => new Set());

  /**
   * @param rowCount rows of the series that the stored chunks cover
   * @param load finds a stored chunk
   */
  constructor(rowCount: number = 0, load: LoadChunk = () => undefined) {
    this.#rowCount = rowCount;
    this.#load = load;
  }

  /** Rows that are covered. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Blocks of level 1, the last one perhaps not whole. */
  get blockCount(): number {
    return Math.ceil(this.#rowCount / BLOCK_ROWS);
  }

  /** One field of a summary. */
  field(level: number, index: number, field: number): number {
    return this.#chunk(level, index)[place(index) + field]!;
  }

  /** Puts a block behind `out`. */
  appendBlock(level: number, index: number, out: Float64Array): void { // hot: bench/reads.ts
    append(out, this.#chunk(level, index), place(index));
  }

  /** Never asked for: blocks of level 1 are stored. */
  appendRows(): void {
    throw new RollupLost("a block of level 1 is missing");
  }

  /** The block of level 1 in which a step lies or would lie; 0 when it is in front of all. */
  blockOfStep(step: number): number {
    let low = 0, high = this.blockCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.field(1, middle, STEP_FIRST) <= step) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Chunks that were changed since the levels were loaded. */
  changedChunks(): ChangedChunk[] {
    return this.#changed.flatMap((chunks, level) =>
      [...chunks].map((chunk) => ({ level, chunk, data: this.#chunks[level]![chunk]! }))
    );
  }

  /**
   * Reads a whole block again.
   *
   * @returns false when it no longer has its number of rows: all behind it has moved
   */
  refreshBlock(index: number, readRows: ReadRows): boolean {
    const from = index === 0 ? -Infinity : this.field(1, index, STEP_FIRST);
    const next = this.field(1, index + 1, STEP_FIRST);
    const rows = readRows(from, next, BLOCK_ROWS + 2);
    // the first row of the next block comes along and must be the same one
    if (rows.step.length !== BLOCK_ROWS + 1 || rows.step[BLOCK_ROWS] !== next) return false;
    this.#set(1, index, (out, at) => summarizeRows(rows, 0, BLOCK_ROWS, out, at));
    return true;
  }

  /** Reads all rows again from a block of level 1 on. */
  rebuildFrom(block: number, readRows: ReadRows): void {
    let from = block === 0 ? -Infinity : nextUp(this.field(1, block - 1, STEP_LAST));
    let count = block * BLOCK_ROWS;
    for (;;) {
      const rows = readRows(from, Infinity, BUILD_ROWS);
      const read = rows.step.length;
      for (let at = 0; at < read; at += BLOCK_ROWS) {
        const end = Math.min(read, at + BLOCK_ROWS);
        this.#set(1, (count + at) / BLOCK_ROWS, (out, place) => {
          summarizeRows(rows, at, end, out, place);
        });
      }
      count += read;
      if (read < BUILD_ROWS || rows.step[read - 1] === Infinity) break;
      from = nextUp(rows.step[read - 1]!);
    }
    this.#rowCount = count;
  }

  /**
   * Brings the upper levels up to date.
   *
   * @param blocks blocks of level 1 that were changed
   * @param from all blocks from this one on were changed
   */
  refreshParents(blocks: readonly number[], from: number): void {
    const summary = new Float64Array(FIELDS);
    for (let level = 2; level <= MAX_LEVEL; level++) {
      const children = BLOCK_ROWS ** (level - 1);
      const whole = Math.floor(this.#rowCount / blockRows(level));
      const changed = new Set(blocks.map((block) => Math.floor(block / children)));
      for (let i = Math.floor(from / children); i < whole; i++) changed.add(i);
      for (const index of changed) {
        if (index >= whole) continue;
        summarizeBlock(this, level, index, summary);
        summary[TS_MIDDLE] = this.field(level - 1, (index + 0.5) * BLOCK_ROWS, TS_FIRST);
        this.#set(level, index, (out, at) => out.set(summary, at));
      }
    }
  }

  #set(level: number, index: number, write: (out: Float64Array, at: number) => void): void {
    const chunk = Math.floor(index / CHUNK_ENTRIES);
    const data = place(index) === 0 ? this.#newChunk(level, chunk) : this.#chunk(level, index);
    this.#changed[level]!.add(chunk);
    write(data, place(index));
  }

  /** A new chunk, or an old one whose first entry is written: those behind it are still needed. */
  #newChunk(level: number, chunk: number): Float64Array {
    const chunks = this.#chunks[level]!;
    return chunks[chunk] ??= this.#load(level, chunk) ?? new Float64Array(CHUNK_ENTRIES * FIELDS);
  }

  #chunk(level: number, index: number): Float64Array {
    const chunk = Math.floor(index / CHUNK_ENTRIES);
    const chunks = this.#chunks[level]!;
    const data = chunks[chunk] ??= this.#load(level, chunk);
    if (data === undefined) throw new RollupLost(`chunk ${chunk} of level ${level} is missing`);
    return data;
  }
}

function place(index: number): number {
  return (index % CHUNK_ENTRIES) * FIELDS;
}
