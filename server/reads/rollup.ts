/**
 * Downsamples a series of any length in the time its answer takes: from the stored summaries of its
 * blocks, brought up to date with what was written since. The answer is the same to the last bit
 * with and without stored summaries.
 *
 * @module
 */
import { findChanges, takeAnchors } from "../../lib/store/metric_changes.ts";
import type { PointColumns, RunReader } from "../../lib/store/run_reader.ts";
import {
  append,
  BLOCK_ROWS,
  blockRows,
  FIELDS,
  MAX_LEVEL,
  type PieceSource,
  STEP_FIRST,
  STEP_LAST,
  summarizeRange,
  summarizeRows,
  TS_FIRST,
  TS_MIDDLE,
} from "./blocks.ts";
import {
  downsample,
  type Downsampled,
  type DownsampleRequest,
  planWindow,
  rowsSource,
  type SeriesSource,
} from "./downsample.ts";
import { type ReadRows, RollupLevels, RollupLost } from "./rollup_levels.ts";
import type { RollupAnchors, RollupStore, RollupTuning, StoredRollup } from "./rollup_store.ts";

/** Buckets from this size on are cheaper to put together than to read, wherever they begin. */
const UNALIGNED_ROWS = 4 * BLOCK_ROWS;

/** What bringing a rollup up to date came to. */
interface Refreshed {
  readonly levels: RollupLevels;
  /** True when nothing of what was stored went into it. */
  readonly isNew: boolean;
  /** Undefined when there is nothing worth storing, or nothing to go by next time. */
  readonly anchors: RollupAnchors | undefined;
}

/**
 * Downsamples one series of an open run.
 *
 * @param store where summaries are kept
 * @param path a path without series gives an empty answer
 * @throws {UsageError} when the request is not sensible
 */
export function downsampleSeries(
  store: RollupStore,
  run: RunReader,
  path: string,
  request: DownsampleRequest,
): Downsampled {
  const id = run.metrics.seriesId(path);
  if (id === undefined) return downsample(rowsSource(NO_ROWS), planWindow(0, request));
  return run.snapshot(() => {
    const file = fileIdentity(run);
    const stored = store.begin(file, id);
    let refreshed: Refreshed;
    let result: Downsampled;
    try {
      if (stored === undefined) {
        const { smallRows } = store.tuning;
        const rows = run.metrics.columns(id, -Infinity, Infinity, smallRows + 1);
        const total = rows.step.length;
        if (total <= smallRows) return downsample(rowsSource(rows), planWindow(total, request));
      }
      ({ refreshed, result } = fromLevels(run, id, request, stored, store.tuning));
    } finally {
      store.end();
    }
    const { levels, isNew, anchors } = refreshed;
    if (anchors !== undefined) {
      const from = isNew ? undefined : stored;
      const chunks = levels.changedChunks();
      store.put(file, id, { rowCount: levels.rowCount, anchors, chunks }, from);
    }
    return result;
  });
}

function fromLevels(
  run: RunReader,
  id: number,
  request: DownsampleRequest,
  stored: StoredRollup | undefined,
  tuning: RollupTuning,
): { refreshed: Refreshed; result: Downsampled } {
  try {
    const refreshed = stored === undefined ? build(run, id) : refresh(run, id, stored, tuning);
    return { refreshed, result: answer(refreshed.levels, rowsOf(run, id), request) };
  } catch (error) {
    if (stored === undefined || !(error instanceof RollupLost)) throw error;
    return fromLevels(run, id, request, undefined, tuning); // the cache lost a part of it
  }
}

function answer(
  levels: RollupLevels,
  readRows: ReadRows,
  request: DownsampleRequest,
): Downsampled {
  const window = planWindow(levels.rowCount, request);
  const source = new LevelsSource(levels, readRows);
  const { bucketRows } = window;
  const isAligned = window.first % BLOCK_ROWS === 0 && bucketRows >= BLOCK_ROWS;
  if (bucketRows === 1 || isAligned || bucketRows >= UNALIGNED_ROWS) {
    return downsample(source, window);
  }
  // small buckets that begin within blocks: it is quicker to read all rows of the window in one go
  const rows = source.rows(window.first, window.last + 1);
  return downsample(rowsSource(rows, window.first), window);
}

function build(run: RunReader, id: number): Refreshed {
  const levels = new RollupLevels();
  levels.rebuildFrom(0, rowsOf(run, id));
  levels.refreshParents([], 0);
  return { levels, isNew: true, anchors: anchorsOf(run) };
}

/** Reads again what was written since the rollup was stored. */
function refresh(
  run: RunReader,
  id: number,
  stored: StoredRollup,
  tuning: RollupTuning,
): Refreshed {
  const levels = new RollupLevels(stored.rowCount, stored.load);
  if (levels.rowCount === 0) return build(run, id);
  const lastStep = levels.field(1, levels.blockCount - 1, STEP_LAST);
  const { points, nans } = stored.anchors;
  const all = [findChanges(run.db, "metric_points", points, id, lastStep, levels.rowCount)];
  if (run.metrics.hasNanTable) {
    all.push(findChanges(run.db, "gs_metric_nans", nans, id, lastStep, levels.rowCount));
  }
  if (all.some((changes) => changes.steps === undefined)) return build(run, id);
  const steps = Float64Array.from(all.flatMap((changes) => [...changes.steps!])).sort();
  const appended = all.some((changes) => changes.appended);
  const before = levels.rowCount;
  rereadBlocks(levels, steps, appended, rowsOf(run, id));
  const suspicious = all.some((changes) => changes.suspicious);
  if (suspicious && !hasRows(run, id, levels.rowCount)) return build(run, id);
  const scanned = all.reduce((sum, changes) => sum + changes.scanned, 0);
  const written = levels.rowCount - before + steps.length;
  const worthIt = suspicious || written >= tuning.worthStoring ||
    scanned >= tuning.worthStoringScanned;
  return { levels, isNew: false, anchors: worthIt ? anchorsOf(run) : undefined };
}

/** Counts in the index alone if that will do: it is three times as quick. */
function hasRows(run: RunReader, id: number, rowCount: number): boolean {
  return run.metrics.indexedCount(id) === rowCount || run.metrics.count(id) === rowCount;
}

/** Reads the blocks that hold `steps` again, and all behind the first one that changed its length. */
function rereadBlocks(
  levels: RollupLevels,
  steps: Float64Array,
  appended: boolean,
  readRows: ReadRows,
): void {
  const last = levels.blockCount - 1;
  const touched: number[] = [];
  for (const step of steps) {
    const block = levels.blockOfStep(step);
    if (block !== touched.at(-1)) touched.push(block);
  }
  // a last block that is whole stays when points are only appended
  const firstNew = levels.rowCount % BLOCK_ROWS === 0 ? last + 1 : last;
  let rebuild = appended ? firstNew : Infinity;
  if (touched.at(-1) === last) rebuild = Math.min(rebuild, last);
  const many = touched.length > 16 && touched.length > levels.blockCount / 4;
  const reread: number[] = [];
  for (const block of touched) {
    if (block >= rebuild) break;
    if (many || !levels.refreshBlock(block, readRows)) {
      rebuild = block;
      break;
    }
    reread.push(block);
  }
  if (rebuild !== Infinity) levels.rebuildFrom(rebuild, readRows);
  if (rebuild !== Infinity || reread.length > 0) levels.refreshParents(reread, rebuild);
}

function rowsOf(run: RunReader, id: number): ReadRows {
  return (from, to, limit, skip) => run.metrics.columns(id, from, to, limit, skip);
}

function anchorsOf(run: RunReader): RollupAnchors | undefined {
  const points = takeAnchors(run.db, "metric_points");
  const nans = run.metrics.hasNanTable
    ? takeAnchors(run.db, "gs_metric_nans")
    : new Float64Array(0);
  return points === undefined || nans === undefined ? undefined : { points, nans };
}

/**
 * What must stay the same for row numbers to mean the same rows: the file itself, its tables (a
 * VACUUM counts), and the run in it.
 */
function fileIdentity(run: RunReader): string {
  const { dev, ino } = run.state;
  const cookie = run.db.prepare("PRAGMA schema_version");
  const meta = run.meta();
  return JSON.stringify([dev, ino, cookie.get()?.[0], meta.get("run_id"), meta.get("created_at")]);
}

const NO_ROWS: PointColumns = {
  step: new Float64Array(0),
  y: new Float64Array(0),
  tsMs: new Float64Array(0),
};

/** A series as summaries of its blocks, with its rows within reach. */
class LevelsSource implements SeriesSource {
  readonly #levels: RollupLevels;
  readonly #readRows: ReadRows;
  readonly #pieces: PieceSource;
  /** The block whose rows were read last: two neighbouring buckets share one. */
  #read: { readonly block: number; readonly rows: PointColumns } | undefined;

  constructor(levels: RollupLevels, readRows: ReadRows) {
    this.#levels = levels;
    this.#readRows = readRows;
    this.#pieces = {
      appendRows: (from, to, out) => this.#appendRows(from, to, out),
      appendBlock: (level, index, out) => levels.appendBlock(level, index, out),
    };
  }

  summarize(from: number, to: number, out: Float64Array): void {
    summarizeRange(this.#pieces, from, to, out);
  }

  timeOf(row: number): number {
    for (let level = MAX_LEVEL; level >= 1; level--) {
      const size = blockRows(level);
      const index = Math.floor(row / size);
      if (level > 1 && (index + 1) * size > this.#levels.rowCount) continue;
      if (row % size === 0) return this.#levels.field(level, index, TS_FIRST);
      if (row % size === size / 2) return this.#levels.field(level, index, TS_MIDDLE);
    }
    return this.rows(row, row + 1).tsMs[0]!;
  }

  rows(from: number, to: number): PointColumns {
    const skip = from % BLOCK_ROWS;
    const start = this.#levels.field(1, Math.floor(from / BLOCK_ROWS), STEP_FIRST);
    return this.#readRows(start, Infinity, to - from, skip);
  }

  #appendRows(from: number, to: number, out: Float64Array): void {
    const block = Math.floor(from / BLOCK_ROWS);
    if (from % BLOCK_ROWS === 0 && to === this.#levels.rowCount) {
      return this.#levels.appendBlock(1, block, out); // the last one, which is not whole
    }
    const start = block * BLOCK_ROWS;
    const part = new Float64Array(FIELDS);
    summarizeRows(this.#block(block), from - start, to - start, part, 0);
    append(out, part);
  }

  #block(block: number): PointColumns {
    if (this.#read?.block !== block) {
      const from = this.#levels.field(1, block, STEP_FIRST);
      this.#read = { block, rows: this.#readRows(from, Infinity, BLOCK_ROWS) };
    }
    return this.#read.rows;
  }
}
