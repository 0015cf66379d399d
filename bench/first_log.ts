/**
 * From `new Run()` to the end of the first `logMetrics`, in a process that has just begun.
 *
 * @module
 */
import { ownFolder, plainRun, report } from "./_child.ts";

function main(): void {
  using folder = ownFolder();
  const start = performance.now();
  const run = plainRun(folder.path);
  run.logMetrics({ "train/loss": 0.5 }, { step: 0 });
  const ms = performance.now() - start;
  run.close();
  report({ ms });
}

main();
