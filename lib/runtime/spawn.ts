/**
 * Runs a small program and takes what it prints, with every bound a background probe needs:
 * a time limit, a size limit, nothing on stdin, and no exception when the program is not there.
 *
 * Works in a Worker while the main thread never yields.
 *
 * @module
 */
import { startChild } from "./spawn_child.ts";

/** Bounds and surroundings of one probe. */
export interface ProbeOptions {
  /** Time after which the program is killed, in ms. */
  readonly timeoutMs: number;
  /** How much of stdout is kept, in bytes; a program that prints more is killed. */
  readonly maxBytes: number;
  /** Working folder; default that of this process. */
  readonly cwd?: string;
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the probe early, as the time limit does. */
  readonly signal?: AbortSignal;
}

/** The program ran. */
export interface ProbeOutput {
  readonly missing: false;
  /** Exit status; 128 + the signal's number when a signal ended it. */
  readonly code: number;
  /** What it printed on stdout, at most `maxBytes` bytes of it, read as UTF-8. */
  readonly stdout: string;
  /** True when the time limit or the abort signal ended it. */
  readonly timedOut: boolean;
  /** True when there was more on stdout than `maxBytes`. */
  readonly truncated: boolean;
}

/** The program could not be started: not installed, not allowed, or no such working folder. */
export interface ProbeMissing {
  readonly missing: true;
}

/** Outcome of {@linkcode runProbe}. */
export type ProbeResult = ProbeOutput | ProbeMissing;

/** How long a program's last bytes are waited for once it has ended or was killed. */
const GRACE_MS = 250;
const SIGKILL_CODE = 128 + 9;

/** Collects at most `maxBytes` of a stream; can be stopped at any time and keeps what it has. */
class Collector {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #chunks: Uint8Array[] = [];
  readonly #maxBytes: number;
  #left: number;
  truncated = false;

  constructor(stream: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#reader = stream.getReader();
    this.#maxBytes = maxBytes;
    this.#left = maxBytes;
  }

  /** Resolves at the end of the stream, when it fails, or when there is too much. */
  async run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return;
        if (value.length > this.#left) this.truncated = true;
        if (this.#left > 0) this.#chunks.push(value.subarray(0, this.#left));
        this.#left = Math.max(0, this.#left - value.length);
        if (this.truncated) return;
      }
    } catch { // cancelled, or the pipe broke: what came so far counts
    }
  }

  /** Lets go of the pipe, whoever else still holds its other end. */
  release(): void {
    this.#reader.cancel().catch(() => {}); // already closed
  }

  text(): string {
    const bytes = new Uint8Array(this.#maxBytes - this.#left);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    // as a stream: a character cut in two by the size limit is left out
    return new TextDecoder().decode(bytes, { stream: this.truncated });
  }
}

/** A timer as a promise; `clear` leaves the promise pending and the event loop free. */
function alarm(ms: number): { readonly rang: Promise<"alarm">; clear(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rang = new Promise<"alarm">((resolve) => {
    timer = setTimeout(() => resolve("alarm"), ms);
  });
  return { rang, clear: () => clearTimeout(timer) };
}

async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const limit = alarm(ms);
  await Promise.race([work, limit.rang]);
  limit.clear();
}

/**
 * Runs a program without blocking the thread and takes its standard output.
 *
 * Standard error is thrown away, standard input is empty. A program that is too slow or prints too
 * much is killed with SIGKILL; its descendants are not waited for, even if they keep the pipe open.
 * Never throws and never asks for a permission.
 *
 * @param command name on the PATH, or a path
 * @param args its arguments, passed on as they are (no shell)
 * @param options time limit (ms), size limit (bytes) and surroundings
 * @returns the output, or `missing: true` when the program could not be started
 * @example
 * ```ts
 * const result = await runProbe("git", ["--version"], { timeoutMs: 5_000, maxBytes: 4_096 });
 * if (!result.missing && result.code === 0) result.stdout.startsWith("git version");
 * ```
 */
export async function runProbe(
  command: string,
  args: string[],
  options: ProbeOptions,
): Promise<ProbeResult> {
  const { timeoutMs, maxBytes, signal } = options;
  const limit = alarm(timeoutMs);
  let abort = (): void => {};
  const aborted = new Promise<"alarm">((resolve) => {
    abort = () => resolve("alarm");
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
  try {
    const child = await startChild(command, args, options);
    if (child === undefined) return { missing: true };
    const output = new Collector(child.stdout, maxBytes);
    let code = SIGKILL_CODE;
    const exited = child.exited.then((value) => void (code = value), () => {});
    const read = output.run();
    const finished = Promise.race([
      read.then(() => output.truncated ? undefined : exited),
      exited.then(() => atMost(read, GRACE_MS)), // a descendant may hold the pipe open for ever
    ]);
    const timedOut = await Promise.race([finished, limit.rang, aborted]) === "alarm";
    if (timedOut || output.truncated) {
      try {
        child.kill();
      } catch { // it had ended meanwhile
      }
      await atMost(exited, GRACE_MS); // a process in uninterruptible sleep does not even die
    }
    output.release();
    return { missing: false, code, stdout: output.text(), timedOut, truncated: output.truncated };
  } finally {
    limit.clear();
    signal?.removeEventListener("abort", abort);
  }
}
