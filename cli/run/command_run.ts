/**
 * One command and its run, from the start of the one to the end of both.
 *
 * @module
 */
import { encodeConfig } from "../../lib/config_value.ts";
import {
  type ByteStream,
  type ProgramFailure,
  signalName,
  signalNumber,
} from "../../lib/runtime/program.ts";
import type { Session } from "../../lib/session.ts";
import { resolveHome } from "../../lib/store/home.ts";
import { redactArguments } from "../../monitors/redact.ts";
import type { CommandContext, ExitCode } from "../context.ts";
import { ChannelFile, channelFolder } from "./channel.ts";
import { ChannelLines } from "./channel_lines.ts";
import { type Child, startChild } from "./child.ts";
import { commandEnv, recordedEnv } from "./environment.ts";
import { OomWatch } from "./oom.ts";
import { type CommandEnd, endConfigs, runEndOf } from "./outcome.ts";
import type { LinePattern } from "./parse_lines.ts";
import { PassThrough } from "./pass_through.ts";
import { PrintedMetrics } from "./printed.ts";
import type { RunArgs } from "./run_args.ts";
import { shellLine } from "./shell_text.ts";
import { SignalForwarder } from "./signals.ts";

/** Time between two looks at the file for JSON lines, in ms. */
const LOOK_MS = 50;
/** Output of what the command left behind is taken until it has been silent for that long, in ms. */
const QUIET_MS = 2_000;
/** After a piece smaller than that, more is let come together: a line at a time costs most. */
const SMALL_BYTES = 4_096;
/** How long it is let come together, in ms. */
const GATHER_MS = 10;
/** The descriptor of `--log-fd`. */
const LOG_FD = 3;

/** Runs one command into an open session. */
export class CommandRun {
  readonly #args: RunArgs;
  readonly #session: Session;
  readonly #ctx: CommandContext;
  readonly #pass = new PassThrough();
  readonly #printed: PrintedMetrics | undefined;
  readonly #fileLines: ChannelLines;
  #outputMs = 0;
  /** While the command has a terminal of its own, ours takes characters as they are. */
  #rawTerminal = false;

  constructor(
    args: RunArgs,
    patterns: readonly LinePattern[],
    session: Session,
    ctx: CommandContext,
  ) {
    const put = session.put.bind(session);
    this.#args = args;
    this.#session = session;
    this.#ctx = {
      ...ctx,
      stderr: (text) => ctx.stderr(this.#rawTerminal ? text.replaceAll("\n", "\r\n") : text),
    };
    this.#printed = patterns.length === 0
      ? undefined
      : new PrintedMetrics(patterns, put, this.#ctx);
    this.#fileLines = new ChannelLines("GOODSEED_LOG", put, this.#ctx);
  }

  /** Runs it to its end, and closes the run. @returns the command's exit status */
  async run(): Promise<ExitCode> {
    const { command } = this.#args;
    const home = resolveHome(this.#ctx.env);
    using channel = new ChannelFile(channelFolder(this.#ctx.env, home));
    const oom = new OomWatch();
    using signals = new SignalForwarder({ terminal: this.#ctx.isTerminal(0) });
    this.#configs({
      "run/command": shellLine(redactArguments(command)),
      ...prefixed("run/env/", recordedEnv(this.#ctx.env)),
    });
    const child = await startChild({
      argv: command,
      env: this.#commandEnv(channel.path, home),
      cwd: this.#ctx.cwd,
      terminal: this.#wantsTerminal(),
      extraPipe: this.#args.logFd === true,
    });
    if (child.pid === undefined) return await this.#notStarted(child);
    signals.target(child.pid, !child.onTerminal);
    this.#configs({ "run/pid": child.pid });
    this.#session.recorder.watch(child.pid);
    const status = await this.#follow(child, channel);
    const exitCode = exitCodeOf(status, child, signals.groupSignal);
    return this.#close({
      exitCode,
      signal: exitCode > 128 ? signalName(exitCode - 128) : undefined,
      outOfMemory: oom.killed(exitCode),
    });
  }

  #wantsTerminal(): boolean {
    const { isTerminal } = this.#ctx;
    return this.#args.tty !== false && isTerminal(0) && isTerminal(1) && isTerminal(2);
  }

  #commandEnv(logFile: string, home: string): Record<string, string> {
    const { settings, run } = this.#session;
    return commandEnv(this.#ctx.env, {
      parentRun: `${settings.project}/${run.runId}`,
      project: settings.project,
      home,
      logFile,
      logFd: this.#args.logFd === true ? LOG_FD : undefined,
      runId: this.#args.exportRunId === true ? run.runId : undefined,
    });
  }

  /** Takes everything that the command says, until it has ended. @returns its exit status */
  async #follow(child: Child, channel: ChannelFile): Promise<number> {
    const { program } = child;
    this.#rawTerminal = child.onTerminal;
    const pumps = [
      this.#pumpOutput("stdout", program.stdout),
      this.#pumpOutput("stderr", program.stderr),
    ];
    if (program.extra !== undefined) pumps.push(this.#pumpLines(program.extra));
    const take = (piece: Uint8Array): void => this.#fileLines.push(piece);
    const timer = setInterval(() => channel.look(take), LOOK_MS);
    const status = await program.ended;
    this.#rawTerminal = false;
    await this.#outputEnds(Promise.all(pumps));
    for (const stream of [program.stdout, program.stderr, program.extra]) stream?.destroy();
    clearInterval(timer);
    while (channel.look(take)) { // to its end
    }
    this.#fileLines.end();
    await this.#printed?.finish(this.#ctx.now());
    return status;
  }

  async #pumpOutput(stream: "stdout" | "stderr", source: ByteStream): Promise<void> {
    const decoder = new TextDecoder(), fd = stream === "stdout" ? 1 : 2;
    await source.pump(async (piece) => {
      this.#outputMs = performance.now();
      const text = decoder.decode(piece, { stream: true }), ts = this.#ctx.now();
      this.#session.recorder.console(stream, text, ts);
      await Promise.all([this.#pass.pass(fd, piece), this.#printed?.print(stream, text, ts)]);
      this.#outputMs = performance.now();
      if (piece.length < SMALL_BYTES) await alarm(GATHER_MS).rang;
    });
    const rest = decoder.decode();
    if (rest !== "") this.#session.recorder.console(stream, rest, this.#ctx.now());
  }

  async #pumpLines(source: ByteStream): Promise<void> {
    const lines = new ChannelLines(
      "GOODSEED_LOG_FD",
      (record) => this.#session.put(record),
      this.#ctx,
    );
    await source.pump((piece) => {
      this.#outputMs = performance.now();
      lines.push(piece);
      return Promise.resolve();
    });
    lines.end();
  }

  /** Waits for the end of the pipes, or for silence: a process left behind may hold them for ever. */
  async #outputEnds(pumps: Promise<unknown>): Promise<void> {
    let open = true;
    const ended = pumps.then(() => open = false);
    this.#outputMs = performance.now();
    while (open) {
      const leftMs = this.#outputMs + QUIET_MS - performance.now();
      if (leftMs <= 0 && !this.#pass.busy) return;
      const nap = alarm(Math.max(50, leftMs));
      await Promise.race([ended, nap.rang]);
      nap.clear();
    }
  }

  async #notStarted(failure: ProgramFailure): Promise<ExitCode> {
    const [name = ""] = this.#args.command;
    await this.#printed?.finish(this.#ctx.now());
    this.#ctx.stderr(`goodseed: cannot run ${shellLine([name])}: ${failure.reason}\n`);
    this.#configs({ "run/exit_code": failure.exitCode });
    this.#end({
      status: "failed",
      reason: `cannot run the command: ${failure.reason}`,
      mark: true,
    });
    return failure.exitCode;
  }

  #close(end: CommandEnd): ExitCode {
    this.#configs(endConfigs(end));
    this.#end(runEndOf(end));
    return end.exitCode;
  }

  #end(end: Parameters<Session["close"]>[0]): void {
    this.#session.close(end);
    const { dropped, problem } = this.#session.diagnostics();
    if (dropped > 0 || problem !== undefined) {
      this.#ctx.stderr(`goodseed: the run is not complete: ${problem ?? `${dropped} lost`}\n`);
    }
    if (this.#args.quiet !== true) {
      const reason = end?.reason === undefined ? "" : ` (${end.reason})`;
      this.#ctx.stderr(
        `Goodseed run closed: ${this.#session.run.runId}, ${end?.status}${reason}\n`,
      );
    }
  }

  #configs(values: Readonly<Record<string, string | number>>): void {
    for (const [path, value] of Object.entries(values)) {
      const { tag, text } = encodeConfig(value);
      this.#session.put({ t: "config", path, tag, value: text });
    }
  }
}

/** `script` ends with 0 when a signal to the group made it end the command. */
function exitCodeOf(status: number, child: Child, groupSignal: string | undefined): number {
  if (!child.onTerminal || status !== 0 || groupSignal !== "SIGTERM") return status;
  return 128 + (signalNumber(groupSignal) ?? 0);
}

function prefixed(
  prefix: string,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function alarm(ms: number): { readonly rang: Promise<void>; clear(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rang = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  return { rang, clear: () => clearTimeout(timer) };
}
