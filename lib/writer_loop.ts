/**
 * The writer's loop: takes what lies in the rings or the journal, commits it, sleeps a little.
 *
 * @module
 */
import { FrameReader } from "./frames.ts";
import { dropJournal, JournalReader } from "./journal.ts";
import { dropLease, HEARTBEAT_MS, takeLease, touchLease } from "./lease.ts";
import { CTL, FrameConsumer, PointConsumer } from "./ring.ts";
import { markEnd, markRunning } from "./run_end.ts";
import { RunWriter } from "./run_writer.ts";
import type { RunEnd, WriterInit, WriterRequest } from "./worker_protocol.ts";

/** Pause after a turn that found something, in ms. */
const BUSY_MS = 25;
/** Longest pause; with the time of a commit it stays under the promised 250 ms. */
const IDLE_MS = 200;
/** Pause while the file cannot be written, in ms. */
const BROKEN_MS = 1000;
/** A program that is still here this long after a signal goes on, in ms. */
const REVIVE_MS = 1000;
const JOURNAL_TURN_BYTES = 16 * 1024 * 1024;

/** What the monitors do in the writer's loop. */
export interface LoopMonitors {
  onConsole(stream: "stdout" | "stderr", text: string, ts: number): void;
  /** Called every turn. */
  turn(): void;
  /** Samples that process and its descendants from now on. */
  watch(pid: number): void;
  /** The last output; nothing comes from the monitors once it has resolved. */
  stop(): Promise<void>;
}

/** Drives one {@linkcode RunWriter}. */
export class WriterLoop {
  readonly writer: RunWriter;
  readonly #init: WriterInit;
  readonly #ctl: Int32Array;
  readonly #points: PointConsumer;
  readonly #frames: FrameConsumer;
  readonly #journal: JournalReader | undefined;
  readonly #onClosed: () => void;
  #monitors: LoopMonitors | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = BUSY_MS;
  #beatAt = 0;
  /** When the run was marked as ended although the process still runs; 0 = it was not. */
  #endedAt = 0;
  #closed = false;

  /**
   * @param onProblem told once for each new trouble
   * @param onClosed called when the run file has been closed for good
   */
  constructor(init: WriterInit, onProblem: (message: string) => void, onClosed: () => void) {
    this.#init = init;
    this.#ctl = new Int32Array(init.rings.ctl);
    this.#onClosed = onClosed;
    this.writer = new RunWriter(init.runFile, {
      onConsole: (stream, text, ts) => this.#monitors?.onConsole(stream, text, ts),
      onProblem,
      now: Date.now,
    });
    const reader = new FrameReader(this.writer);
    this.#points = new PointConsumer(init.rings);
    this.#frames = new FrameConsumer(init.rings, reader);
    this.#journal = init.journal ? new JournalReader(init.runFile, this.writer) : undefined;
  }

  /** Begins to turn. */
  start(monitors: LoopMonitors | undefined): void {
    this.#monitors = monitors;
    Atomics.store(this.#ctl, CTL.ready, 1);
    Atomics.notify(this.#ctl, CTL.ready);
    this.#turn();
  }

  /** Answers a request of the thread that logs. */
  handle(request: WriterRequest): void {
    if (this.#closed) return;
    switch (request.kind) {
      case "turn":
        return this.#turn();
      case "watch":
        return this.#monitors?.watch(request.pid);
      case "provisional-end":
        return this.provisionalEnd(request.end);
      case "close":
        void this.#close(request.end);
    }
  }

  /** Marks the end and closes the file; a later turn takes it back if the process lives on. */
  provisionalEnd(end: RunEnd): void {
    if (this.#closed) return;
    this.#monitors?.turn();
    this.#collect();
    this.writer.do((file) => markEnd(file, end, Date.now()));
    if (this.#commit()) {
      this.writer.close();
      dropLease(this.#init.runFile);
      this.#endedAt = performance.now();
    }
    Atomics.add(this.#ctl, CTL.endsMarked, 1);
    Atomics.notify(this.#ctl, CTL.endsMarked);
  }

  #turn(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#once();
    this.#timer = setTimeout(() => this.#turn(), this.#pauseMs);
  }

  #once(): void {
    const asked = Atomics.load(this.#ctl, CTL.flushAsked);
    this.#monitors?.turn();
    const found = this.#collect();
    if (this.#endedAt > 0) this.#reviveIfAlive();
    const written = this.#commit();
    if (written) {
      Atomics.store(this.#ctl, CTL.flushDone, asked);
      Atomics.notify(this.#ctl, CTL.flushDone);
    }
    this.#pauseMs = !written ? BROKEN_MS : found ? BUSY_MS : Math.min(this.#pauseMs * 2, IDLE_MS);
    this.#beat();
  }

  /** Takes everything that was sent so far. @returns whether there was anything */
  #collect(): boolean {
    Atomics.add(this.#ctl, CTL.turns, 1);
    const writer = this.writer;
    if (writer.full) return true; // the rings fill up, and the other side counts
    if (this.#journal) return this.#collectJournal(this.#journal);
    const pointHead = this.#points.head(), frameHead = this.#frames.head();
    const bytes = this.#frames.read(frameHead);
    const count = this.#points.read(
      pointHead,
      (slot, step, y, ts) => writer.addPoint(slot, step, y, ts),
    );
    if (bytes > 0) this.#frames.release(frameHead);
    if (count > 0) this.#points.release(pointHead);
    return bytes + count > 0;
  }

  #collectJournal(journal: JournalReader): boolean {
    const bytes = journal.read(JOURNAL_TURN_BYTES);
    if (bytes > 0) this.writer.do((file) => journal.remember(file));
    return bytes > 0;
  }

  #commit(): boolean {
    const written = this.writer.commit();
    Atomics.store(this.#ctl, CTL.broken, written ? 0 : 1);
    if (written) this.#journal?.acknowledge(this.#ctl);
    return written;
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#beatAt < HEARTBEAT_MS || this.#endedAt > 0) return;
    this.#beatAt = now;
    touchLease(this.#init.runFile, Date.now());
  }

  #reviveIfAlive(): void {
    if (performance.now() - this.#endedAt < REVIVE_MS) return;
    this.#endedAt = 0;
    takeLease(this.#init.runFile, Date.now(), true);
    this.writer.do((file) => markRunning(file, Date.now()));
  }

  async #close(end: RunEnd): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#collect(); // what was printed before comes before the last words of the monitors
    await this.#monitors?.stop();
    const deadline = performance.now() + this.#init.closeTimeoutMs;
    if (end.mark) this.writer.do((file) => markEnd(file, end, Date.now()));
    if (this.#journal) this.writer.do((file) => dropJournal(file));
    const attempt = (): void => {
      while (this.#collect() && !this.writer.full) { // until nothing more is there
      }
      if (this.#commit()) return this.#end(0);
      if (performance.now() < deadline) setTimeout(attempt, 100);
      else this.#end(this.writer.abandon());
    };
    attempt();
  }

  #end(lost: number): void {
    this.#closed = true;
    this.writer.close();
    dropLease(this.#init.runFile);
    Atomics.store(this.#ctl, CTL.writerDropped, lost);
    Atomics.store(this.#ctl, CTL.closing, 2);
    Atomics.notify(this.#ctl, CTL.closing);
    this.#onClosed();
  }
}
