/**
 * Texts a second from the first call until the last is in the run file: `--calls N` calls of
 * `logStrings` with one text of 100 characters each, in a loop that never yields.
 *
 * @module
 */
import { numberOptions, ownFolder, plainRun, report } from "./_child.ts";

const REST = "x".repeat(90);

function main(): void {
  const { calls } = numberOptions({ calls: 100_000 });
  using folder = ownFolder();
  const run = plainRun(folder.path);
  run.logStrings({ "notes": "first" }, { step: -1 }); // the writer is up
  run.sync();
  const start = performance.now();
  for (let step = 0; step < calls; step++) {
    run.logStrings({ "notes": String(step).padStart(10, "0") + REST }, { step });
  }
  run.sync();
  const ms = performance.now() - start;
  const { stalls, dropped } = run.diagnostics();
  run.close();
  if (dropped > 0) throw new Error(`${dropped} texts were dropped`);
  report({ texts_per_s: calls / ms * 1e3, stalls });
}

main();
