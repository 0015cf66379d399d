/**
 * A run for the length of a function.
 *
 * @module
 */
import { Run } from "./run.ts";
import type { RunOptions } from "./settings.ts";

/**
 * Runs `work` with a new run: `finished` when it returns; when it throws, the traceback is
 * recorded, the run is `failed`, and the error goes on to the caller.
 *
 * @returns what `work` returns
 *
 * @example
 * ```ts
 * import { withRun } from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const best = await withRun({ storage: "local", goodseedHome: home, quiet: true }, (run) => {
 *   run.logMetrics({ accuracy: 0.9 });
 *   return 0.9;
 * });
 * if (best !== 0.9) throw new Error("unreachable");
 * ```
 */
export async function withRun<T>(
  options: RunOptions,
  work: (run: Run) => T | Promise<T>,
): Promise<T> {
  const run = new Run(options);
  try {
    const result = await work(run);
    run.close();
    return result;
  } catch (error) {
    run.fail(error);
    throw error;
  }
}
