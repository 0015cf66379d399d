/**
 * The journal: with `durability: "kill"` every call appends what it logs to a file before it
 * returns, so that not even SIGKILL loses a point. The writer reads the file behind and notes in
 * the run file, in the same transaction, how far it came; after a crash the rest is read from
 * there, exactly once.
 *
 * Layout: 8 bytes epoch (a uint32, twice), then frames. The epoch grows when the file starts anew.
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import {
  FRAME_HEADER_BYTES,
  FRAME_METRIC_SERIES,
  FRAME_NUMBERS_BYTES,
  FRAME_POINTS,
  FRAME_STRING_SERIES,
  type FrameHandler,
  FrameReader,
  frameSize,
  writeHeader,
  writeNumbers,
} from "./frames.ts";
import { CTL, POINT_WIDTH, type SharedRings } from "./ring.ts";
import type { RunFile } from "./store/run_file.ts";
import type { Transport } from "./transport.ts";

const EPOCH_BYTES = 8;
/** A journal that has been read to its end starts anew beyond this size, in bytes. */
const RESTART_BYTES = 16 * 1024 * 1024;
/** Beyond this size nothing more is taken: the writer has been stuck for long, in bytes. */
const MAX_BYTES = 1024 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
/** Key of `run_meta`: `<epoch> <offset>` of what is in the run file. */
const POSITION_KEY = "gs_journal";

/** The journal beside a run file. */
export function journalPath(runFile: string): string {
  return runFile.replace(/\.sqlite$/, "") + ".journal";
}

/** Appends every call to the journal. */
export class JournalTransport implements Transport {
  readonly stalls = 0;
  readonly #ctl: Int32Array;
  readonly #fd: number;
  readonly #encoder = new TextEncoder();
  #scratch = new Uint8Array(4096);
  #view = new DataView(this.#scratch.buffer);
  /** Series frames of this run: every epoch begins with them. */
  readonly #declarations: Uint8Array[] = [];
  #points = 0;
  #size = EPOCH_BYTES;
  #epoch = 1;

  constructor(rings: SharedRings, runFile: string) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#fd = openSync(journalPath(runFile), "wx", 0o644);
    this.#writeEpoch();
  }

  frame(kind: number, a: number, step: number, ts: number, text: string): boolean {
    this.publish(); // what was logged before comes before
    this.#reserve(frameSize(FRAME_NUMBERS_BYTES + 3 * text.length));
    const start = FRAME_HEADER_BYTES;
    writeNumbers(this.#view, start, a, step, ts);
    const target = this.#scratch.subarray(start + FRAME_NUMBERS_BYTES);
    const { written } = this.#encoder.encodeInto(text, target);
    writeHeader(this.#view, 0, FRAME_NUMBERS_BYTES + written, kind, 0);
    const bytes = frameSize(FRAME_NUMBERS_BYTES + written);
    if (kind === FRAME_METRIC_SERIES || kind === FRAME_STRING_SERIES) {
      this.#declarations.push(this.#scratch.slice(0, bytes));
    }
    return this.#append(bytes);
  }

  point(slot: number, step: number, y: number, ts: number): boolean {
    const bytes = POINT_WIDTH * 8;
    this.#reserve(FRAME_HEADER_BYTES + (this.#points + 1) * bytes);
    const at = FRAME_HEADER_BYTES + this.#points * bytes;
    writeNumbers(this.#view, at, slot, step, y);
    this.#view.setFloat64(at + 24, ts, true);
    this.#points++;
    return true;
  }

  publish(): void {
    if (this.#points === 0) return;
    const bodyBytes = this.#points * POINT_WIDTH * 8;
    writeHeader(this.#view, 0, bodyBytes, FRAME_POINTS, 0);
    this.#points = 0;
    this.#append(frameSize(bodyBytes));
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Makes room for `bytes` in the scratch buffer; a frame starts at its beginning. */
  #reserve(bytes: number): void {
    if (bytes > this.#scratch.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
      larger.set(this.#scratch);
      this.#scratch = larger;
      this.#view = new DataView(larger.buffer);
    }
  }

  #append(bytes: number): boolean {
    if (this.#size > RESTART_BYTES && this.#allTaken()) this.#restart();
    if (this.#size + bytes > MAX_BYTES) return false;
    return this.#write(this.#scratch, bytes);
  }

  #write(frame: Uint8Array, bytes: number): boolean {
    try {
      let done = 0;
      while (done < bytes) {
        done += writeSync(this.#fd, frame, done, bytes - done, this.#size + done);
      }
    } catch { // disk full: the caller counts it
      this.#cutTornFrame();
      return false;
    }
    this.#size += bytes;
    return true;
  }

  #allTaken(): boolean {
    return Atomics.load(this.#ctl, CTL.journalEpoch) === this.#epoch &&
      Atomics.load(this.#ctl, CTL.journalDone) === this.#size;
  }

  /** Everything is in the run file: begins anew with the series' names. */
  #restart(): void {
    ftruncateSync(this.#fd, 0);
    this.#size = EPOCH_BYTES;
    this.#epoch++;
    this.#writeEpoch();
    for (const frame of this.#declarations) this.#write(frame, frame.length);
  }

  #cutTornFrame(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch { // the next frame is written over it
    }
  }

  #writeEpoch(): void {
    const head = new Uint8Array(EPOCH_BYTES), view = new DataView(head.buffer);
    view.setUint32(0, this.#epoch, true);
    view.setUint32(4, this.#epoch, true);
    writeSync(this.#fd, head, 0, EPOCH_BYTES, 0);
  }
}

/** Reads a journal from where the run file stands. */
export class JournalReader {
  readonly #fd: number;
  readonly #handler: FrameHandler;
  readonly #frames: FrameReader;
  #buffer = new Uint8Array(READ_BYTES);
  #epoch = 0;
  #offset = EPOCH_BYTES;

  constructor(runFile: string, handler: FrameHandler) {
    this.#fd = openSync(journalPath(runFile), "r");
    this.#handler = handler;
    this.#frames = new FrameReader(handler);
  }

  /** Tells the logging end what is in the run file; to be called after the commit. */
  acknowledge(ctl: Int32Array): void {
    Atomics.store(ctl, CTL.journalDone, this.#offset);
    Atomics.store(ctl, CTL.journalEpoch, this.#epoch); // second: never a new epoch with an old place
  }

  /** Goes to the place that the run file remembers; hands on the series declared before it. */
  seek(file: RunFile): void {
    const [epoch, offset] = (file.meta(POSITION_KEY) ?? "0 0").split(" ").map(Number);
    this.#checkEpoch();
    if (epoch !== this.#epoch || offset === undefined) return;
    const handler = this.#handler;
    const declarations = new FrameReader({
      frame(frame) {
        if (frame.kind === FRAME_METRIC_SERIES || frame.kind === FRAME_STRING_SERIES) {
          handler.frame(frame);
        }
      },
      points() {},
    });
    this.#readTo(offset, declarations);
  }

  /** Notes in the run file how far it came. */
  remember(file: RunFile): void {
    file.setMeta(POSITION_KEY, `${this.#epoch} ${this.#offset}`);
  }

  /** Hands on what has been appended. @returns bytes read */
  read(maxBytes: number): number {
    this.#checkEpoch();
    return this.#readTo(Math.min(fstatSync(this.#fd).size, this.#offset + maxBytes), this.#frames);
  }

  #readTo(end: number, frames: FrameReader): number {
    let total = 0;
    while (this.#offset < end) {
      const want = Math.min(this.#buffer.length, end - this.#offset);
      const got = readSync(this.#fd, this.#buffer, 0, want, this.#offset);
      const view = new DataView(this.#buffer.buffer);
      const used = frames.read(this.#buffer, view, 0, got);
      if (used === 0) {
        if (!this.#growFor(view, got, end)) break; // the last frame is not whole (yet)
        continue;
      }
      this.#offset += used;
      total += used;
    }
    return total;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #growFor(view: DataView, got: number, end: number): boolean {
    if (got < FRAME_HEADER_BYTES) return false;
    const size = frameSize(view.getUint32(0, true));
    if (size > end - this.#offset || size <= this.#buffer.length) return false;
    this.#buffer = new Uint8Array(size);
    return true;
  }

  #checkEpoch(): void {
    const head = new Uint8Array(EPOCH_BYTES);
    if (readSync(this.#fd, head, 0, EPOCH_BYTES, 0) < EPOCH_BYTES) return; // starts anew just now
    const view = new DataView(head.buffer);
    const epoch = view.getUint32(0, true);
    if (epoch === view.getUint32(4, true) && epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#offset = EPOCH_BYTES;
    }
  }
}

/** True when a journal lies beside the run. */
export function hasJournal(runFile: string): boolean {
  return existsSync(journalPath(runFile));
}

/** Removes the journal of a run whose file is complete. */
export function dropJournal(file: RunFile): void {
  file.setMeta(POSITION_KEY, null);
  rmSync(journalPath(file.path), { force: true });
}
