/** Runs `goodseed` in tests: in this process with a world made of arrays, or as a program. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { runCli } from "../../cli/args.ts";
import type { CommandContext, ExitCode } from "../../cli/context.ts";
import { cleanEnv, ROOT, runtimeArgs } from "../_harness.ts";

/** What the command's world is made of. */
export interface WorldOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Standard input: a text, or pieces as they come. */
  readonly input?: string | AsyncIterable<Uint8Array>;
  readonly isTty?: boolean;
  readonly columns?: number;
  /** Called with each text that goes to standard output; false: nobody reads any more. */
  readonly onStdout?: (text: string) => boolean;
  readonly signal?: AbortSignal;
  readonly nowMs?: number;
}

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A world that writes into arrays. */
export interface World {
  readonly ctx: CommandContext;
  readonly stdout: string[];
  readonly stderr: string[];
}

/** Makes a world. */
export function world(options: WorldOptions = {}): World {
  const stdout: string[] = [], stderr: string[] = [];
  const signal = options.signal ?? new AbortController().signal;
  const ctx: CommandContext = {
    stdout(text) {
      stdout.push(text);
      return options.onStdout?.(text) ?? true;
    },
    stderr(text) {
      stderr.push(text);
      return true;
    },
    stdin: () => inputOf(options.input ?? ""),
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    isTty: options.isTty ?? false,
    isTerminal: () => options.isTty ?? false,
    columns: options.columns ?? 80,
    now: () => options.nowMs ?? Date.now(),
    interruption: () => signal,
    exitAtReturn: () => {},
  };
  return { ctx, stdout, stderr };
}

async function* inputOf(input: string | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof input === "string") yield new TextEncoder().encode(input);
  else yield* input;
}

/** Runs a command in this process. */
export async function run(args: readonly string[], options: WorldOptions = {}): Promise<Outcome> {
  const { ctx, stdout, stderr } = world(options);
  const code: ExitCode = await runCli(args, ctx);
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}

/** A running program; its output is collected from the start. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  /** What has been written so far. */
  stdout(): string;
  stderr(): string;
  /** Sends a signal; `child.kill` would report it as the end even where the program caught it. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
  /** Waits for the end. */
  readonly ended: Promise<Outcome>;
}

/** Starts the program: `main.ts` on this runtime, or the binary that GOODSEED_BIN names. */
export function start(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Program {
  const binary = process.env.GOODSEED_BIN;
  const [command, head] = binary ? [binary, []] : runtimeArgs(join(ROOT, "main.ts"));
  const child = spawn(command, [...head, ...args], {
    env: cleanEnv(options.env),
    cwd: options.cwd ?? ROOT,
  });
  let stdout = "", stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text) => stderr += text);
  child.stdin.on("error", () => {}); // a program that ends before it has read everything
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (name) => process.kill(child.pid!, name),
    ended,
  };
}

/** Runs the program to its end. */
export function exec(
  args: readonly string[],
  options: {
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly cwd?: string;
  } = {},
): Promise<Outcome> {
  const program = start(args, options);
  program.child.stdin.end(options.input ?? "");
  return program.ended;
}
