/**
 * Runs the checks of `goodseed doctor`: none of them can hang the whole.
 *
 * @module
 */
import { messageOf } from "../../lib/errors.ts";
import { type Check, type DoctorContext, type Finding, problem, skipped } from "./check.ts";

/** A check and what it found. */
export interface CheckResult {
  readonly name: string;
  readonly finding: Finding;
  /** True when it took too long; what it waits for may keep the process from ending by itself. */
  readonly hangs: boolean;
}

/**
 * Runs the first check, then all others at once; where the home does not answer, those that use it
 * are left out.
 */
export async function runChecks(
  checks: readonly Check[],
  ctx: DoctorContext,
): Promise<CheckResult[]> {
  const [first, ...others] = checks;
  if (first === undefined) return [];
  const home = await bounded(first, ctx);
  const results = others.map((check) =>
    home.hangs && check.usesHome
      ? { name: check.name, finding: skipped("the home does not answer"), hangs: false }
      : bounded(check, ctx)
  );
  return [home, ...await Promise.all(results)];
}

async function bounded(check: Check, ctx: DoctorContext): Promise<CheckResult> {
  const { name } = check;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ctx.limitMs);
  });
  try {
    const found = await Promise.race([Promise.resolve().then(() => check.run(ctx)), late]);
    if (found !== "late") return { name, finding: found, hangs: false };
    const seconds = ctx.limitMs / 1000;
    const finding = problem(
      `no answer within ${seconds} s`,
      check.usesHome ? "check the disk of the home and its mount" : "try again later",
    );
    return { name, finding, hangs: true };
  } catch (error) {
    const finding = problem(`the check failed: ${messageOf(error)}`, "check permissions");
    return { name, finding, hangs: false };
  } finally {
    clearTimeout(timer);
  }
}
