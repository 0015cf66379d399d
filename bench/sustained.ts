/**
 * Points a second from the first call until the last point is in the run file: `--calls N` calls of
 * 10 keys, as fast as they go, in a loop that never yields.
 *
 * @module
 */
import type { Run } from "../lib/mod.ts";
import { openDb } from "../lib/store/open.ts";
import { numberOptions, ownFolder, plainRun, report } from "./_child.ts";

const KEYS = Array.from({ length: 10 }, (_, i) => `train/metric_${i}`);

function logAll(run: Run, calls: number): void {
  const data: Record<string, number> = {};
  for (let step = 0; step < calls; step++) {
    for (const key of KEYS) data[key] = 1 / (step + 3);
    run.logMetrics(data, { step });
  }
}

function countPoints(path: string): number {
  const db = openDb(path, { mode: "read" });
  const count = db.prepare("SELECT count(*) FROM metric_points");
  const points = Number(count.get()![0]);
  db.close();
  return points;
}

function main(): void {
  const { calls } = numberOptions({ calls: 100_000 });
  using folder = ownFolder();
  const run = plainRun(folder.path);
  logAll(run, 100); // the writer is up
  run.sync();
  const start = performance.now();
  logAll(run, calls);
  const logged = performance.now();
  run.sync();
  const written = performance.now();
  const { stalls } = run.diagnostics();
  run.close();
  const points = calls * KEYS.length;
  const found = countPoints(run.path!);
  if (found !== points) throw new Error(`logged ${points} points, found ${found}`);
  report({
    points_per_s: points / (written - start) * 1e3,
    loop_s: (logged - start) / 1e3,
    stalls,
  });
}

main();
