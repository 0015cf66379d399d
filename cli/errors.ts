/**
 * How a command fails: one line on standard error and an exit code.
 *
 * @module
 */
import { GoodseedError, messageOf } from "../lib/errors.ts";
import type { CommandContext, ExitCode } from "./context.ts";

/**
 * Reports what a command threw.
 *
 * An error of ours is one line; anything else gets a hint how to see where it came from.
 * `GOODSEED_DEBUG=1` prints the stack of both.
 *
 * @returns 2 when authentication or authorisation was refused, else 1
 */
export function reportError(error: unknown, ctx: CommandContext): ExitCode {
  const debug = Boolean(ctx.env.GOODSEED_DEBUG);
  ctx.stderr(`Error: ${oneLine(messageOf(error))}\n`);
  if (debug) ctx.stderr(`${stackOf(error)}\n`);
  if (error instanceof GoodseedError) return error.exitCode === 2 ? 2 : 1;
  if (!debug) {
    ctx.stderr("This was not expected; set GOODSEED_DEBUG=1 to see where it came from.\n");
  }
  return 1;
}

/** A text without its line ends. */
export function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\r?\n\s*/g, " ");
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at !== undefined && depth < 8; depth++) {
    parts.push(at instanceof Error ? at.stack ?? String(at) : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}
