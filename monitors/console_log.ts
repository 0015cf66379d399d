/**
 * Console output of a run: lines of both streams as string series, in the order in which they came.
 *
 * @module
 */
import { LineAssembler } from "./console_lines.ts";

/** Where lines go; a part of the run's writer. */
export interface ConsoleSink {
  putText(path: string, step: number, value: string, ts: number): void;
  /** Highest step of a path so far, −Infinity for none. */
  maxStep(path: string): number;
}

const STREAMS = ["stdout", "stderr"] as const;

/** Cuts what was printed into lines; both streams share one counter of steps. */
export class ConsoleLog {
  readonly #sink: ConsoleSink;
  readonly #namespace: string;
  readonly #lines = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  #step: number | undefined;
  #printedMs = 0;

  /** @param namespace path prefix without trailing slash */
  constructor(sink: ConsoleSink, namespace: string) {
    this.#sink = sink;
    this.#namespace = namespace;
  }

  /** Takes text as it was printed. @param ts ms since 1970 */
  print(stream: "stdout" | "stderr", text: string, ts: number): void {
    this.#printedMs = ts;
    for (const line of this.#lines[stream].push(text)) this.#put(stream, line, ts);
  }

  /** Records lines that have been unfinished for long. @param nowMs ms since 1970 */
  turn(nowMs: number): void {
    for (const stream of STREAMS) {
      const line = this.#lines[stream].takePartial(nowMs);
      if (line !== undefined) this.#put(stream, line, nowMs);
    }
  }

  /** Records what is left. */
  finish(): void {
    for (const stream of STREAMS) {
      for (const line of this.#lines[stream].finish()) this.#put(stream, line, this.#printedMs);
    }
  }

  #put(stream: "stdout" | "stderr", line: string, ts: number): void {
    this.#step ??= this.#firstStep();
    this.#sink.putText(`${this.#namespace}/${stream}`, this.#step++, line, ts);
  }

  /** After a resume with the same namespace the lines go on where they stopped. */
  #firstStep(): number {
    const last = STREAMS.map((stream) => this.#sink.maxStep(`${this.#namespace}/${stream}`));
    return Math.max(-1, ...last) + 1;
  }
}
