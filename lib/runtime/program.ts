/**
 * Starts a program of the user with its output in pipes, the same on Deno, Bun and Node.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";

/** How a program is started. */
export interface ProgramOptions {
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Gives it a further pipe to write to, as descriptor 3. */
  readonly extraPipe: boolean;
}

/** A running program; standard input is that of this process. */
export interface Program {
  readonly pid: number;
  readonly stdout: ByteStream;
  readonly stderr: ByteStream;
  /** What it writes to descriptor 3. */
  readonly extra: ByteStream | undefined;
  /** Exit status; 128 + the signal's number when a signal ended it. */
  readonly ended: Promise<number>;
}

/** A pipe that the program writes to. */
export interface ByteStream {
  /**
   * Hands out what comes, one piece at a time; nothing is read while a piece is being taken.
   *
   * @returns resolves at the end of the pipe, or when it is let go of
   */
  pump(take: (piece: Uint8Array) => Promise<unknown>): Promise<void>;
  /** Lets go of the pipe, whoever holds its other end. */
  destroy(): void;
}

/** The program could not be started. */
export interface ProgramFailure {
  readonly pid: undefined;
  /** As shells say it: 127 no such program, 126 not allowed. */
  readonly exitCode: 126 | 127;
  readonly reason: string;
}

/**
 * Starts a program.
 *
 * @param argv the program, a name on the PATH or a path, and its arguments
 * @returns the program, or why there is none
 */
export async function startProgram(
  argv: readonly string[],
  options: ProgramOptions,
): Promise<Program | ProgramFailure> {
  let child: ChildProcess;
  try {
    child = spawn(argv[0]!, argv.slice(1), {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ["inherit", "pipe", "pipe", ...(options.extraPipe ? ["pipe" as const] : [])],
    });
  } catch (error) { // Deno 2.4 throws where the others emit
    return failure(error);
  }
  const failed = new Promise<unknown>((resolve) => child.once("error", resolve));
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(exitStatus(code, signal)));
  });
  if (child.pid === undefined) return failure(await failed);
  child.on("error", () => {}); // nothing is sent to it through this object
  return {
    pid: child.pid,
    stdout: byteStream(child.stdout!),
    stderr: byteStream(child.stderr!),
    extra: options.extraPipe ? byteStream(child.stdio[3] as Readable) : undefined,
    ended,
  };
}

/** Number of a signal; undefined for a name that this system does not have. */
export function signalNumber(name: string): number | undefined {
  return (constants.signals as Readonly<Record<string, number>>)[name];
}

/** Name of a signal by its number. */
export function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

function byteStream(stream: Readable): ByteStream {
  return {
    pump: (take) => new Promise((resolve, reject) => pumpStream(stream, take, resolve, reject)),
    destroy: () => void stream.destroy(),
  };
}

/** Pieces that came together are taken together: on Bun a paused stream collects many small ones. */
function pumpStream(
  stream: Readable,
  take: (piece: Uint8Array) => Promise<unknown>,
  resolve: (end: Promise<void>) => void,
  reject: (error: unknown) => void,
): void {
  let pieces: Uint8Array[] = [];
  let taking: Promise<void> | undefined, last: Promise<void> = Promise.resolve();
  async function takeAll(): Promise<void> {
    await Promise.resolve(); // until all that is there has been handed out
    stream.pause();
    while (pieces.length > 0) {
      const piece = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      pieces = [];
      await take(piece);
    }
    taking = undefined;
    stream.resume();
  }
  stream.on("data", (piece: Uint8Array) => {
    pieces.push(piece);
    taking ??= last = takeAll().catch(reject);
  });
  // an error means that the other end broke: what came counts
  for (const end of ["error", "end", "close"]) stream.once(end, () => resolve(last));
}

function exitStatus(code: number | null, signal: string | null): number {
  if (code !== null) return code; // Deno 2.4: 128 + number also for a signal
  return 128 + (signalNumber(signal ?? "") ?? 0);
}

function failure(error: unknown): ProgramFailure {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const denied = code === "EACCES" || code === "EPERM" || name === "PermissionDenied" ||
    code === "ENOEXEC";
  const missing = code === "ENOENT" || name === "NotFound";
  return {
    pid: undefined,
    exitCode: denied ? 126 : 127,
    reason: denied
      ? "it may not be executed"
      : missing
      ? "there is no such program"
      : error instanceof Error
      ? error.message
      : String(error),
  };
}
