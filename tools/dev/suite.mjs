// Runs a test suite and closes with one line: `N passed, M failed[, K skipped]`.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import process from "node:process";
import { runAndRead, toolEnv } from "./spawn.mjs";

/** Counts of one suite; `skips` holds one text a skipped test. */
export class Counts {
  passed = 0;
  failed = 0;
  skips = [];

  add(other) {
    this.passed += other.passed;
    this.failed += other.failed;
    this.skips.push(...other.skips);
  }

  /** The closing line. */
  toString() {
    const skipped = this.skips.length > 0 ? `, ${this.skips.length} skipped` : "";
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}

/**
 * Reads what `deno test` or `bun test` wrote.
 *
 * A test that skipped itself has printed `SKIP <name>: <reason>` (see tests/_skip.ts). Deno counts
 * such a test as passed, Bun as skipped; here it is skipped. A run without a closing line, or one
 * that failed without a failed test, counts as one failure.
 *
 * @param {string} output stdout and stderr
 * @param {number} exitCode of the runner
 */
export function countTests(output, exitCode) {
  const counts = new Counts();
  const skips = [...output.matchAll(/^\s*SKIP (.*)$/gm)].map((match) => match[1]);
  const deno = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/gm;
  let closed = false;
  let unnamed = 0;
  for (const [, passed, failed, ignored] of output.matchAll(deno)) {
    closed = true;
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    unnamed += Number(ignored ?? 0);
  }
  if (closed) {
    counts.passed -= skips.filter((skip) => !endedAs(output, skip, denoStep)).length;
  } else {
    const bun = (word) => Number(new RegExp(`^ (\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
    counts.passed = bun("pass");
    counts.failed = bun("fail") + bun("errors?");
    closed = counts.passed + counts.failed > 0;
    unnamed = bun("skip") - skips.filter((skip) => endedAs(output, skip, bunSkipped)).length;
  }
  counts.skips.push(...skips);
  for (let i = 0; i < unnamed; i++) counts.skips.push("a test ignored without a reason");
  if (!closed || (exitCode !== 0 && counts.failed === 0)) counts.failed++;
  return counts;
}

// Deno does not count steps as tests, so a skipped step is not taken off
const denoStep = (name) => [` ... ${name} ... ok (`, `\n  ${name} ... ok (`];
const bunSkipped = (name) => [`\n(skip) ${name}`];

/** Whether the runner printed one of the forms for the test of a skip line; names hold colons. */
function endedAs(output, skip, forms) {
  for (let at = skip.indexOf(": "); at >= 0; at = skip.indexOf(": ", at + 2)) {
    if (forms(skip.slice(0, at)).some((form) => output.includes(form))) return true;
  }
  return false;
}

/**
 * Runs one suite, prints its skips and the closing line.
 *
 * @returns the exit code: 0 only when nothing failed and, with `CI=true`, nothing was skipped
 */
export async function runSuite(command, args, options = {}) {
  const { code, output } = await runAndRead(command, args, {
    ...options,
    env: toolEnv({ NO_COLOR: "1", ...options.env }),
  });
  return closeSuite(countTests(output, code));
}

/** Prints skips and the closing line; gives the exit code. */
export function closeSuite(counts) {
  const strict = isCi() && counts.skips.length > 0;
  const lines = byReason(counts.skips);
  if (strict) {
    lines.push("CI=true: nothing may be skipped, so each skip counts as a failure");
    counts.failed += counts.skips.length;
    counts.skips = [];
  }
  process.stdout.write(`\n${[...lines, String(counts)].join("\n")}\n`);
  return counts.failed > 0 ? 1 : 0;
}

/** Lines of a report; tests that were skipped for one reason stand below it. */
export function byReason(skips) {
  const groups = new Map();
  for (const skip of skips) {
    const reason = endings(skip).find((end) => skips.filter((s) => s.endsWith(end)).length > 1) ??
      "";
    groups.set(reason, [...groups.get(reason) ?? [], skip.slice(0, skip.length - reason.length)]);
  }
  return [...groups].flatMap(([reason, names]) =>
    reason === ""
      ? names.map((name) => `skipped: ${name}`)
      : [`skipped ${names.length} tests${reason}`, ...names.map((name) => `  ${name}`)]
  );
}

/** What may be the reason in `<name>: <reason>`, longest first: both may hold colons. */
function endings(skip) {
  const found = [];
  for (let at = skip.indexOf(": "); at >= 0; at = skip.indexOf(": ", at + 2)) {
    found.push(skip.slice(at));
  }
  return found;
}

function isCi() {
  return process.env.CI === "true" || process.env.CI === "1";
}
