/**
 * How points and frames leave the thread that logs. Two ways behind one interface: shared memory
 * (the default) and a journal file (nothing is lost even at SIGKILL).
 *
 * @module
 */
import { FRAME_NUMBERS_BYTES } from "./frames.ts";
import { CTL, FrameProducer, PointProducer, type SharedRings } from "./ring.ts";

/** The logging end. Nothing here throws; what could not be taken is counted by the caller. */
export interface Transport {
  /** Sends a frame; false when it had to be given up. */
  frame(kind: number, a: number, step: number, ts: number, text: string): boolean;
  /** Adds a point; false when it had to be given up. Call `publish` after the last of a call. */
  point(slot: number, step: number, y: number, ts: number): boolean;
  /** Makes the points of this call visible to the writer. */
  publish(): void;
  /** How often the caller had to wait for room. */
  readonly stalls: number;
  close(): void;
}

/** Longest wait for room without any progress of the writer, in ms. */
const GIVE_UP_MS = 5_000;
const WAIT_MS = 50;

/** Sends through the shared rings. */
export class RingTransport implements Transport {
  readonly #ctl: Int32Array;
  readonly #points: PointProducer;
  readonly #frames: FrameProducer;
  readonly #wake: () => void;
  readonly #encoder = new TextEncoder();
  readonly #numbers = new Uint8Array(FRAME_NUMBERS_BYTES);
  #stalls = 0;
  /** True after a wait in vain: no further call waits until the writer moves again. */
  #stuckAt = -1;

  /** @param wake makes the writer turn now */
  constructor(rings: SharedRings, wake: () => void) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#points = new PointProducer(rings);
    this.#frames = new FrameProducer(rings);
    this.#wake = wake;
  }

  get stalls(): number {
    return this.#stalls;
  }

  point(slot: number, step: number, y: number, ts: number): boolean { // hot: bench/log_metrics.ts
    if (this.#points.push(slot, step, y, ts)) return true;
    this.#points.publish();
    return this.#waitFor(CTL.pointTail, () => this.#points.push(slot, step, y, ts));
  }

  publish(): void {
    this.#points.publish();
  }

  frame(kind: number, a: number, step: number, ts: number, text: string): boolean {
    if (FRAME_NUMBERS_BYTES + 3 * text.length > this.#frames.maxBodyBytes) {
      return this.#longFrame(kind, a, step, ts, text);
    }
    if (this.#frames.push(kind, a, step, ts, text)) return true;
    return this.#waitFor(CTL.frameTail, () => this.#frames.push(kind, a, step, ts, text));
  }

  close(): void {}

  #longFrame(kind: number, a: number, step: number, ts: number, text: string): boolean {
    const encoded = this.#encoder.encode(text);
    const body = new Uint8Array(FRAME_NUMBERS_BYTES + encoded.length);
    new Float64Array(this.#numbers.buffer).set([a, step, ts]); // every platform here is little-endian
    body.set(this.#numbers);
    body.set(encoded, FRAME_NUMBERS_BYTES);
    const pieceBytes = this.#frames.maxBodyBytes;
    for (let from = 0; from < body.length; from += pieceBytes) {
      const piece = body.subarray(from, from + pieceBytes);
      const more = from + pieceBytes < body.length;
      const push = (): boolean => this.#frames.pushPiece(kind, piece, more);
      if (!push() && !this.#waitFor(CTL.frameTail, push)) return from > 0 && this.#endPieces(kind);
    }
    return true;
  }

  /** Ends a frame whose rest was given up, as soon as there is room: it is cut, not mixed up. */
  #endPieces(kind: number): boolean {
    this.#frames.pushPiece(kind, new Uint8Array(0), false);
    return false;
  }

  /** Waits for room as long as the writer makes progress; never when the file is broken. */
  #waitFor(tail: number, attempt: () => boolean): boolean {
    const ctl = this.#ctl;
    if (Atomics.load(ctl, CTL.turns) === this.#stuckAt) return false;
    this.#stalls++;
    let turns = Atomics.load(ctl, CTL.turns), idleSince = performance.now();
    for (;;) {
      const seen = Atomics.load(ctl, tail);
      if (attempt()) return true;
      if (Atomics.load(ctl, CTL.broken) === 1 || Atomics.load(ctl, CTL.ready) === 2) return false;
      this.#wake();
      Atomics.wait(ctl, tail, seen, WAIT_MS);
      const now = performance.now(), turn = Atomics.load(ctl, CTL.turns);
      if (turn !== turns || Atomics.load(ctl, tail) !== seen) {
        turns = turn;
        idleSince = now;
      } else if (now - idleSince > GIVE_UP_MS) {
        this.#stuckAt = turn;
        return false;
      }
    }
  }
}
