/**
 * Starts the reading side of a server: answers of the contract's §5 from the run files of one
 * projects folder, computed in Workers.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { cacheHome } from "./cache_home.ts";
import { ReadPool } from "./pool.ts";
import { type PageQuery, Queries } from "./queries.ts";
import type { WireAnswer } from "./read_worker.ts";
import type { ReadQuery, ReadResult, Reads } from "./types.ts";

/** How reads are started. */
export interface StartReadsOptions {
  /** The folder of all projects; it need not exist yet. */
  readonly projectsDir: string;
  /** Number of Workers; 0: answers are computed in the calling thread. @default 2 to 4, by cores */
  readonly workers?: number;
  /** Folder for caches; `null`: memory. @default see {@linkcode cacheHome} */
  readonly cacheDir?: string | null;
}

/** Reads that can be closed, and questions that can be given up. */
export interface RunReads extends Reads {
  /** @param signal gives the question up; the promise is rejected with its reason */
  query(query: ReadQuery, signal?: AbortSignal): Promise<ReadResult>;
  /** Ends the Workers. */
  close(): Promise<void>;
}

/** Asks for an answer or one page of it. */
type Ask = (query: ReadQuery | PageQuery, signal?: AbortSignal) => Promise<WireAnswer>;

/** Starts the reads; Workers are started with the first questions. */
export function startReads(options: StartReadsOptions): RunReads {
  const { projectsDir, workers = defaultWorkers() } = options;
  const cacheDir = options.cacheDir === undefined
    ? cacheHome(projectsDir).dir
    : options.cacheDir ?? undefined;
  if (workers === 0) return inlineReads(new Queries(projectsDir, cacheDir));
  const pool = new ReadPool({ projectsDir, cacheDir, size: workers });
  return readsOver((query, signal) => pool.ask(query, signal), () => pool.close());
}

/** Reads that compute in the calling thread; for tests and for short commands. */
export function inlineReads(queries: Queries): RunReads {
  const ask: Ask = (query, signal) => {
    signal?.throwIfAborted();
    return Promise.resolve(queries.answer(query));
  };
  return readsOver(ask, () => Promise.resolve(queries[Symbol.dispose]()));
}

function defaultWorkers(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

function readsOver(ask: Ask, close: () => Promise<void>): RunReads {
  return {
    async query(query, signal) {
      const { etag, text, next } = await ask(query, signal);
      if (next !== undefined) return { etag, body: stream(ask, text, next, signal) };
      return { etag, body: typeof text === "string" ? text : new TextDecoder().decode(text) };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One page is asked for whenever the reader has taken the one before. */
function stream(
  ask: Ask,
  first: string | Uint8Array<ArrayBuffer>,
  second: PageQuery,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  let text: string | Uint8Array<ArrayBuffer> | undefined = first;
  let next: PageQuery | undefined = second;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // a page without a byte must not end the pull: nobody would ask again
      while (text === undefined || text.length === 0) {
        if (next === undefined) return controller.close();
        ({ text, next } = await ask(next, signal));
      }
      controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
      text = undefined;
      if (next === undefined) controller.close();
    },
  }, { highWaterMark: 0 });
}
