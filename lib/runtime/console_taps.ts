/**
 * Who listens to the console, and the guards that keep anything from being seen twice.
 *
 * @module
 */

/** Name of a standard stream. */
export type ConsoleStream = "stdout" | "stderr";

/** Gets what was printed, cut as the program cut it: lines, parts of lines, several lines. */
export type ConsoleListener = (stream: ConsoleStream, text: string) => void;

/** One listener and the streams it wants. */
export interface Tap {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly onText: ConsoleListener;
}

/** The set of taps; everything that was seen goes through {@linkcode TapSet.tell}. */
export class TapSet {
  readonly #taps = new Set<Tap>();
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  #telling = false;
  #silent = 0;
  #seen = 0;

  /** Number of taps. */
  get size(): number {
    return this.#taps.size;
  }

  /** Counts what was told, so that a caller can tell whether a call inside it was seen. */
  get seen(): number {
    return this.#seen;
  }

  /** Adds a listener. */
  add(tap: Tap): void {
    this.#taps.add(tap);
  }

  /** Removes a listener. */
  delete(tap: Tap): void {
    this.#taps.delete(tap);
  }

  /**
   * True when nothing that is printed now is for the taps: it comes from a tap itself, or from
   * inside a call that was seen already.
   */
  get deaf(): boolean {
    return this.#telling || this.#silent > 0;
  }

  /** True when somebody listens to the stream now. */
  wanted(stream: ConsoleStream): boolean {
    if (this.deaf) return false;
    for (const tap of this.#taps) if (tap[stream]) return true;
    return false;
  }

  /** Runs `work`; what it prints has been seen already. */
  silently<T>(work: () => T): T {
    this.#silent++;
    try {
      return work();
    } finally {
      this.#silent--;
    }
  }

  /** Hands text to the taps of the stream; an error of a tap never reaches the program that prints. */
  tell(stream: ConsoleStream, text: string): void {
    if (text === "" || this.deaf) return;
    this.#seen++;
    this.#telling = true;
    for (const tap of this.#taps) {
      if (!tap[stream]) continue;
      try {
        tap.onText(stream, text);
      } catch { // trouble of a tap is never trouble of the program that prints
      }
    }
    this.#telling = false;
  }

  /** Hands bytes to the taps; a character may be cut between two calls. */
  tellBytes(stream: ConsoleStream, bytes: Uint8Array): void {
    if (this.deaf) return;
    this.tell(stream, this.#decoders[stream].decode(bytes, { stream: true }));
  }
}
