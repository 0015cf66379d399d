/**
 * `goodseed doctor`: is everything here that runs and the server need?
 *
 * @module
 */
import { resolve } from "node:path";
import { runProbe } from "../lib/runtime/spawn.ts";
import { resolveHome } from "../lib/store/home.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { cacheCheck } from "./doctor/cache.ts";
import type { Check, DoctorContext, Level } from "./doctor/check.ts";
import { clockCheck } from "./doctor/clock.ts";
import { filesystemCheck } from "./doctor/filesystem.ts";
import { gpuCheck } from "./doctor/gpu.ts";
import { homeCheck } from "./doctor/home.ts";
import { hubCheck } from "./doctor/hub.ts";
import { leftoversCheck } from "./doctor/leftovers.ts";
import { libcCheck } from "./doctor/libc.ts";
import { portCheck } from "./doctor/port.ts";
import { quotaCheck } from "./doctor/quota.ts";
import { type CheckResult, runChecks } from "./doctor/run_checks.ts";
import { runsCheck } from "./doctor/runs.ts";
import { spaceCheck } from "./doctor/space.ts";
import { sqliteCheck } from "./doctor/sqlite.ts";
import { type Color, painter, printable } from "./output.ts";

/** Arguments of `goodseed doctor`. */
export interface DoctorArgs extends CommonArgs {
  readonly json?: boolean | undefined;
}

/** All checks; the home comes first, others depend on it. */
export const CHECKS: readonly Check[] = [
  homeCheck,
  filesystemCheck,
  spaceCheck,
  quotaCheck,
  cacheCheck,
  runsCheck,
  leftoversCheck,
  clockCheck,
  gpuCheck,
  portCheck,
  libcCheck,
  sqliteCheck,
  hubCheck,
];

const LIMIT_MS = 10_000;
const PORT = 8765;

/** Checks everything, and reports 1 when there is a problem. */
export function doctorCommand(args: DoctorArgs, ctx: CommandContext): Promise<ExitCode> {
  return examine(args, ctx, CHECKS, {
    home: resolve(ctx.cwd, resolveHome(ctx.env)),
    env: ctx.env,
    port: PORT,
    limitMs: LIMIT_MS,
    now: () => ctx.now(),
    probe: runProbe,
  });
}

/** Runs checks in a given world, and prints what they found. */
export async function examine(
  args: DoctorArgs,
  ctx: CommandContext,
  checks: readonly Check[],
  world: DoctorContext,
): Promise<ExitCode> {
  const results = await runChecks(checks, world);
  if (results.some((result) => result.hangs)) ctx.exitAtReturn(); // else it waits for the disk
  const ok = results.every(({ finding }) => finding.level !== "problem");
  ctx.stdout(args.json === true ? jsonText(results, ok) : lines(results, args, ctx));
  return ok ? 0 : 1;
}

function jsonText(results: readonly CheckResult[], ok: boolean): string {
  const checks = results.map(({ name, finding }) => ({
    name,
    ok: finding.level !== "problem",
    level: finding.level,
    detail: finding.detail,
    fix: finding.fix ?? null,
  }));
  return JSON.stringify({ ok, checks }) + "\n";
}

const COLORS: Readonly<Record<Level, Color>> = {
  ok: "green",
  warning: "yellow",
  problem: "red",
  skipped: "dim",
};

function lines(results: readonly CheckResult[], args: DoctorArgs, ctx: CommandContext): string {
  const paint = painter(args, ctx);
  return results
    .filter(({ finding }) => args.quiet !== true || finding.fix !== undefined)
    .map(({ name, finding: { level, detail, fix } }) => {
      const advice = fix === undefined ? "" : ` -> ${printable(fix)}`;
      return `${paint(COLORS[level], level.padEnd(7))}  ${name.padEnd(10)}  ` +
        `${printable(detail)}${advice}\n`;
    }).join("");
}
