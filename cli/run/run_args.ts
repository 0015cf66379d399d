/**
 * What the command line of `goodseed run` says.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { quoted, UsageError } from "../../lib/errors.ts";
import { runPath } from "../../lib/run_setup.ts";
import { resolveSettings, type RunSettings } from "../../lib/settings.ts";
import type { CommandContext, CommonArgs } from "../context.ts";
import { shellLine } from "./shell_text.ts";

/** Arguments of `goodseed run`. */
export interface RunArgs extends CommonArgs {
  /** The command and its arguments. */
  readonly command: readonly string[];
  readonly project?: string | undefined;
  readonly name?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly config?: readonly string[] | undefined;
  readonly runId?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly parse?: readonly string[] | undefined;
  readonly logFd?: boolean | undefined;
  readonly exportRunId?: boolean | undefined;
  /** False with `--no-tty`. */
  readonly tty?: boolean | undefined;
}

/** Words that may become sub-commands. */
const RESERVED: readonly string[] = ["start", "list", "status", "finish"];

/**
 * Checks that the command stands behind `--`.
 *
 * @param words what commander took for the command
 * @param argv the whole command line
 * @throws {UsageError} without `--`, or without a command
 */
export function commandWords(words: readonly string[], argv: readonly string[]): string[] {
  const separated = argv[argv.length - words.length - 1] === "--";
  if (separated && words.length > 0 && words[0] !== "") return [...words];
  const usage = "write: goodseed run [options] -- COMMAND [ARGUMENTS]";
  if (words.length === 0) throw new UsageError(`running a command: none is given; ${usage}`);
  if (separated) throw new UsageError(`running a command: its name is empty; ${usage}`);
  const [first = ""] = words;
  if (RESERVED.includes(first)) {
    throw new UsageError(
      `\`goodseed run ${first}\` is reserved for a later version; to run a program of that name, ` +
        `write: goodseed run -- ${shellLine(words)}`,
    );
  }
  throw new UsageError(
    `running ${quoted(first)}: put \`--\` before the command; write: goodseed run -- ` +
      shellLine(words),
  );
}

/**
 * Settings of the run.
 *
 * @throws {UsageError} an option is not valid
 */
export function runSettings(args: RunArgs, ctx: CommandContext): RunSettings {
  const runId = args.runId ?? (ctx.env.GOODSEED_RUN_ID || undefined);
  if (args.resume === true && runId === undefined) {
    throw new UsageError("resuming: no run is named; give --run-id");
  }
  const env = { ...ctx.env, GOODSEED_RUN_ID: "" };
  const options = {
    project: args.project ?? null,
    name: args.name ?? null,
    tags: args.tag ?? [],
    storage: "local",
    handleSignals: false, // they are the command's
    captureTraceback: false,
    force: args.force ?? false,
    quiet: true,
  } as const;
  const settings = resolveSettings({ ...options, runId: runId ?? null }, env);
  if (args.resume !== true || !existsSync(runPath(settings, ctx.env, settings.runId!))) {
    return settings;
  }
  return resolveSettings({ ...options, resumeRunId: runId ?? null }, env);
}
