/**
 * What `close()` of a run takes that has had nothing to do for half a second.
 *
 * @module
 */
import { ownFolder, plainRun, report } from "./_child.ts";

const IDLE_MS = 500;

async function main(): Promise<void> {
  using folder = ownFolder();
  const run = plainRun(folder.path);
  run.logMetrics({ "train/loss": 0.5 }, { step: 0 });
  run.sync();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const start = performance.now();
  run.close();
  report({ ms: performance.now() - start });
}

await main();
