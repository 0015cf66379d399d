/**
 * The shared memory between the thread that logs and the thread that writes: one control block,
 * one ring of points, one ring of frames. Pure: only views, no threads, no clock.
 *
 * Order: a series is declared in the frame ring before its first point enters the point ring; the
 * reader takes the head of the point ring first and the frame ring's afterwards, so it always
 * knows every slot that it meets.
 *
 * @module
 */
import {
  FLAG_MORE,
  FRAME_HEADER_BYTES,
  FRAME_NUMBERS_BYTES,
  FRAME_PAD,
  type FrameReader,
  frameSize,
  writeHeader,
  writeNumbers,
} from "./frames.ts";

/** Places in the control block (an `Int32Array`). */
export const CTL = {
  /** Points written / read, modulo 2^32. */
  pointHead: 0,
  pointTail: 1,
  /** Bytes of frames written / read, modulo 2^32. */
  frameHead: 2,
  frameTail: 3,
  /** 1 once the writer runs, 2 when it could not start. */
  ready: 4,
  /** Number of the last flush asked for / done. */
  flushAsked: 5,
  flushDone: 6,
  /** 0 open, 1 asked to close, 2 closed. */
  closing: 7,
  /** 1 while the run file cannot be written. */
  broken: 8,
  /** Grows with every turn of the writer: it is alive. */
  turns: 9,
  /** Bytes of the journal that are in the run file, and the epoch in which they lie. */
  journalDone: 10,
  /** Points and texts that the writer itself had to give up. */
  writerDropped: 11,
  /** How often an end was marked provisionally. */
  endsMarked: 12,
  journalEpoch: 13,
} as const;

/** Float64 numbers a point takes: slot, step, y, ts. */
export const POINT_WIDTH = 4;

/** The shared blocks; structured-cloned to the writer. */
export interface SharedRings {
  readonly ctl: SharedArrayBuffer;
  readonly points: SharedArrayBuffer;
  readonly frames: SharedArrayBuffer;
}

/**
 * Makes the shared blocks.
 *
 * @param pointCapacity points, a power of two
 * @param frameBytes bytes, a power of two
 */
export function createRings(pointCapacity: number, frameBytes: number): SharedRings {
  return {
    ctl: new SharedArrayBuffer(64),
    points: new SharedArrayBuffer(pointCapacity * POINT_WIDTH * 8),
    frames: new SharedArrayBuffer(frameBytes),
  };
}

/** Writing end of the point ring. */
export class PointProducer {
  readonly #ctl: Int32Array;
  readonly #points: Float64Array;
  readonly #mask: number;
  #head = 0;
  #tail = 0;

  constructor(rings: SharedRings) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#points = new Float64Array(rings.points);
    this.#mask = this.#points.length / POINT_WIDTH - 1;
  }

  /** Puts one point behind the last; false when the ring is full. Call `publish` afterwards. */
  push(slot: number, step: number, y: number, ts: number): boolean { // hot: bench/log_metrics.ts
    if (this.#head - this.#tail > this.#mask) {
      this.#tail += (Atomics.load(this.#ctl, CTL.pointTail) - this.#tail) | 0;
      if (this.#head - this.#tail > this.#mask) return false;
    }
    const points = this.#points, at = (this.#head & this.#mask) * POINT_WIDTH;
    points[at] = slot;
    points[at + 1] = step;
    points[at + 2] = y;
    points[at + 3] = ts;
    this.#head++;
    return true;
  }

  /** Shows the writer what was pushed. */
  publish(): void {
    Atomics.store(this.#ctl, CTL.pointHead, this.#head | 0);
  }
}

/** Reading end of the point ring. */
export class PointConsumer {
  readonly #ctl: Int32Array;
  readonly #points: Float64Array;
  readonly #mask: number;
  #tail = 0;

  constructor(rings: SharedRings) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#points = new Float64Array(rings.points);
    this.#mask = this.#points.length / POINT_WIDTH - 1;
    this.#tail = Atomics.load(this.#ctl, CTL.pointTail);
  }

  /** Head of the ring now; give it to `read`. */
  head(): number {
    return Atomics.load(this.#ctl, CTL.pointHead);
  }

  /** Hands every point up to `head` to `take`; the places stay taken until `release`. */
  read(head: number, take: (slot: number, step: number, y: number, ts: number) => void): number {
    const count = (head - this.#tail) | 0;
    const points = this.#points;
    for (let i = 0; i < count; i++) { // hot: bench/sustained.ts
      const at = ((this.#tail + i) & this.#mask) * POINT_WIDTH;
      take(points[at]!, points[at + 1]!, points[at + 2]!, points[at + 3]!);
    }
    return count;
  }

  /** Frees the places up to `head`. */
  release(head: number): void {
    this.#tail = head;
    Atomics.store(this.#ctl, CTL.pointTail, head);
    Atomics.notify(this.#ctl, CTL.pointTail);
  }
}

/** Writing end of the frame ring. */
export class FrameProducer {
  readonly #ctl: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoder = new TextEncoder();
  #head = 0;
  #tail = 0;

  constructor(rings: SharedRings) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#bytes = new Uint8Array(rings.frames);
    this.#view = new DataView(rings.frames);
  }

  /** Largest body that one frame takes. */
  get maxBodyBytes(): number {
    return this.#bytes.length >>> 3;
  }

  /** Writes a short text; false when there is no room now. `3 * text.length` must fit one body. */
  push(kind: number, a: number, step: number, ts: number, text: string): boolean {
    const at = this.#room(frameSize(FRAME_NUMBERS_BYTES + 3 * text.length));
    if (at < 0) return false;
    const start = at + FRAME_HEADER_BYTES + FRAME_NUMBERS_BYTES;
    const { written } = this.#encoder.encodeInto(text, this.#bytes.subarray(start));
    writeNumbers(this.#view, at + FRAME_HEADER_BYTES, a, step, ts);
    this.#publish(at, FRAME_NUMBERS_BYTES + written, kind, 0);
    return true;
  }

  /** Writes one piece of a long body; false when there is no room now. */
  pushPiece(kind: number, body: Uint8Array, more: boolean): boolean {
    const at = this.#room(frameSize(body.length));
    if (at < 0) return false;
    this.#bytes.set(body, at + FRAME_HEADER_BYTES);
    this.#publish(at, body.length, kind, more ? FLAG_MORE : 0);
    return true;
  }

  #publish(at: number, bodyBytes: number, kind: number, flags: number): void {
    writeHeader(this.#view, at, bodyBytes, kind, flags);
    this.#head += frameSize(bodyBytes);
    Atomics.store(this.#ctl, CTL.frameHead, this.#head | 0);
  }

  /** Place for `size` bytes in one stretch, or −1. */
  #room(size: number): number {
    const capacity = this.#bytes.length;
    let at = this.#head & (capacity - 1);
    const pad = at + size > capacity ? capacity - at : 0;
    if (this.#head + pad + size - this.#tail > capacity) {
      this.#tail += (Atomics.load(this.#ctl, CTL.frameTail) - this.#tail) | 0;
      if (this.#head + pad + size - this.#tail > capacity) return -1;
    }
    if (pad > 0) {
      writeHeader(this.#view, at, pad - FRAME_HEADER_BYTES, FRAME_PAD, 0);
      this.#head += pad;
      at = 0;
    }
    return at;
  }
}

/** Reading end of the frame ring. */
export class FrameConsumer {
  readonly #ctl: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #reader: FrameReader;
  #tail = 0;

  constructor(rings: SharedRings, reader: FrameReader) {
    this.#ctl = new Int32Array(rings.ctl);
    this.#bytes = new Uint8Array(rings.frames);
    this.#view = new DataView(rings.frames);
    this.#reader = reader;
    this.#tail = Atomics.load(this.#ctl, CTL.frameTail);
  }

  /** Head of the ring now. */
  head(): number {
    return Atomics.load(this.#ctl, CTL.frameHead);
  }

  /** Reads every frame up to `head`; the bytes stay taken until `release`. */
  read(head: number): number {
    const capacity = this.#bytes.length;
    const total = (head - this.#tail) | 0;
    let left = total, at = this.#tail & (capacity - 1);
    while (left > 0) {
      const stretch = Math.min(left, capacity - at);
      this.#reader.read(this.#bytes, this.#view, at, at + stretch);
      left -= stretch;
      at = 0;
    }
    return total;
  }

  /** Frees the bytes up to `head`. */
  release(head: number): void {
    this.#tail = head;
    Atomics.store(this.#ctl, CTL.frameTail, head);
    Atomics.notify(this.#ctl, CTL.frameTail);
  }
}
