/**
 * Frames: how texts, names and records travel from the thread that logs to the thread that
 * writes, through shared memory or through a journal file. Pure.
 *
 * Layout, little-endian: `u32` body length, `u8` kind, `u8` flags, `u16` zero, then the body:
 * three float64 (`a`, `step`, `ts`) and UTF-8 text, or for {@linkcode FRAME_POINTS} whole points of
 * four float64. A frame starts at a multiple of 8 bytes. A frame with {@linkcode FLAG_MORE} is
 * continued by the next one.
 *
 * @module
 */

/** Fills the rest of a ring up to its end. */
export const FRAME_PAD = 0;
/** Declares a metric series: `a` = slot, text = path. */
export const FRAME_METRIC_SERIES = 1;
/** Declares a string series: `a` = slot, text = path. */
export const FRAME_STRING_SERIES = 2;
/** A point of a string series: `a` = slot, `step` (NaN = automatic), `ts` in ms, text = value. */
export const FRAME_TEXT = 3;
/** Console output: `a` = 0 stdout or 1 stderr, `ts` in ms, text as it was printed. */
export const FRAME_CONSOLE = 4;
/** A record of the record stream: text = its JSON line. */
export const FRAME_RECORD = 5;
/** Points of metric series, `(slot, step, y, ts)` each; only in a journal. */
export const FRAME_POINTS = 6;

/** The next frame continues this one's body. */
export const FLAG_MORE = 1;
/** Bytes before the body. */
export const FRAME_HEADER_BYTES = 8;
/** Bytes of the three numbers at the start of a body. */
export const FRAME_NUMBERS_BYTES = 24;

/** What a frame says; `text` is decoded. */
export interface Frame {
  readonly kind: number;
  readonly a: number;
  readonly step: number;
  readonly ts: number;
  readonly text: string;
}

/** Takes frames and points in the order in which they were sent. */
export interface FrameHandler {
  frame(frame: Frame): void;
  /** Points of a journal: groups of `(slot, step, y, ts)`. */
  points(values: Float64Array): void;
}

/** Size of a frame with a body of that many bytes, up to the next multiple of 8. */
export function frameSize(bodyBytes: number): number {
  return (FRAME_HEADER_BYTES + bodyBytes + 7) & ~7;
}

/** Writes a frame's header at `at`. */
export function writeHeader(
  view: DataView,
  at: number,
  bodyBytes: number,
  kind: number,
  flags: number,
): void {
  view.setUint32(at, bodyBytes, true);
  view.setUint32(at + 4, kind | (flags << 8), true);
}

/** Writes the three numbers at the start of a body. */
export function writeNumbers(
  view: DataView,
  at: number,
  a: number,
  step: number,
  ts: number,
): void {
  view.setFloat64(at, a, true);
  view.setFloat64(at + 8, step, true);
  view.setFloat64(at + 16, ts, true);
}

/** Reads frames from bytes and puts continued ones together. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #decoder = new TextDecoder();
  #pieces: Uint8Array[] = [];

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /**
   * Reads whole frames from `bytes[from, to)`; they may lie in shared memory.
   *
   * @returns where the first unfinished frame starts (`to` when there is none)
   */
  read(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    let at = from;
    while (to - at >= FRAME_HEADER_BYTES) {
      const bodyBytes = view.getUint32(at, true), size = frameSize(bodyBytes);
      if (size > to - at) break;
      const kind = view.getUint8(at + 4), flags = view.getUint8(at + 5);
      if (kind !== FRAME_PAD) {
        const body = bytes.slice(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + bodyBytes);
        if (flags & FLAG_MORE) this.#pieces.push(body);
        else this.#whole(kind, this.#pieces.length === 0 ? body : this.#join(body));
      }
      at += size;
    }
    return at;
  }

  #join(last: Uint8Array): Uint8Array {
    const pieces = [...this.#pieces, last];
    this.#pieces = [];
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  #whole(kind: number, shared: Uint8Array): void {
    const body = shared.buffer instanceof ArrayBuffer ? shared : Uint8Array.from(shared);
    if (kind === FRAME_POINTS) {
      const values = new Float64Array(body.length >>> 3);
      new Uint8Array(values.buffer).set(body.subarray(0, values.length * 8));
      this.#handler.points(values);
      return;
    }
    if (body.length < FRAME_NUMBERS_BYTES) return; // not a frame of ours: a damaged journal
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.#handler.frame({
      kind,
      a: view.getFloat64(0, true),
      step: view.getFloat64(8, true),
      ts: view.getFloat64(16, true),
      text: this.#decoder.decode(body.subarray(FRAME_NUMBERS_BYTES)),
    });
  }
}
