/**
 * The logging side of a run's writer: starts the Worker, numbers the series, sends, flushes and
 * closes. Every call works while the thread that calls never yields.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { messageOf } from "./errors.ts";
import {
  FRAME_CONSOLE,
  FRAME_METRIC_SERIES,
  FRAME_RECORD,
  FRAME_STRING_SERIES,
  FRAME_TEXT,
} from "./frames.ts";
import { JournalTransport } from "./journal.ts";
import { formatRecord } from "./record_codec.ts";
import type { RunRecord } from "./records.ts";
import { createRings, CTL, type SharedRings } from "./ring.ts";
import { RingTransport, type Transport } from "./transport.ts";
import type {
  MonitorSettings,
  RunEnd,
  WriterInit,
  WriterNotice,
  WriterRequest,
} from "./worker_protocol.ts";

const POINT_CAPACITY = 1 << 17;
const FRAME_BYTES = 1 << 22;
const WAIT_MS = 100;
/** A Worker boots in some 100 ms; on a laden machine it may take long, in ms. */
const BOOT_MS = 20_000;

/** What became of what was logged. */
export interface Diagnostics {
  /** Points and texts that were given up, because the disk could not take them. */
  readonly dropped: number;
  /** How often a call had to wait for room. */
  readonly stalls: number;
  /** True while the run file cannot be written. */
  readonly broken: boolean;
  /** The last trouble, as it was told. */
  readonly problem: string | undefined;
}

/** Settings of a {@linkcode Recorder}. */
export interface RecorderOptions {
  readonly durability: "default" | "kill";
  readonly monitors: MonitorSettings | undefined;
  readonly signals: boolean;
  readonly closeTimeoutMs: number;
  /** Told once for each new trouble. */
  readonly onProblem: (message: string) => void;
}

/** Sends everything of one run to its writer. */
export class Recorder {
  readonly #worker: Worker;
  readonly #rings: SharedRings;
  readonly #ctl: Int32Array;
  readonly #transport: Transport;
  readonly #onProblem: (message: string) => void;
  readonly #closeTimeoutMs: number;
  readonly #metricSlots = new Map<string, number>();
  readonly #stringSlots = new Map<string, number>();
  #slots = 0;
  #dropped = 0;
  #problem: string | undefined;
  #closed = false;

  /** Starts the writer of an existing run file. */
  constructor(runFile: string, options: RecorderOptions) {
    this.#rings = createRings(POINT_CAPACITY, FRAME_BYTES);
    this.#ctl = new Int32Array(this.#rings.ctl);
    this.#onProblem = options.onProblem;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.#transport = options.durability === "kill"
      ? new JournalTransport(this.#rings, runFile)
      : new RingTransport(this.#rings, () => this.#send({ kind: "turn" }));
    const init: WriterInit = {
      kind: "goodseed-writer",
      rings: this.#rings,
      runFile,
      journal: options.durability === "kill",
      monitors: options.monitors,
      signals: options.signals,
      closeTimeoutMs: options.closeTimeoutMs,
    };
    this.#worker = new Worker(workerUrl(), { workerData: init });
    this.#worker.on("message", (notice: WriterNotice) => this.#tell(notice.message));
    this.#worker.on("error", (error: unknown) => {
      Atomics.store(this.#ctl, CTL.ready, 2);
      this.#tell(`the writer stopped: ${messageOf(error)}`);
    });
    this.#worker.unref(); // after the listeners: on Bun they hold the process again
    this.#worker.unref(); // after the listeners: on Bun each of them holds the process again
  }

  /** Number of a metric series; new ones are declared to the writer. */
  metricSlot(path: string): number {
    return this.#metricSlots.get(path) ??
      this.#declare(this.#metricSlots, FRAME_METRIC_SERIES, path);
  }

  /** Adds a point; `publish` ends the call. @param step NaN = automatic @param ts ms since 1970 */
  point(slot: number, step: number, y: number, ts: number): void { // hot: bench/log_metrics.ts
    if (!this.#transport.point(slot, step, y, ts)) this.#drop();
  }

  /** Makes the points of this call visible to the writer. */
  publish(): void {
    this.#transport.publish();
  }

  /** Adds a point of a string series. @param step NaN = automatic @param ts ms since 1970 */
  text(path: string, step: number, value: string, ts: number): void {
    const slot = this.#stringSlots.get(path) ??
      this.#declare(this.#stringSlots, FRAME_STRING_SERIES, path);
    this.#frame(FRAME_TEXT, slot, step, ts, value);
  }

  /** Takes what was printed. @param ts ms since 1970 */
  console(stream: "stdout" | "stderr", text: string, ts: number): void {
    this.#frame(FRAME_CONSOLE, stream === "stdout" ? 0 : 1, 0, ts, text);
  }

  /** Adds a record of the record stream. */
  record(record: RunRecord): void {
    if (record.t === "metric" && record.extra === undefined) {
      this.point(
        this.metricSlot(record.path),
        record.step ?? NaN,
        record.value,
        record.ts ?? Date.now(),
      );
      this.publish();
      return;
    }
    this.#frame(FRAME_RECORD, 0, 0, 0, formatRecord(record));
  }

  /** Lets the monitors sample that process and its descendants from now on. */
  watch(pid: number): void {
    if (!this.#closed) this.#send({ kind: "watch", pid });
  }

  /**
   * Waits until everything logged so far is in the run file.
   *
   * @returns false when the file cannot be written or the writer makes no progress for `timeoutMs`
   */
  flush(timeoutMs: number = this.#closeTimeoutMs): boolean {
    if (this.#closed) return true;
    const ctl = this.#ctl;
    const wanted = Atomics.add(ctl, CTL.flushAsked, 1) + 1;
    this.#send({ kind: "turn" });
    return this.#await(
      CTL.flushDone,
      () => ((Atomics.load(ctl, CTL.flushDone) - wanted) | 0) >= 0,
      timeoutMs,
      true,
    );
  }

  /**
   * Writes everything and marks the end without closing: for moments at which the process will
   * probably, but not certainly, end.
   */
  provisionalEnd(end: RunEnd): void {
    if (this.#closed) return;
    const before = Atomics.load(this.#ctl, CTL.endsMarked);
    this.#send({ kind: "provisional-end", end });
    const marked = (): boolean => Atomics.load(this.#ctl, CTL.endsMarked) !== before;
    this.#await(CTL.endsMarked, marked, this.#closeTimeoutMs, true);
  }

  /**
   * Writes everything, marks the end and closes the run file.
   *
   * @returns false when the writer could not do it; what it holds is then counted as dropped
   */
  close(end: RunEnd): boolean {
    if (this.#closed) return true;
    this.#closed = true;
    this.#send({ kind: "close", end });
    const closed = (): boolean => Atomics.load(this.#ctl, CTL.closing) === 2;
    const done = this.#await(CTL.closing, closed, this.#closeTimeoutMs, false);
    if (done) {
      this.#transport.close();
      void this.#worker.terminate();
    }
    const lost = Atomics.load(this.#ctl, CTL.writerDropped);
    if (!done) this.#tell("the writer did not finish in time; the end of the run may be missing");
    else if (lost > 0) this.#tell(`${lost} points or texts could not be written`);
    return done && lost === 0;
  }

  /** Counters of this run. */
  diagnostics(): Diagnostics {
    return {
      dropped: this.#dropped + Atomics.load(this.#ctl, CTL.writerDropped),
      stalls: this.#transport.stalls,
      broken: Atomics.load(this.#ctl, CTL.broken) === 1,
      problem: this.#problem,
    };
  }

  #declare(slots: Map<string, number>, kind: number, path: string): number {
    const slot = this.#slots++;
    slots.set(path, slot);
    if (!this.#transport.frame(kind, slot, 0, 0, path)) {
      slots.delete(path); // declared again at the next use
      this.#drop();
    }
    return slot;
  }

  #frame(kind: number, a: number, step: number, ts: number, text: string): void {
    if (!this.#transport.frame(kind, a, step, ts, text)) this.#drop();
  }

  #drop(): void {
    this.#dropped++;
    if (this.#dropped === 1) {
      this.#tell("the run file cannot be written fast enough or at all: data is being dropped");
    }
  }

  #tell(message: string): void {
    this.#problem = message;
    this.#onProblem(message);
  }

  #send(request: WriterRequest): void {
    this.#worker.postMessage(request);
  }

  /** Waits for the writer, as long as it makes progress. */
  #await(index: number, done: () => boolean, timeoutMs: number, stopWhenBroken: boolean): boolean {
    const ctl = this.#ctl;
    let turns = Atomics.load(ctl, CTL.turns), since = performance.now();
    for (;;) {
      const seen = Atomics.load(ctl, index);
      if (done()) return true;
      const ready = Atomics.load(ctl, CTL.ready);
      if (ready === 2 || (stopWhenBroken && Atomics.load(ctl, CTL.broken) === 1)) return false;
      Atomics.wait(ctl, index, seen, WAIT_MS);
      const now = performance.now(), turn = Atomics.load(ctl, CTL.turns);
      if (turn !== turns) {
        turns = turn;
        if (!stopWhenBroken || ready === 0) since = now;
      }
      if (now - since <= (ready === 0 ? Math.max(timeoutMs, BOOT_MS) : timeoutMs)) continue;
      if (ready === 0) Atomics.store(ctl, CTL.ready, 2); // it will not come: nobody waits again
      return false;
    }
  }
}

/**
 * Where the writer's module lies. `node:worker_threads` takes `file:` and `data:` only; from a
 * registry the module is `https:`, and a `data:` module imports it.
 */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith(".js") ? "js" : "ts"; // bundled or source
  const url = new URL(`./worker_main.${extension}`, import.meta.url);
  if (url.protocol !== "https:" && url.protocol !== "http:") return url;
  return new URL(`data:text/javascript,import ${encodeURIComponent(JSON.stringify(url.href))}`);
}
