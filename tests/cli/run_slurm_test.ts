/** The bodies of examples/slurm/*.sbatch, with stand-ins for srun and scontrol. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { cleanEnv, ROOT, runtimeArgs, type TempDir, tempDir, until } from "../_harness.ts";
import { configsOf, metaOf, rowsOf, runFile } from "./_run_files.ts";

const EXAMPLES = join(ROOT, "examples/slurm");
const LOSSES = `SELECT p.step FROM metric_points p JOIN metric_series s ON s.id = p.series_id
  WHERE s.path = 'train/loss' ORDER BY p.step`;

/** Puts `goodseed`, `srun` and `scontrol` into a folder for programs. */
function programs(dir: TempDir): string {
  const [runtime, head] = runtimeArgs(join(ROOT, "main.ts"));
  const own = process.env.GOODSEED_BIN ?? [runtime, ...head].join(" ");
  const scripts = {
    goodseed: `exec ${own} "$@"`,
    srun: `exec "$@"`,
    scontrol: `echo "$@" >> ${dir.join("scontrol.log")}`,
  };
  for (const [name, line] of Object.entries(scripts)) {
    writeFileSync(dir.join(name), `#!/bin/sh\n${line}\n`);
    chmodSync(dir.join(name), 0o755);
  }
  writeFileSync(dir.join("train.py"), readFileSync(join(EXAMPLES, "train.py")));
  return dir.path;
}

interface Job {
  readonly pid: number;
  readonly stdout: () => string;
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>;
}

/** Runs the body of a script as a job of these variables. */
function job(
  dir: TempDir,
  script: string,
  env: Record<string, string>,
  args: readonly string[],
): Job {
  const child = spawn("bash", [join(EXAMPLES, script), ...args], {
    env: cleanEnv({
      ...env,
      PATH: `${programs(dir)}:${process.env.PATH}`,
      SLURM_SUBMIT_DIR: dir.path,
      GOODSEED_HOME: dir.join("home"),
      TMPDIR: dir.path,
    }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "", stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text) => stderr += text);
  return {
    pid: child.pid!,
    stdout: () => stdout,
    ended: new Promise((resolve) => {
      child.on("close", (code) => resolve({ code: code ?? -1, stderr }));
    }),
  };
}

const QUICK = ["--epochs", "3", "--seconds-per-epoch", "0.01"];

test("examples/slurm/single_node.sbatch records one run with the job's fields", async () => {
  using dir = tempDir();

  const { code, stderr } = await job(
    dir,
    "single_node.sbatch",
    { SLURM_JOB_ID: "71", SLURM_JOB_NAME: "single", SLURM_CPUS_PER_TASK: "4" },
    QUICK,
  ).ended;

  assert.equal(code, 0, stderr);
  const file = runFile(dir.join("home"), "examples/slurm", "single-71");
  assert.deepEqual(rowsOf(file, LOSSES), [[1], [2], [3]]);
  const configs = configsOf(file);
  assert.equal(configs["run/env/SLURM_JOB_NAME"], "str|single");
  assert.equal(
    Object.entries(configs).find(([path]) => path.endsWith("/slurm/job_id"))?.[1],
    "str|71",
  );
  const printed = rowsOf(file, LOSSES.replace("train/loss", "printed/loss"));
  assert.equal(printed.length, 3);
});

test("examples/slurm/array.sbatch makes one run of each task, with its learning rate", async () => {
  using dir = tempDir();

  for (const task of [0, 3]) {
    const env = {
      SLURM_JOB_ID: `8${task}`,
      SLURM_ARRAY_JOB_ID: "80",
      SLURM_ARRAY_TASK_ID: `${task}`,
    };
    const { code, stderr } = await job(dir, "array.sbatch", env, QUICK).ended;
    assert.equal(code, 0, stderr);
  }

  const runs = readdirSync(dir.join("home/projects/examples/slurm/runs"))
    .filter((name) => name.endsWith(".sqlite"));
  assert.deepEqual(runs.toSorted(), ["sweep-80-0.sqlite", "sweep-80-3.sqlite"]);
  const configs = configsOf(runFile(dir.join("home"), "examples/slurm", "sweep-80-3"));
  assert.equal(configs["lr"], "float|0.01");
  assert.match(configs["sys/tags"] ?? "", /sweep-80/);
});

test("examples/slurm/requeue.sbatch goes on in the same run after it was taken away", async () => {
  using dir = tempDir();
  const args = ["--epochs", "8", "--seconds-per-epoch", "0.1"];
  const file = (): string => runFile(dir.join("home"), "examples/slurm", "requeue-90");

  const first = job(dir, "requeue.sbatch", { SLURM_JOB_ID: "90" }, args);
  await until("two epochs", () => first.stdout().includes("epoch 2"));
  const pids = configsOf(file())["run/pid"];
  process.kill(Number(pids?.split("|")[1]), "SIGTERM"); // as `--signal=TERM@…` does to a job step
  assert.equal((await first.ended).code, 75);
  assert.equal(readFileSync(dir.join("scontrol.log"), "utf8"), "requeue 90\n");
  assert.equal(metaOf(file())["status"], "failed");
  assert.ok(existsSync(dir.join("checkpoint-90.json")));

  const second = job(dir, "requeue.sbatch", { SLURM_JOB_ID: "90", SLURM_RESTART_COUNT: "1" }, args);
  const { code, stderr } = await second.ended;
  assert.equal(code, 0, stderr);
  assert.match(second.stdout(), /^going on after epoch \d/);
  assert.match(stderr, /Goodseed run resumed: requeue-90/);
  assert.equal(metaOf(file())["status"], "finished");
  assert.deepEqual(rowsOf(file(), LOSSES).flat(), [1, 2, 3, 4, 5, 6, 7, 8]);
});
