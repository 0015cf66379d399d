/**
 * The command's world when it is a process: real descriptors, real signals.
 *
 * @module
 */
import process from "node:process";
import { isatty } from "node:tty";
import type { CommandContext } from "./context.ts";
import { fdSink } from "./output.ts";

/** The context of this process. */
export interface ProcessContext extends CommandContext {
  /** True when something open would keep the process alive. */
  readonly mustExit: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Makes the context of this process. */
export function processContext(): ProcessContext {
  let signal: AbortSignal | undefined;
  let mustExit = false;
  return {
    stdout: fdSink(1),
    stderr: fdSink(2),
    stdin: () => process.stdin as AsyncIterable<Uint8Array>,
    env: process.env,
    cwd: process.cwd(),
    isTty: process.stdout.isTTY === true,
    isTerminal: isatty,
    columns: process.stdout.columns || 80,
    now: Date.now,
    interruption: () => signal ??= takeSignals(),
    exitAtReturn: () => {
      mustExit = true;
    },
    get mustExit() {
      return mustExit;
    },
  };
}

function takeSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, function onSignal() {
      if (!controller.signal.aborted) return controller.abort(name);
      // The user insists: back to what the signal does by itself.
      process.off(name, onSignal);
      process.kill(process.pid, name);
    });
  }
  return controller.signal;
}
