/**
 * JSON lines of a command, on their way into its run.
 *
 * @module
 */
import { GoodseedError, messageOf } from "../../lib/errors.ts";
import { parseLine } from "../../lib/record_codec.ts";
import type { RunRecord } from "../../lib/records.ts";
import type { CommandContext } from "../context.ts";
import { type InputLine, LineSplitter } from "../lines.ts";
import { Problems } from "./problems.ts";

/** Takes the bytes of one source. */
export class ChannelLines {
  readonly #splitter = new LineSplitter();
  readonly #put: (record: RunRecord) => void;
  readonly #problems: Problems;

  /**
   * @param source what the lines come from, for messages
   * @param put takes the records
   */
  constructor(source: string, put: (record: RunRecord) => void, ctx: CommandContext) {
    this.#put = put;
    this.#problems = new Problems(source, ctx);
  }

  /** Lines that could not be taken in whole. */
  get refused(): number {
    return this.#problems.lines;
  }

  /** Takes the next bytes; they may be used again afterwards. */
  push(piece: Uint8Array): void {
    this.#take(this.#splitter.push(piece));
  }

  /** Takes what is left and tells what was refused. */
  end(): void {
    this.#take(this.#splitter.end());
    this.#problems.summary();
  }

  #take(lines: readonly InputLine[]): void {
    for (const line of lines) {
      this.#problems.add(
        line.number,
        line.text === undefined ? [`${line.problem}; refused`] : this.#record(line.text),
      );
    }
  }

  #record(text: string): string[] {
    try {
      const { records, problems } = parseLine(text);
      return [...problems, ...records.flatMap((record) => this.#one(record))];
    } catch (error) {
      if (error instanceof GoodseedError) return [`${messageOf(error)}; refused`];
      throw error;
    }
  }

  /** What would make another run of it is refused: the command's end is the run's end. */
  #one(record: RunRecord): string[] {
    if (record.t === "run" || record.t === "status") {
      return [`a ${record.t} record; \`goodseed run\` itself sets what is in it, refused`];
    }
    if (record.t === "series" && record.id !== undefined) {
      const { id: _number, ...rest } = record; // numbers of another file
      this.#put(rest);
    } else {
      this.#put(record);
    }
    return [];
  }
}
