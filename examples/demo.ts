/**
 * Trains a small network on handwritten digits, records the training with GoodSeed and shows it.
 *
 * ```sh
 * npm run demo                   # train for about 20 s, then serve the page until Ctrl-C
 * npm run demo -- --no-serve     # train only
 * npm run demo -- --epochs 3     # a shorter training
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- what a training prints is recorded, too
import process from "node:process";
import { parseArgs } from "node:util";
import { float, type Run, withRun } from "../lib/mod.ts";
import { CLASSES, type Digits, loadDigits, PIXELS } from "./digits/data.ts";
import { Mlp } from "./digits/mlp.ts";
import { Progress } from "./digits/progress.ts";
import { type Random, seededRandom, shuffledIndices } from "./digits/random.ts";
import { printSummary, serveUntilInterrupted } from "./digits/show.ts";

const PROJECT = "demo";

/** All that the training depends on. */
const parameters = {
  seed: 7,
  model: { inputs: PIXELS, hidden: 64, outputs: CLASSES },
  data: { name: "mnist", train: 8000, validation: 2000 },
  training: { epochs: 30, batchSize: 32 },
  optimizer: {
    name: "sgd",
    learningRate: { schedule: "cosine", first: float(0.1), last: float(0.002) },
  },
};

/** Learning rate of a step: falls along half a cosine from the first to the last. */
function learningRate(step: number, steps: number): number {
  const { first, last } = parameters.optimizer.learningRate;
  const fraction = 0.5 * (1 + Math.cos(Math.PI * step / steps));
  return last.value + (first.value - last.value) * fraction;
}

/** The whole training. It never awaits: the run is written by a thread of its own. */
function train(run: Run, digits: Digits, random: Random, epochs: number): void {
  const { batchSize } = parameters.training;
  const batches = Math.floor(digits.train.count / batchSize);
  const network = new Mlp(parameters.model, random);
  const progress = new Progress(epochs);
  run.set("parameters/model/parameterCount", network.parameterCount);

  let best = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffledIndices(digits.train.count, random);
    let lossSum = 0;
    let correct = 0;
    for (let batch = 0; batch < batches; batch++) {
      const step = (epoch - 1) * batches + batch;
      const rate = learningRate(step, epochs * batches);
      const samples = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      const result = network.trainStep(digits.train, samples, rate);
      lossSum += result.loss;
      correct += result.correct;

      // Once a step. A call costs well under a microsecond and waits for no disk.
      run.logMetrics({
        "batch/loss": result.loss,
        "batch/gradient_norm": result.gradientNorm,
        "batch/learning_rate": rate,
      }, { step });
      progress.update(epoch, batch / batches, `loss ${result.loss.toFixed(3)}`);
    }

    // Once an epoch.
    const trained = { loss: lossSum / batches, accuracy: correct / (batches * batchSize) };
    const validation = network.evaluate(digits.validation);
    run.logMetrics({
      "train/loss": trained.loss,
      "train/accuracy": trained.accuracy,
      "val/loss": validation.loss,
      "val/accuracy": validation.accuracy,
    }, { step: epoch });
    progress.endEpoch(
      epoch,
      `train loss ${trained.loss.toFixed(3)}, accuracy ${percent(trained.accuracy)}` +
        ` | val loss ${validation.loss.toFixed(3)}, accuracy ${percent(validation.accuracy)}`,
    );

    // Texts have a place over the steps as well.
    if (validation.accuracy > best) {
      best = validation.accuracy;
      run.at("val/best").log(`epoch ${epoch}: ${percent(best)}`, { step: epoch });
    }
  }
  run.set("result", { bestAccuracy: float(best) });
  if (best > 0.94) run.at("sys/tags").add("good");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Returns the exit code. */
async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      "epochs": { type: "string", default: String(parameters.training.epochs) },
      "no-serve": { type: "boolean", default: false },
    },
  });
  const epochs = Number(values.epochs);
  if (!Number.isSafeInteger(epochs) || epochs < 1) {
    console.error(`--epochs ${values.epochs}: not a whole number above 0`);
    return 1;
  }

  const random = seededRandom(parameters.seed);
  const digits = loadDigits({
    trainCount: parameters.data.train,
    validationCount: parameters.data.validation,
    random,
  });

  // Console output, hardware metrics and the state of the git repository are recorded without
  // being asked for. Whatever ends the callback also ends the run: an error makes it "failed".
  const runId = await withRun({
    project: PROJECT,
    name: "digits",
    description: "784-64-10 ReLU network on handwritten digits, plain TypeScript",
    tags: ["demo", "mnist"],
    storage: "local",
  }, (run) => {
    run.set("parameters", { ...parameters, training: { ...parameters.training, epochs } });
    train(run, digits, random, epochs);
    return run.runId;
  });

  await printSummary(PROJECT, runId);
  if (!values["no-serve"]) await serveUntilInterrupted();
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
