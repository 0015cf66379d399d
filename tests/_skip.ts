/** Skipping a test, so that it is seen: on every runtime, with the reason, at the end of the run. */
import process from "node:process";

/** What {@linkcode skip} needs of the context that `node:test` hands to a test. */
export interface SkippableTest {
  readonly name: string;
  skip(message?: string): void;
}

/**
 * Skips the rest of a test: `return skip(t, "no Python with goodseed")`.
 *
 * Prints `SKIP <test name>: <reason>` to stderr, which the test scripts gather (Deno itself counts
 * such a test as passed).
 *
 * @throws {Error} with `CI=true`, where everything has to run
 */
export function skip(t: SkippableTest, reason: string): void {
  if (process.env.CI === "true" || process.env.CI === "1") {
    throw new Error(`nothing may be skipped in CI, but ${nameOf(t)}: ${reason}`);
  }
  process.stderr.write(`SKIP ${nameOf(t)}: ${reason.replaceAll(/\s+/g, " ")}\n`);
  t.skip(reason);
}

/** Name of a test; where the runtime does not tell it (Deno 2.4), file and line of the caller. */
function nameOf(t: SkippableTest): string {
  try {
    return t.name;
  } catch { // "Not implemented: test.TestContext.name"
    return /tests\/[\w./-]+_test\.ts:\d+/.exec(new Error().stack ?? "")?.[0] ?? "a test";
  }
}
