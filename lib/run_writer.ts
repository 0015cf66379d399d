/**
 * Collects what a run's writer was sent and puts it into the run file, one transaction a turn.
 *
 * What could not be written stays here and is tried again, up to a bound; a failure never leaves
 * this class as an exception.
 *
 * @module
 */
import { AutoSteps, type StepCounter } from "./auto_steps.ts";
import { messageOf } from "./errors.ts";
import {
  type Frame,
  FRAME_CONSOLE,
  FRAME_METRIC_SERIES,
  FRAME_RECORD,
  FRAME_STRING_SERIES,
  FRAME_TEXT,
  type FrameHandler,
} from "./frames.ts";
import { applyRecord } from "./apply_record.ts";
import { groupPoints } from "./point_groups.ts";
import { parseLine } from "./record_codec.ts";
import type { RunRecord } from "./records.ts";
import { POINT_WIDTH } from "./ring.ts";
import { RunFile, type SeriesKind, type TextRow } from "./store/run_file.ts";

/** A series as its sender numbered it. */
interface Slot {
  readonly kind: SeriesKind;
  readonly path: string;
  readonly steps: StepCounter;
  /** Number in the file; 0 until the transaction that made it has been committed. */
  id: number;
  /** Its group in the turn `turn`. */
  group: number;
  turn: number;
}

interface PendingText extends TextRow {
  readonly slot: Slot;
  seriesId: number;
  step: number;
}

/** Bytes that may wait in memory while the file cannot be written. */
const MAX_PENDING_BYTES = 48 * 1024 * 1024;
/** Estimated cost of one waiting text or record beside its characters, in bytes. */
const ITEM_BYTES = 200;

/** Settings of a {@linkcode RunWriter}. */
export interface RunWriterOptions {
  /** Takes console output as it was printed. */
  readonly onConsole?: (stream: "stdout" | "stderr", text: string, ts: number) => void;
  /** Told once for each new cause of failure. */
  readonly onProblem?: (message: string) => void;
  readonly now: () => number;
}

/** Puts frames and points into a run file. */
export class RunWriter implements FrameHandler {
  readonly path: string;
  readonly #options: RunWriterOptions;
  readonly #slots: (Slot | undefined)[] = [];
  /** Series of our own have the numbers −1, −2, …, so they never meet the sender's. */
  readonly #ownSlots: Slot[] = [];
  readonly #ownNumbers = new Map<string, number>();
  readonly #steps = new AutoSteps((path) => this.#file?.maxStep(path) ?? -Infinity);
  #file: RunFile | undefined;
  #points = new Float64Array(4096 * POINT_WIDTH);
  #pointCount = 0;
  #texts: PendingText[] = [];
  #records: RunRecord[] = [];
  #tasks: ((file: RunFile) => void)[] = [];
  #pendingBytes = 0;
  #turn = 0;
  #problem = "";

  /** @param path the run file; it exists */
  constructor(path: string, options: RunWriterOptions) {
    this.path = path;
    this.#options = options;
  }

  /** True when more would exceed what may wait in memory. */
  get full(): boolean {
    return this.#pendingBytes > MAX_PENDING_BYTES;
  }

  /** True while the last attempt to write failed. */
  get broken(): boolean {
    return this.#problem !== "";
  }

  /** Takes one frame. */
  frame(frame: Frame): void {
    switch (frame.kind) {
      case FRAME_METRIC_SERIES:
        this.#slots[frame.a] = this.#newSlot("metric", frame.text);
        break;
      case FRAME_STRING_SERIES:
        this.#slots[frame.a] = this.#newSlot("string", frame.text);
        break;
      case FRAME_TEXT: {
        const slot = this.#slots[frame.a];
        if (slot) this.#addText(slot, frame.step, frame.text, frame.ts);
        break;
      }
      case FRAME_CONSOLE:
        this.#options.onConsole?.(frame.a === 0 ? "stdout" : "stderr", frame.text, frame.ts);
        break;
      case FRAME_RECORD:
        for (const record of parseLine(frame.text).records) this.put(record);
        break;
    }
  }

  /** Takes points of a journal. */
  points(values: Float64Array): void {
    for (let i = 0; i + 3 < values.length; i += POINT_WIDTH) {
      this.addPoint(values[i]!, values[i + 1]!, values[i + 2]!, values[i + 3]!);
    }
  }

  /** Takes one point of a declared series. @param ts ms since 1970 */
  addPoint(slot: number, step: number, y: number, ts: number): void { // hot: bench/sustained.ts
    let at = this.#pointCount * POINT_WIDTH;
    if (at === this.#points.length) this.#growPoints();
    const points = this.#points;
    points[at] = slot;
    points[++at] = step;
    points[++at] = y;
    points[++at] = ts;
    this.#pointCount++;
    this.#pendingBytes += POINT_WIDTH * 8;
  }

  /** Takes a point of a series of our own (a monitor's). @param ts ms since 1970 */
  putPoint(path: string, step: number, y: number, ts: number): void {
    this.addPoint(this.#ownSlot("metric", path), step, y, ts);
  }

  /** Takes a text of a series of our own. @param ts ms since 1970 */
  putText(path: string, step: number, value: string, ts: number): void {
    this.#addText(this.#slot(this.#ownSlot("string", path))!, step, value, ts);
  }

  /** Takes a record. */
  put(record: RunRecord): void {
    this.#records.push(record);
    this.#pendingBytes += ITEM_BYTES +
      ("value" in record && typeof record.value === "string" ? record.value.length : 0);
  }

  /** Takes a change of the file that must be in one transaction with what came before it. */
  do(task: (file: RunFile) => void): void {
    this.#tasks.push(task);
  }

  /** Highest step of a path so far, in the file. */
  maxStep(path: string): number {
    try {
      return this.#open().maxStep(path);
    } catch { // the file cannot be read now: steps start anew, nothing is stopped by that
      return -Infinity;
    }
  }

  /**
   * Writes everything that waits, in one transaction.
   *
   * @returns false when it could not be written; it stays and is tried again
   */
  commit(): boolean {
    if (
      this.#pointCount + this.#texts.length + this.#records.length + this.#tasks.length === 0
    ) return true;
    let file: RunFile | undefined;
    try {
      file = this.#open();
      const open = file;
      open.transaction(() => this.#write(open));
    } catch (error) {
      this.#failed(file, error);
      return false;
    }
    if (this.#points.length > 65_536 * POINT_WIDTH) {
      this.#points = new Float64Array(4096 * POINT_WIDTH);
    }
    this.#clear();
    this.#problem = "";
    return true;
  }

  /** Gives up what waits; for a writer that must end. @returns how many items were lost */
  abandon(): number {
    const lost = this.#pointCount + this.#texts.length + this.#records.length;
    this.#clear();
    return lost;
  }

  /** Closes the file, leaving one file behind; the next commit opens it again. */
  close(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#forgetIds();
    try {
      file?.close();
    } catch (error) {
      this.#tell(error);
    }
  }

  #clear(): void {
    this.#pointCount = 0;
    this.#texts = [];
    this.#records = [];
    this.#tasks = [];
    this.#pendingBytes = 0;
  }

  #open(): RunFile {
    return this.#file ??= RunFile.open(this.path);
  }

  #write(file: RunFile): void {
    for (const text of this.#texts) {
      if (text.step !== text.step) text.step = text.slot.steps.take(); // kept for another try
      else text.slot.steps.seen(text.step);
      if (text.slot.id === 0) text.slot.id = file.seriesId("string", text.slot.path);
      text.seriesId = text.slot.id;
    }
    file.putTexts(this.#texts);
    this.#writePoints(file);
    for (const record of this.#records) applyRecord(file, record, this.#steps, this.#options.now());
    for (const task of this.#tasks) task(file);
  }

  #writePoints(file: RunFile): void {
    const points = this.#points, turn = ++this.#turn;
    const groupOf = new Int32Array(this.#pointCount), slots: Slot[] = [];
    for (let i = 0; i < groupOf.length; i++) { // hot: bench/sustained.ts
      const at = i * POINT_WIDTH, slot = this.#slot(points[at]!);
      if (slot === undefined) { // a journal whose start was lost
        groupOf[i] = -1;
        continue;
      }
      const step = points[at + 1]!;
      if (step !== step) points[at + 1] = slot.steps.take(); // kept for another try
      else slot.steps.seen(step);
      if (slot.turn !== turn) {
        slot.turn = turn;
        slot.group = slots.push(slot) - 1;
      }
      groupOf[i] = slot.group;
    }
    const { order, starts } = groupPoints(points, groupOf, slots.length);
    for (const [group, slot] of slots.entries()) {
      if (slot.id === 0) slot.id = file.seriesId("metric", slot.path);
      file.putPoints(slot.id, points, order.subarray(starts[group]!, starts[group + 1]!));
    }
  }

  #failed(file: RunFile | undefined, error: unknown): void {
    this.#forgetIds(); // series made in the transaction are gone with it
    try {
      file?.afterRollback();
    } catch { // the file cannot be read either: open it anew next time
      this.close();
    }
    this.#tell(error);
  }

  #tell(error: unknown): void {
    const message = messageOf(error);
    if (message !== this.#problem) this.#options.onProblem?.(message);
    this.#problem = message;
  }

  #forgetIds(): void {
    for (const slot of this.#slots) if (slot) slot.id = 0;
    for (const slot of this.#ownSlots) slot.id = 0;
  }

  #addText(slot: Slot, step: number, value: string, ts: number): void {
    this.#texts.push({ slot, seriesId: 0, step, value, ts });
    this.#pendingBytes += ITEM_BYTES + value.length;
  }

  #newSlot(kind: SeriesKind, path: string): Slot {
    return { kind, path, steps: this.#steps.of(path), id: 0, group: 0, turn: 0 };
  }

  #slot(number: number): Slot | undefined {
    return number >= 0 ? this.#slots[number] : this.#ownSlots[-1 - number];
  }

  #ownSlot(kind: SeriesKind, path: string): number {
    const key = `${kind} ${path}`;
    let number = this.#ownNumbers.get(key);
    if (number === undefined) {
      number = -this.#ownSlots.push(this.#newSlot(kind, path));
      this.#ownNumbers.set(key, number);
    }
    return number;
  }

  #growPoints(): void {
    const larger = new Float64Array(this.#points.length * 2);
    larger.set(this.#points);
    this.#points = larger;
  }
}
