/**
 * What `logMetrics` costs the thread that calls it.
 *
 * `--keys 1|10 --calls N --bursts B --kill 0|1`. A burst is `calls` calls in a loop that never
 * yields; it fits the ring, so the writer's own speed is not measured here (see sustained.ts). Each
 * burst is done twice: as a plain loop, for the mean, and with the clock read round each call, for
 * the percentiles. Between bursts everything is written out.
 *
 * @module
 */
import type { Run } from "../lib/mod.ts";
import { numberOptions, ownFolder, plainRun, report } from "./_child.ts";
import { median, percentile } from "./_stats.ts";

function logOne(run: Run, step: number): void {
  run.logMetrics({ "train/loss": 1 / (step + 3) }, { step });
}

function logTen(run: Run, step: number): void {
  const x = 1 / (step + 3);
  run.logMetrics({
    "train/loss": x,
    "train/accuracy": 1 - x,
    "train/top5": 1 - x / 5,
    "train/lr": x / 7,
    "train/grad_norm": x * 3,
    "val/loss": x * 1.1,
    "val/accuracy": 1 - x * 1.1,
    "val/top5": 1 - x / 4,
    "perf/step_seconds": x / 11,
    "perf/samples": x * 13,
  }, { step });
}

/** @returns ns for the whole loop */
function plainLoop(
  run: Run,
  log: (run: Run, step: number) => void,
  from: number,
  calls: number,
): number {
  const start = performance.now();
  for (let step = from; step < from + calls; step++) log(run, step);
  return (performance.now() - start) * 1e6;
}

/** Fills `out` with the µs of each call. */
function timedLoop(
  run: Run,
  log: (run: Run, step: number) => void,
  from: number,
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) {
    const start = performance.now();
    log(run, from + i);
    out[i] = (performance.now() - start) * 1e3;
  }
}

function main(): void {
  const { keys, calls, bursts, kill } = numberOptions({
    keys: 1,
    calls: 10_000,
    bursts: 3,
    kill: 0,
  });
  if (keys !== 1 && keys !== 10) throw new Error(`--keys ${keys}; use 1 or 10`);
  const log = keys === 1 ? logOne : logTen;
  using folder = ownFolder();
  const run = plainRun(folder.path, { durability: kill === 0 ? "default" : "kill" });
  plainLoop(run, log, 0, calls); // warm
  run.sync();
  const means: number[] = [];
  const times = new Float64Array(bursts * calls);
  for (let burst = 0; burst < bursts; burst++) {
    const from = (2 * burst + 1) * calls;
    means.push(plainLoop(run, log, from, calls) / calls / keys);
    run.sync();
    timedLoop(run, log, from + calls, times.subarray(burst * calls, (burst + 1) * calls));
    run.sync();
  }
  const { stalls, dropped } = run.diagnostics();
  run.close();
  if (dropped > 0) throw new Error(`${dropped} points were dropped`);
  times.sort();
  report({
    ns: median(means),
    p50_us: percentile(times, 0.5),
    p99_us: percentile(times, 0.99),
    max_us: percentile(times, 1),
    stalls,
  });
}

main();
