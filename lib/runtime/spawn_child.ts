/**
 * Starts a child process with a piped stdout and nothing else, the same on Deno, Bun and Node.
 *
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { mayRun } from "./permissions.ts";

/** A running program whose stdout can be read. */
export interface ProbeChild {
  readonly stdout: ReadableStream<Uint8Array>;
  /** Exit status; 128 + the number of the signal that ended it. */
  readonly exited: Promise<number>;
  /** Sends SIGKILL; may throw when the program has ended. */
  kill(): void;
}

/** Surroundings of the program. */
export interface StartOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

type Environment = Record<string, string>;

interface DenoLike {
  readonly Command: new (command: string, options: {
    args: string[];
    stdin: "null";
    stdout: "piped";
    stderr: "null";
    cwd?: string;
    env?: Environment;
  }) => {
    spawn(): {
      readonly stdout: ReadableStream<Uint8Array>;
      readonly status: Promise<{ readonly code: number }>;
      kill(signal: "SIGKILL"): void;
    };
  };
}

interface BunLike {
  spawn(options: {
    cmd: string[];
    stdin: "ignore";
    stdout: "pipe";
    stderr: "ignore";
    cwd?: string;
    env: Record<string, string | undefined>;
  }): {
    readonly stdout: ReadableStream<Uint8Array>;
    readonly exited: Promise<number>;
    kill(signal: number): void;
  };
}

function startOnDeno(
  deno: DenoLike,
  command: string,
  args: string[],
  options: StartOptions,
): ProbeChild {
  const child = new deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  }).spawn();
  return {
    stdout: child.stdout,
    exited: child.status.then((status) => status.code),
    kill: () => child.kill("SIGKILL"),
  };
}

function startOnBun(
  bun: BunLike,
  command: string,
  args: string[],
  options: StartOptions,
): ProbeChild {
  const child = bun.spawn({
    cmd: [command, ...args],
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    // given in full: Bun otherwise looks programs up on the PATH that it was started with
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return { stdout: child.stdout, exited: child.exited, kill: () => child.kill(9) };
}

async function startOnNode(
  command: string,
  args: string[],
  options: StartOptions,
): Promise<ProbeChild> {
  const { spawn } = await import("node:child_process");
  const { Readable } = await import("node:stream");
  const child: ChildProcess = spawn(command, args, {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...options.env },
    windowsHide: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.on("error", () => {}); // a kill that came too late
  const stdout = Readable.toWeb(child.stdout!) as unknown as ReadableStream<Uint8Array>;
  return { stdout, exited, kill: () => void child.kill("SIGKILL") };
}

/**
 * Starts a program; stdin is empty and stderr is thrown away.
 *
 * @param command name on the PATH, or a path
 * @param args its arguments
 * @param options surroundings
 * @returns the child, or undefined when it cannot be started or that would need a prompt
 */
export async function startChild(
  command: string,
  args: string[],
  options: StartOptions,
): Promise<ProbeChild | undefined> {
  if (!mayRun(command)) return undefined;
  const { Deno: deno, Bun: bun } = globalThis as { Deno?: DenoLike; Bun?: BunLike };
  try {
    if (deno?.Command !== undefined) return startOnDeno(deno, command, args, options);
    if (bun !== undefined) return startOnBun(bun, command, args, options);
    return await startOnNode(command, args, options);
  } catch { // no such program or folder, not executable, no more processes: all the same to a probe
    return undefined;
  }
}
