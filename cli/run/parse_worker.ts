/**
 * Matches printed lines against patterns in a thread of its own, because a bad pattern may take for
 * ever on a line, and nothing can stop it there.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { LinePattern } from "./parse_lines.ts";

/** A match on one line may take that long, in ms. */
const LIMIT_MS = 100;
/** A match that does not end at all is given up after that long, in ms. */
const STUCK_MS = 500;
const LOOK_MS = 50;
const BATCH_LINES = 500;
/** With more lines waiting, whoever brings them has to wait, too. */
const MAX_WAITING = 5_000;

/** A printed line and when it came. */
interface Line {
  readonly text: string;
  readonly ts: number;
}

/** Answer of the thread: line number, pattern number, groups; and patterns that were too slow. */
interface Answer {
  readonly found: readonly [number, number, Record<string, string | undefined>][];
  readonly slow: readonly number[];
}

/** Who is told what. */
export interface ParseWorkerOptions {
  /** A pattern matched. @param ts when the line came, in ms since 1970 */
  onMatch(
    pattern: LinePattern,
    groups: Readonly<Record<string, string | undefined>>,
    ts: number,
  ): void;
  /** A pattern was given up. */
  onDisabled(pattern: LinePattern, why: string): void;
}

// Plain JavaScript in a `data:` address: there is no further file for a compiled program to find.
const PROGRAM = `
import { parentPort, workerData } from "node:worker_threads";
const { sources, limitMs, shared } = workerData;
const state = new Int32Array(shared);
const patterns = sources.map((source) => source === null ? null : new RegExp(source));
function timed(pattern, line) {
  const started = performance.now();
  const match = pattern.exec(line);
  return [match, performance.now() - started];
}
parentPort.on("message", (lines) => {
  const found = [], slow = [];
  lines.forEach((line, i) => patterns.forEach((pattern, p) => {
    if (pattern === null) return;
    Atomics.store(state, 0, p + 1);
    let [match, ms] = timed(pattern, line);
    if (ms > limitMs) ms = timed(pattern, line)[1]; // a busy machine makes one match slow, not two
    Atomics.store(state, 0, 0);
    Atomics.add(state, 1, 1);
    if (ms > limitMs) {
      patterns[p] = null;
      slow.push(p);
    } else if (match !== null) {
      found.push([i, p, { ...match.groups }]);
    }
  }));
  parentPort.postMessage({ found, slow });
});
`;

/** Sends lines to the thread, one batch at a time, and watches over it. */
export class ParseWorker {
  readonly #patterns: (LinePattern | undefined)[];
  readonly #options: ParseWorkerOptions;
  readonly #waiting: Line[] = [];
  #batch: Line[] | undefined;
  #worker: Worker | undefined;
  #state = new Int32Array(new SharedArrayBuffer(8));
  #watch: ReturnType<typeof setInterval> | undefined;
  #progress = { count: -1, atMs: 0 };
  #wake: (() => void)[] = [];

  constructor(patterns: readonly LinePattern[], options: ParseWorkerOptions) {
    this.#patterns = [...patterns];
    this.#options = options;
    this.#start();
  }

  /** Takes a line. @param ts when it came, in ms since 1970 */
  push(text: string, ts: number): void {
    if (this.#worker === undefined) return;
    this.#waiting.push({ text, ts });
    this.#send();
  }

  /** Waits while too much is waiting. */
  async room(): Promise<void> {
    while (this.#waiting.length > MAX_WAITING) await this.#answered();
  }

  /** Waits until everything has been matched, and ends the thread. */
  async finish(): Promise<void> {
    while (this.#batch !== undefined) await this.#answered();
    clearInterval(this.#watch);
    this.#end();
  }

  #answered(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #start(): void {
    this.#state = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`), {
      workerData: {
        sources: this.#patterns.map((pattern) => pattern?.source ?? null),
        limitMs: LIMIT_MS,
        shared: this.#state.buffer,
      },
    });
    this.#worker = worker;
    worker.on("message", (answer: Answer) => {
      if (worker === this.#worker) this.#take(answer);
    });
    worker.on("error", (error: unknown) => {
      if (worker === this.#worker) this.#giveUp(`the thread that matches it failed: ${error}`);
    });
    worker.unref();
  }

  #send(): void {
    if (this.#batch !== undefined || this.#waiting.length === 0) return;
    this.#batch = this.#waiting.splice(0, BATCH_LINES);
    this.#post();
  }

  #post(): void {
    this.#progress = { count: -1, atMs: performance.now() };
    this.#worker?.postMessage(this.#batch?.map((line) => line.text));
    this.#watch ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #take(answer: Answer): void {
    const batch = this.#batch ?? [];
    for (const [line, number, groups] of answer.found) {
      const pattern = this.#patterns[number], at = batch[line];
      if (pattern !== undefined && at !== undefined) this.#options.onMatch(pattern, groups, at.ts);
    }
    for (const number of answer.slow) this.#disable(number, "it takes too long on a line");
    this.#next();
  }

  #next(): void {
    this.#batch = undefined;
    if (this.#patterns.every((pattern) => pattern === undefined)) {
      this.#waiting.length = 0;
      this.#end();
    }
    this.#send();
    if (this.#batch === undefined) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    const wake = this.#wake;
    this.#wake = [];
    for (const each of wake) each();
  }

  /** Finds a match that does not come to its end. */
  #look(): void {
    const count = Atomics.load(this.#state, 1), now = performance.now();
    const pattern = Atomics.load(this.#state, 0) - 1;
    if (pattern < 0 || count !== this.#progress.count) {
      this.#progress = { count, atMs: now };
      return;
    }
    if (now - this.#progress.atMs < STUCK_MS) return;
    this.#disable(pattern, "it does not come to an end on a line");
    this.#end();
    if (this.#patterns.every((each) => each === undefined)) return this.#next();
    this.#start();
    this.#post(); // the same batch again, nothing of it has been answered
  }

  #disable(number: number, why: string): void {
    const pattern = this.#patterns[number];
    this.#patterns[number] = undefined;
    if (pattern !== undefined) this.#options.onDisabled(pattern, why);
  }

  #giveUp(why: string): void {
    this.#patterns.forEach((_pattern, number) => this.#disable(number, why));
    this.#next();
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate(); // may come late where a match cannot be interrupted
  }
}
