/**
 * What the programs that measure one figure share: options, a folder of their own, a plain run, and
 * how the result is handed back.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { Run, type RunOptions } from "../lib/mod.ts";

/** Where everything is written; `--dir` of the benchmark sets it. */
export function benchFolder(): string {
  return process.env.GOODSEED_BENCH_DIR || tmpdir();
}

/** A folder that is removed at the end of its block. */
export function ownFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(benchFolder(), "goodseed-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Options of this program, all numbers.
 *
 * @param defaults names and what they are without a word
 * @throws {Error} an option is unknown or not a number
 */
export function numberOptions<T extends Readonly<Record<string, number>>>(defaults: T): T {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: "string" as const }]),
  );
  const { values } = parseArgs({ options });
  const numbers: Record<string, number> = { ...defaults };
  for (const [name, text] of Object.entries(values)) {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(`--${name} ${String(text)} is not a number`);
    numbers[name] = number;
  }
  return numbers as T;
}

/** A run that records what is logged and nothing else, as the Python programs make theirs. */
export function plainRun(home: string, options: RunOptions = {}): Run {
  return new Run({
    storage: "local",
    goodseedHome: home,
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    captureTraceback: false,
    gitRef: false,
    quiet: true,
    ...options,
  });
}

/** Hands the figures back: one line of JSON, the last of the output. */
export function report(figures: Readonly<Record<string, number>>): void {
  process.stdout.write(JSON.stringify(figures) + "\n");
}
