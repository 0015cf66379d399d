/**
 * A few read Workers: started when they are needed, replaced when they break, ended when asked.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { GoodseedError, messageOf } from "../../lib/errors.ts";
import type { PageQuery } from "./queries.ts";
import type { FromWorker, ToWorker, WireAnswer, WorkerSetup } from "./read_worker.ts";
import type { ReadQuery } from "./types.ts";
import { fromWire } from "./wire_error.ts";

/** How a pool works. */
export interface PoolOptions extends WorkerSetup {
  /** Number of Workers. */
  readonly size: number;
  /** Longest time for one answer, in ms; a Worker that takes longer is replaced. @default {300000} */
  readonly timeoutMs?: number;
  /** The Worker's file. @default read_worker beside this file */
  readonly workerUrl?: URL;
}

interface Job {
  readonly id: number;
  readonly query: ReadQuery | PageQuery;
  readonly resolve: (answer: WireAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A pool of read Workers. */
export class ReadPool {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  #closed = false;
  #lastId = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.size }, () => new Slot(options));
  }

  /**
   * Has a question answered by the Worker that is least busy; by the same one for the same run when
   * there is a choice, because it has the file's pages at hand.
   *
   * @throws {GoodseedError} of any kind the answer ended with
   */
  ask(query: ReadQuery | PageQuery, signal?: AbortSignal): Promise<WireAnswer> {
    signal?.throwIfAborted();
    if (this.#closed) throw new GoodseedError("reading runs: the reads were closed");
    const preferred = "ref" in query
      ? hash(`${query.ref.project}/${query.ref.runId}`) % this.#slots.length
      : 0;
    let slot = this.#slots[preferred]!;
    for (const other of this.#slots) if (other.load < slot.load) slot = other;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const abort = (): void => slot.forget(id, signal!.reason);
      const settled = (): void => signal?.removeEventListener("abort", abort);
      slot.add({
        id,
        query,
        resolve: (answer) => (settled(), resolve(answer)),
        reject: (error) => (settled(), reject(error)),
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Ends the Workers; questions under way are answered with an error. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  /** Number of Workers that are running; for tests and diagnostics. */
  get running(): number {
    return this.#slots.filter((slot) => slot.isRunning).length;
  }

  /** Longest time for one answer, in ms. */
  get timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }
}

const DEFAULT_TIMEOUT_MS = 300_000;
const CLOSE_TIMEOUT_MS = 2000;

/** One place for a Worker, with the questions that wait for it. */
class Slot {
  readonly #options: PoolOptions;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #current: Job | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get load(): number {
    return this.#waiting.length + (this.#current === undefined ? 0 : 1);
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    this.#next();
  }

  /** Nobody waits for the answer any more. */
  forget(id: number, reason: unknown): void {
    const at = this.#waiting.findIndex((job) => job.id === id);
    if (at >= 0) this.#waiting.splice(at, 1)[0]!.reject(reason);
    else if (this.#current?.id === id) this.#current.reject(reason); // its answer is dropped
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    const gone = new GoodseedError("reading runs: the reads were closed");
    for (const job of this.#waiting.splice(0)) job.reject(gone);
    this.#settle()?.reject(gone);
    this.#worker = undefined;
    if (worker === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ended = new Promise<void>((resolve) => {
      worker.once("exit", () => resolve());
      worker.on("message", (message: FromWorker) => "closed" in message && resolve());
    });
    const late = new Promise((resolve) => timer = setTimeout(resolve, CLOSE_TIMEOUT_MS));
    worker.postMessage({ close: true } satisfies ToWorker);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    await worker.terminate();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#current = job;
    try {
      const worker = this.#worker ??= this.#start();
      const ms = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      this.#timer = setTimeout(() => this.#giveUp(ms), ms);
      worker.postMessage({ id: job.id, query: job.query } satisfies ToWorker);
    } catch (error) {
      this.#broken(`could not be started: ${messageOf(error)}`);
    }
  }

  #start(): Worker {
    const { projectsDir, cacheDir, workerUrl } = this.#options;
    const setup: WorkerSetup = { projectsDir, cacheDir };
    const worker = new Worker(workerUrl ?? WORKER_URL, { workerData: setup });
    const ended = (what: string): void => {
      if (this.#worker === worker) this.#broken(what);
    };
    worker.on("message", (message: FromWorker) => this.#take(worker, message));
    worker.on("error", (error: unknown) => ended(`broke: ${wordsOf(error)}`));
    worker.on("exit", () => ended("ended unexpectedly"));
    // An idle Worker keeps no process alive; while it works, the timer does. `unref()` comes once and
    // last: on Deno 2.4 it has no effect after a `ref()`, on Bun a new listener undoes it.
    worker.unref();
    return worker;
  }

  #take(worker: Worker, message: FromWorker): void {
    if (worker !== this.#worker || "closed" in message || message.id !== this.#current?.id) return;
    const job = this.#settle()!;
    if ("error" in message) job.reject(fromWire(message.error));
    else job.resolve(message.answer);
    this.#next();
  }

  #giveUp(ms: number): void {
    this.#broken(`took longer than ${ms / 1000} s and was stopped`);
  }

  /** The Worker is given up; the next question gets a new one. */
  #broken(what: string): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate().catch(() => {}); // it may have ended by itself
    this.#settle()?.reject(new GoodseedError(`reading runs: the read worker ${what}; try again`));
    this.#next();
  }

  /** Takes away the question under way. */
  #settle(): Job | undefined {
    clearTimeout(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    return job;
  }
}

/** Deno 2.4 hands out errors of a Worker that are no errors, nor have a text form. */
function wordsOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" && message !== "" ? message : "unknown error";
}

/** In the bundle all files lie flat in one folder. */
const WORKER_URL = new URL(
  "./read_worker." + (import.meta.url.endsWith(".js") ? "js" : "ts"),
  import.meta.url,
);

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) >>> 0;
  return value;
}
