/**
 * Cuts what a program printed on one stream into the lines that are recorded (contract: goodseed
 * §4.1, with its losses mended). Pure; constant memory.
 *
 * @module
 */

/** Time between two write-outs of a line that has not ended yet, in ms. */
export const PARTIAL_AFTER_MS = 5_000;

/** Length at which a line without an end is recorded as a piece, in UTF-16 units. */
export const MAX_LINE_LENGTH = 65_536;

/**
 * Collects the text of one stream and gives back whole lines.
 *
 * A line ends at `\n`; `\r\n` (and `\r\r\n`) is a line end too. Any other `\r` means that the text
 * after it replaces what stood on the line, so of a progress bar only its last state counts; a `\r`
 * at the end of what was printed replaces nothing until more text comes. Empty lines are dropped,
 * ANSI codes are kept. Text is never lost: a line that is too long comes in pieces.
 */
export class LineAssembler {
  /** What stands on the unfinished line. */
  #line = "";
  /** The line ended in `\r`: the next text replaces it, unless it is a line end. */
  #returned = false;
  #lastPartialMs: number | undefined;

  /**
   * Takes text as it was printed.
   *
   * @param text any cut of the stream
   * @returns the lines that ended in it, without their line ends
   */
  push(text: string): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.#write(text.slice(start, end), lines);
      this.#end(lines);
      start = end + 1;
    }
    this.#write(text.slice(start), lines);
    return lines;
  }

  /**
   * Takes the unfinished line when its time has come: {@linkcode PARTIAL_AFTER_MS} after the last
   * one that was taken, or after the first call.
   *
   * @param nowMs monotonic or wall clock in ms, the same in every call
   * @returns the text, which is then no longer held; undefined when there is none or it is too early
   */
  takePartial(nowMs: number): string | undefined {
    this.#lastPartialMs ??= nowMs;
    if (this.#line === "" || nowMs - this.#lastPartialMs < PARTIAL_AFTER_MS) return undefined;
    this.#lastPartialMs = nowMs;
    return this.#take();
  }

  /**
   * Ends the stream.
   *
   * @returns the unfinished line, if any
   */
  finish(): string[] {
    const line = this.#take();
    return line === "" ? [] : [line];
  }

  /** Writes a text without `\n` onto the line. */
  #write(text: string, lines: string[]): void {
    if (text === "") return;
    let end = text.length;
    while (end > 0 && text[end - 1] === "\r") end--;
    const returned = end < text.length;
    if (end > 0) {
      const start = text.lastIndexOf("\r", end - 1) + 1;
      if (start > 0 || this.#returned) this.#line = "";
      this.#line += text.slice(start, end);
      this.#returned = returned;
      this.#cutPieces(lines);
    } else {
      this.#returned ||= returned;
    }
  }

  #end(lines: string[]): void {
    const line = this.#take();
    if (line !== "") lines.push(line);
  }

  #take(): string {
    const line = this.#line;
    this.#line = "";
    this.#returned = false;
    return line;
  }

  #cutPieces(lines: string[]): void {
    let at = 0;
    while (this.#line.length - at >= MAX_LINE_LENGTH) {
      const end = at + MAX_LINE_LENGTH;
      const splitsPair = isHighSurrogate(this.#line.charCodeAt(end - 1));
      lines.push(this.#line.slice(at, splitsPair ? end - 1 : end));
      at = splitsPair ? end - 1 : end;
    }
    if (at > 0) this.#line = this.#line.slice(at);
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
