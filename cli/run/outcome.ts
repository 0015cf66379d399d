/**
 * What the end of a command means for its run. Pure.
 *
 * @module
 */
import type { RunEnd } from "../../lib/worker_protocol.ts";

/** How a command ended. */
export interface CommandEnd {
  /** Exit status, 0 to 255; 128 + number for a signal. */
  readonly exitCode: number;
  /** Signal that ended it, as far as the exit status tells. */
  readonly signal: string | undefined;
  /** True when the kernel killed a process for want of memory meanwhile. */
  readonly outOfMemory: boolean;
}

/** Exit status of a process that was ended with SIGKILL. */
export const KILLED = 137;

/** Status and reason of the run. */
export function runEndOf(end: CommandEnd): RunEnd {
  if (end.exitCode === 0) return { status: "finished", mark: true };
  const how = end.signal ?? `exit code ${end.exitCode}`;
  return { status: "failed", reason: end.outOfMemory ? "out of memory" : how, mark: true };
}

/** Configs that tell the end. */
export function endConfigs(end: CommandEnd): Record<string, number | string> {
  return {
    "run/exit_code": end.exitCode,
    ...(end.signal === undefined ? {} : { "run/signal": end.signal }),
  };
}
