/**
 * Text on its way out: file descriptors, colours, tables, large texts in pieces.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import type { CommandContext, CommonArgs } from "./context.ts";

/** Where text goes; the answer is false when nobody reads any more. */
export type TextSink = (text: string) => boolean;

/** Pause before a full pipe is tried again, in ms. */
const FULL_PIPE_PAUSE_MS = 2;

/**
 * Writes to a file descriptor and waits while its reader is slow. The end of the reader
 * (`goodseed … | head`) is no error: from then on nothing is written.
 *
 * @param write test seam, `writeSync` of `node:fs`
 */
export function fdSink(
  fd: number,
  write: (fd: number, bytes: Uint8Array) => number = writeSync,
): TextSink {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let open = true;
  return function writeText(text: string): boolean {
    let bytes: Uint8Array = Buffer.from(text, "utf8");
    while (open && bytes.length > 0) {
      try {
        bytes = bytes.subarray(write(fd, bytes));
      } catch (error) {
        if (isReaderGone(error)) open = false;
        else if (isPipeFull(error)) Atomics.wait(nap, 0, 0, FULL_PIPE_PAUSE_MS);
        else throw error;
      }
    }
    return open;
  };
}

/** True for the error of writing into a pipe that nobody reads. */
export function isReaderGone(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "EPIPE" || name === "BrokenPipe";
}

/** True for the error of writing into a pipe that cannot take more at the moment. */
export function isPipeFull(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "EAGAIN" || name === "WouldBlock";
}

/** Collects small texts and passes them on in pieces of some 64 Ki characters. */
export class TextPieces {
  readonly #sink: TextSink;
  #parts: string[] = [];
  #size = 0;
  #open = true;

  /** @param sink where the pieces go */
  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  /** Adds a text; false when nobody reads any more. */
  add(text: string): boolean {
    this.#parts.push(text);
    this.#size += text.length;
    return this.#size < 65_536 ? this.#open : this.flush();
  }

  /** Passes on what is left. */
  flush(): boolean {
    if (this.#size > 0 && this.#open) this.#open = this.#sink(this.#parts.join(""));
    this.#parts = [];
    this.#size = 0;
    return this.#open;
  }
}

/** A colour of the terminal's own palette. */
export type Color = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";

const CODES: Readonly<Record<Color, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

/** True when colours are wanted: on a terminal, unless `--no-color`, `NO_COLOR` or `TERM=dumb`. */
export function wantsColor(args: CommonArgs, ctx: CommandContext): boolean {
  return ctx.isTty && args.color !== false && !ctx.env.NO_COLOR && ctx.env.TERM !== "dumb";
}

/** Gives the function that colours a text, or leaves it as it is. */
export function painter(
  args: CommonArgs,
  ctx: CommandContext,
): (color: Color, text: string) => string {
  if (!wantsColor(args, ctx)) return (_color, text) => text;
  return (color, text) => `\u001b[${CODES[color]}m${text}\u001b[0m`;
}

/** The colour of a run's status. */
export function statusColor(status: string): Color {
  if (status === "finished") return "green";
  if (status === "running") return "cyan";
  return status === "unreadable" || status === "failed" ? "red" : "yellow";
}

// Control characters of C0 and C1, and those that change the direction of text.
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]/gu;

/** One line of a text from outside, safe for a terminal: control characters become `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => {
    if (c === "\n") return "\\n";
    if (c === "\t") return "\\t";
    if (c === "\r") return "\\r";
    return "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0");
  });
}

/** Cuts a text to `width` characters, the last one `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return text.slice(0, Math.max(0, width - 1)).replace(/[\ud800-\udbff]$/, "") + "…";
}

/**
 * Columns of text, two blanks apart.
 *
 * @param rows cells, every row of the same length
 * @param rightFrom number of the first column that is set to the right; default none
 * @returns lines without line ends
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  rightFrom: number = Infinity,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell)));
  }
  return rows.map((row) =>
    row.map((cell, i) => {
      const blanks = " ".repeat((widths[i] ?? 0) - displayWidth(cell));
      return i >= rightFrom ? blanks + cell : cell + blanks;
    }).join("  ").trimEnd()
  );
}

/** Characters that fill two columns of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;

/** Columns that a text fills on a terminal, as far as a short rule can tell. */
export function displayWidth(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0);
}
