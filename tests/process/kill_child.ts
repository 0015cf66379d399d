/**
 * Logs without end until it is killed; after each step prints the step and the time.
 *
 * Usage: kill_child.ts HOME RUN_ID [kill]
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { Run } from "../../lib/mod.ts";

const STEPS_PER_TICK = 3;
const [home = "", runId = "", durability = ""] = process.argv.slice(2);

const run = new Run({
  project: "killed",
  runId,
  storage: "local",
  goodseedHome: home,
  quiet: true,
  captureStdout: false,
  captureStderr: false,
  captureHardwareMetrics: false,
  gitRef: false,
  ...(durability === "kill" ? { durability: "kill" as const } : {}),
});

const clock = new Int32Array(new SharedArrayBuffer(4));
for (let step = 0;; step++) {
  run.logMetrics({ loss: 3 * step + 1, accuracy: step / 2 }, { step });
  run.logStrings({ note: `text ${step}` }, { step });
  writeSync(1, `${step} ${Date.now()}\n`);
  if (step % STEPS_PER_TICK === 0) Atomics.wait(clock, 0, 0, 1); // the main thread never yields
}
