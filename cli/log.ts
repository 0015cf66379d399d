/**
 * `goodseed log [FILE|-]`: a run out of JSON lines.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import type { CommandContext, ExitCode } from "./context.ts";
import { inputPieces } from "./input.ts";
import { type InputLine, LineSplitter } from "./lines.ts";
import { LogRecording } from "./log_recording.ts";
import { configOptions, type LogArgs } from "./log_settings.ts";
import { printable } from "./output.ts";

/** Complaints printed one by one; the rest is counted. */
const MAX_COMPLAINTS = 100;

/** Records a run from JSON lines. */
export async function logCommand(args: LogArgs, ctx: CommandContext): Promise<ExitCode> {
  configOptions(args.config ?? []); // a mistake there is told before anything is read
  if (args.blobs !== undefined) {
    ctx.stderr("Warning: --blobs: blobs are not stored yet, only the records that name them\n");
  }
  const signal = ctx.interruption();
  const complaints = new Complaints(ctx);
  const recording = new LogRecording(args, ctx);
  try {
    const options = { file: args.file, follow: args.follow === true, signal };
    const splitter = new LineSplitter();
    for await (const piece of inputPieces(options, ctx)) {
      takeLines(splitter.push(piece), recording, complaints);
      if (args.follow === true && recording.ended) break;
    }
    takeLines(splitter.end(), recording, complaints);
  } catch (error) {
    // A second run in the stream takes nothing away from the first, if that one has ended.
    if (recording.ended && error instanceof UsageError) recording.finish();
    else recording.fail(error instanceof Error ? error.name : "error");
    throw error;
  }
  if (signal.aborted) {
    recording.fail(String(signal.reason));
    ctx.stderr(`Error: stopped by ${signal.reason}; the run is closed as failed\n`);
    return 1;
  }
  if (!recording.started) {
    throw new UsageError("recording a run: the input holds no records, so no run was made");
  }
  const trouble = recording.finish();
  if (trouble !== undefined) ctx.stderr(`Error: ${trouble}\n`);
  return complaints.summary() || trouble !== undefined ? 1 : 0;
}

function takeLines(
  lines: readonly InputLine[],
  recording: LogRecording,
  complaints: Complaints,
): void {
  for (const line of lines) {
    if (line.text === undefined) {
      complaints.add(line.number, `${line.problem}; refused`);
      continue;
    }
    const problems = recording.take(line.text);
    for (const problem of problems) complaints.add(line.number, problem);
  }
}

/** Tells what could not be taken, up to a bound. */
class Complaints {
  readonly #ctx: CommandContext;
  #count = 0;
  #lines = 0;
  #lastLine = 0;

  constructor(ctx: CommandContext) {
    this.#ctx = ctx;
  }

  add(line: number, problem: string): void {
    if (line !== this.#lastLine) this.#lines++;
    this.#lastLine = line;
    if (++this.#count <= MAX_COMPLAINTS) {
      this.#ctx.stderr(`line ${line}: ${printable(problem)}\n`);
    }
  }

  /** Prints how much it was; true when it was anything. */
  summary(): boolean {
    if (this.#count === 0) return false;
    const more = this.#count > MAX_COMPLAINTS ? ` (${this.#count - MAX_COMPLAINTS} not shown)` : "";
    const lines = this.#lines === 1 ? "1 line" : `${this.#lines} lines`;
    this.#ctx.stderr(`Error: ${lines} refused in whole or in part${more}; the rest is recorded\n`);
    return true;
  }
}
