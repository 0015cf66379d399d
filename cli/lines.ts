/**
 * Bytes to numbered lines in bounded memory. Pure.
 *
 * @module
 */

/** Longest line that is taken, in bytes. */
export const MAX_LINE_BYTES: number = 16 * 1024 * 1024;

/** One line of the input: its text, or why there is none. */
export interface InputLine {
  /** Number of the line, from 1. */
  readonly number: number;
  readonly text?: string;
  readonly problem?: string;
}

/** Cuts a stream of bytes into lines; blank lines are counted and left out. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #parts: Uint8Array[] = [];
  #size = 0;
  #number = 0;

  /** @param maxBytes longer lines are refused; nothing beyond it is kept of them */
  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next piece and gives the lines that it completes. */
  push(piece: Uint8Array): InputLine[] {
    const lines: InputLine[] = [];
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      this.#keep(piece.subarray(from, end));
      this.#finish(lines);
      from = end + 1;
    }
    // A copy: the caller may fill the same buffer again.
    if (from < piece.length) this.#keep(piece.slice(from));
    return lines;
  }

  /** Gives the last line, when the input does not end with a line end. */
  end(): InputLine[] {
    const lines: InputLine[] = [];
    if (this.#size > 0) this.#finish(lines);
    return lines;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) this.#parts = [];
    else this.#parts.push(part);
  }

  #finish(lines: InputLine[]): void {
    const number = ++this.#number, size = this.#size, parts = this.#parts;
    this.#parts = [];
    this.#size = 0;
    if (size > this.#maxBytes) {
      const mib = this.#maxBytes / 1024 / 1024;
      lines.push({ number, problem: `a line of ${size} bytes; at most ${mib} MiB are taken` });
      return;
    }
    try {
      const text = this.#decoder.decode(parts.length === 1 ? parts[0] : joined(parts, size));
      if (text.trim() !== "") lines.push({ number, text });
    } catch { // what it is does not matter: it is not text
      lines.push({ number, problem: "not UTF-8" });
    }
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
