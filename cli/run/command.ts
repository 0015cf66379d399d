/**
 * `goodseed run [options] -- COMMAND …`: any program as a run.
 *
 * @module
 */
import { encodeConfig, stringSetText } from "../../lib/config_value.ts";
import { Session } from "../../lib/session.ts";
import type { CommandContext, ExitCode } from "../context.ts";
import { configOptions } from "../log_settings.ts";
import { CommandRun } from "./command_run.ts";
import { linePattern } from "./parse_lines.ts";
import { type RunArgs, runSettings } from "./run_args.ts";

/** Runs a command and records it. @returns the command's exit status */
export async function runCommand(args: RunArgs, ctx: CommandContext): Promise<ExitCode> {
  const patterns = (args.parse ?? []).map(linePattern); // mistakes are told before anything is made
  const configs = configOptions(args.config ?? []);
  const settings = runSettings(args, ctx);
  const session = new Session(settings, { env: ctx.env, command: args.command });
  const { runId, path, resumed } = session.run;
  if (args.quiet !== true) {
    ctx.stderr(`Goodseed run${resumed ? " resumed" : ""}: ${runId}\n  Data: ${path}\n`);
  }
  try {
    for (const config of configs) session.put(config);
    if (resumed) putOptions(session, args);
    return await new CommandRun(args, patterns, session, ctx).run();
  } catch (error) {
    session.close({
      status: "failed",
      reason: error instanceof Error ? error.name : "error",
      mark: true,
    });
    throw error;
  } finally {
    ctx.exitAtReturn(); // what the command left behind may hold pipes of ours
  }
}

/** A resumed run keeps its name and tags unless others are given. */
function putOptions(session: Session, args: RunArgs): void {
  if (args.name !== undefined) {
    const { tag, text } = encodeConfig(args.name);
    session.put({ t: "config", path: "sys/name", tag, value: text });
  }
  if ((args.tag ?? []).length > 0) {
    const value = stringSetText(args.tag ?? []);
    session.put({ t: "config", path: "sys/tags", tag: "string_set", value });
  }
}
