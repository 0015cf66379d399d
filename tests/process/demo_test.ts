/** The examples run as they stand: what they print, record and serve. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { RunReader } from "../../lib/store/run_reader.ts";
import { cleanEnv, ROOT, runtimeArgs, type TempDir, tempDir, until } from "../_harness.ts";

/** A started example and what it has printed so far. */
interface Started {
  readonly child: ChildProcess;
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
}

function start(dir: TempDir, example: string, ...args: string[]): Started {
  const [command, commandArgs] = runtimeArgs(join(ROOT, "examples", example), ...args);
  const env = cleanEnv({ GOODSEED_HOME: dir.path });
  const child = spawn(command, commandArgs, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout!.on("data", (chunk) => output += String(chunk));
  child.stderr!.on("data", (chunk) => output += String(chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, printed: () => output, ended };
}

/** The one run file of a project. */
function onlyRun(dir: TempDir, project: string): RunReader {
  const folder = dir.join("projects", project, "runs");
  const files = readdirSync(folder);
  assert.deepEqual(files.length, 1, `one file, nothing beside it: ${files.join(" ")}`);
  return RunReader.open(join(folder, files[0]!));
}

/** Deno 2.4 cannot load the page from the sources, only from the bundle. */
async function hasPage(): Promise<boolean> {
  try {
    await import("../../server/ui_assets.ts");
    return true;
  } catch { // "Importing with a type attribute of text is not supported"
    return false;
  }
}

test("examples/quickstart.ts records its run", async () => {
  using dir = tempDir();

  const { ended, printed } = start(dir, "quickstart.ts");

  assert.equal(await ended, 0, printed());
  using run = onlyRun(dir, "quickstart");
  assert.equal(run.summary().status, "finished");
  assert.equal(run.pointCount("train/loss"), 50);
  const last = run.points("train/loss").y.at(-1)!;
  assert.ok(last < 1e-6, `the loss falls, found ${last}`);
  const parameters = run.configs().filter((config) => config.path.startsWith("parameters/"));
  assert.deepEqual(parameters.map(({ path, tag, value }) => [path, tag, value]), [
    ["parameters/learningRate", "float", "0.1"],
    ["parameters/optimizer", "str", "sgd"],
  ]);
});

test("examples/demo.ts trains, records and tells what it recorded", async () => {
  using dir = tempDir();

  const { ended, printed } = start(dir, "demo.ts", "--epochs", "1", "--no-serve");

  assert.equal(await ended, 0, printed());
  assert.match(printed(), /^epoch 1\/1 train loss \d\.\d+, accuracy \d+\.\d %/m);
  assert.match(printed(), /^Recorded in one file: .*\.sqlite$/m);
  assert.match(printed(), /^val\/accuracy +1 +1 {2}0\.\d+$/m);
  assert.match(printed(), /^batch\/loss +250 +249 /m);
  using run = onlyRun(dir, "demo");
  const summary = run.summary();
  assert.deepEqual([summary.status, summary.name], ["finished", "digits"]);
  for (const path of ["batch/loss", "batch/learning_rate", "batch/gradient_norm"]) {
    assert.equal(run.pointCount(path), 250, path);
  }
  for (const path of ["train/loss", "train/accuracy", "val/loss", "val/accuracy"]) {
    assert.equal(run.pointCount(path), 1, path);
  }
  const accuracy = run.points("val/accuracy").y[0]!;
  assert.ok(accuracy > 0.85 && accuracy < 1, `accuracy ${accuracy}`);
  const configs = new Map(run.configs().map((config) => [config.path, config]));
  assert.equal(configs.get("parameters/training/epochs")?.value, "1");
  assert.equal(configs.get("parameters/optimizer/learningRate/first")?.tag, "float");
  assert.equal(configs.get("sys/tags")?.value, '["demo", "mnist"]');
  assert.ok(
    summary.stringPaths.some((path) => /^monitoring\/[0-9a-f]{8}\/stdout$/.test(path)),
    `console output is recorded: ${summary.stringPaths.join(" ")}`,
  );
  assert.ok(
    summary.metricPaths.some((path) => /^monitoring\/[0-9a-f]{8}\/cpu$/.test(path)),
    `hardware metrics are recorded: ${summary.metricPaths.join(" ")}`,
  );
});

test("examples/demo.ts serves its run until Ctrl-C", async () => {
  using dir = tempDir();
  const { child, ended, printed } = start(dir, "demo.ts", "--epochs", "1");
  try {
    const url = await until(
      "the demo to print its address",
      () => {
        assert.equal(child.exitCode, null, printed());
        return /^See it at (http:\S+)/m.exec(printed())?.[1];
      },
      60_000,
    );

    const runs = await (await fetch(`${url}api/runs`)).json() as { runs: { project: string }[] };
    const page = await fetch(url, { headers: { accept: "text/html" } });
    const text = await page.text();

    assert.deepEqual(runs.runs.map((run) => run.project), ["demo"]);
    if (await hasPage()) assert.match(text, /<html/i);
    process.kill(child.pid!, "SIGINT");
    assert.equal(await ended, 0, printed());
    assert.match(printed(), /Server stopped\.\n$/);
  } finally {
    child.kill("SIGKILL");
  }
});

test("examples/demo.ts refuses a wrong number of epochs", async () => {
  using dir = tempDir();

  const { ended, printed } = start(dir, "demo.ts", "--epochs", "none");

  assert.equal(await ended, 1);
  assert.match(printed(), /--epochs none: not a whole number above 0/);
});
