/** The smallest training that is worth recording: `goodseed serve` shows it while it runs. */
import { Run } from "../lib/mod.ts"; // in a project of yours: from "@goodseed/goodseed"

await using run = new Run({ project: "quickstart", storage: "local" });
run.set("parameters", { optimizer: "sgd", learningRate: 0.1 });

let x = 4;
for (let step = 0; step < 50; step++) {
  x -= 0.1 * 2 * x; // one step down the slope of x²
  run.logMetrics({ "train/loss": x * x, "train/x": x }, { step });
}
