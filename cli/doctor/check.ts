/**
 * What a check of `goodseed doctor` is.
 *
 * @module
 */
import type { ProbeRunner } from "../../monitors/gpu_probe.ts";

/**
 * How bad it is: a `problem` keeps something from working now, a `warning` may do so later,
 * `skipped` was not looked at.
 */
export type Level = "ok" | "warning" | "problem" | "skipped";

/** What a check found. */
export interface Finding {
  readonly level: Level;
  /** What was found, one line. */
  readonly detail: string;
  /** What to do; for warnings and problems. */
  readonly fix?: string;
}

/** The world as a check sees it. */
export interface DoctorContext {
  /** The home; it need not exist. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The port that `goodseed serve` takes by default. */
  readonly port: number;
  /** Longest that a check may take, in ms. */
  readonly limitMs: number;
  /** Time of day, in ms since 1970. */
  now(): number;
  /** Runs a program. */
  readonly probe: ProbeRunner;
}

/** One check. It changes nothing, and a temporary file that it makes it removes. */
export interface Check {
  readonly name: string;
  /** True when it looks at the home, which may be on a disk that does not answer. */
  readonly usesHome: boolean;
  run(ctx: DoctorContext): Finding | Promise<Finding>;
}

/** All is well. */
export function ok(detail: string): Finding {
  return { level: "ok", detail };
}

/** Something may go wrong later. */
export function warning(detail: string, fix: string): Finding {
  return { level: "warning", detail, fix };
}

/** Something does not work. */
export function problem(detail: string, fix: string): Finding {
  return { level: "problem", detail, fix };
}

/** Not looked at. */
export function skipped(detail: string): Finding {
  return { level: "skipped", detail };
}

/** A program's output, or why there is none. */
export interface Answer {
  readonly text?: string;
  readonly why: "answered" | "missing" | "slow" | "failed";
}

/** Asks a program; a slow one is killed. */
export async function ask(
  ctx: DoctorContext,
  command: string,
  args: readonly string[],
): Promise<Answer> {
  const result = await ctx.probe(command, [...args], {
    timeoutMs: Math.min(5_000, ctx.limitMs),
    maxBytes: 65_536,
    env: { LC_ALL: "C" },
  });
  if (result.missing) return { why: "missing" };
  if (result.timedOut) return { why: "slow" };
  return { why: result.code === 0 ? "answered" : "failed", text: result.stdout };
}
