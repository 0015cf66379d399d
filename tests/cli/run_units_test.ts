import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { commandEnv, recordedEnv } from "../../cli/run/environment.ts";
import { OomWatch, parseOomKills } from "../../cli/run/oom.ts";
import { endConfigs, runEndOf } from "../../cli/run/outcome.ts";
import { shellLine } from "../../cli/run/shell_text.ts";
import { parseProcessorTicks } from "../../monitors/proc_parse.ts";
import { treeProcessorMs } from "../../monitors/process_tree.ts";
import { type TempDir, tempDir } from "../_harness.ts";

const V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
const V2 = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";

test("parseOomKills() reads control groups of both versions and /proc/vmstat", () => {
  assert.equal(parseOomKills(V1), 3);
  assert.equal(parseOomKills(V2), 1);
  assert.equal(parseOomKills("nr_free_pages 5\noom_kill 17\n"), 17);
  assert.equal(parseOomKills("oom_kill_disable 0\nunder_oom 0\n"), undefined);
  assert.equal(parseOomKills(""), undefined);
});

function put(dir: TempDir, path: string, text: string): void {
  mkdirSync(dirname(dir.join(path)), { recursive: true });
  writeFileSync(dir.join(path), text);
}

test("OomWatch.killed() trusts the own group for any failure, the machine for SIGKILL alone", () => {
  for (
    const { cgroup, file, ours } of [
      { cgroup: "0::/job\n", file: "cg/job/memory.events", ours: true },
      { cgroup: "0::/job/step\n", file: "cg/job/memory.events", ours: true },
      { cgroup: "4:memory:/slurm/j\n", file: "cg/memory/slurm/j/memory.oom_control", ours: true },
      { cgroup: "4:memory:/\n", file: "cg/memory/memory.oom_control", ours: false },
      { cgroup: "0::/\n", file: "proc/vmstat", ours: false },
    ]
  ) {
    using dir = tempDir();
    put(dir, "proc/self/cgroup", cgroup);
    put(dir, file, "oom_kill 1\n");
    const watch = new OomWatch({ procRoot: dir.join("proc"), cgroupRoot: dir.join("cg") });

    assert.equal(watch.killed(137), false, file);
    put(dir, file, "oom_kill 2\n");
    assert.equal(watch.killed(137), true, file);
    assert.equal(watch.killed(1), ours, file);
    assert.equal(watch.killed(0), false, file);
  }
});

test("runEndOf() and endConfigs() tell exit status, signal and want of memory", () => {
  const end = { exitCode: 137, signal: "SIGKILL", outOfMemory: true };

  assert.deepEqual(runEndOf(end), { status: "failed", reason: "out of memory", mark: true });
  assert.deepEqual(runEndOf({ ...end, outOfMemory: false }).reason, "SIGKILL");
  assert.deepEqual(endConfigs(end), { "run/exit_code": 137, "run/signal": "SIGKILL" });
  assert.deepEqual(runEndOf({ exitCode: 0, signal: undefined, outOfMemory: false }), {
    status: "finished",
    mark: true,
  });
});

test("commandEnv() sets what is unset and keeps our run id back", () => {
  const channel = {
    parentRun: "p/r",
    project: "p",
    home: "/h",
    logFile: "/l",
    logFd: undefined,
    runId: undefined,
  };

  const env = commandEnv({ GOODSEED_RUN_ID: "r", GOODSEED_HOME: "", A: "1" }, channel);

  assert.deepEqual(env, {
    A: "1",
    GOODSEED_PARENT_RUN: "p/r",
    GOODSEED_PROJECT: "p",
    GOODSEED_HOME: "/h",
    GOODSEED_LOG: "/l",
  });
  const other = commandEnv({ GOODSEED_PROJECT: "q" }, { ...channel, logFd: 3, runId: "r" });
  assert.equal(other.GOODSEED_PROJECT, "q");
  assert.equal(other.GOODSEED_LOG_FD, "3");
  assert.equal(other.GOODSEED_RUN_ID, "r");
});

test("recordedEnv() takes what decides a training, without secrets", () => {
  assert.deepEqual(
    recordedEnv({
      CUDA_VISIBLE_DEVICES: "0,1",
      SLURM_JOB_ID: "1",
      SLURM_AUTH_TOKEN: "s",
      WORLD_SIZE: "4",
      PYTHONPATH: "https://me:pw@h/x",
      HOME: "/me",
      AWS_SECRET_ACCESS_KEY: "x",
      RANK: "",
    }),
    {
      CUDA_VISIBLE_DEVICES: "0,1",
      SLURM_JOB_ID: "1",
      SLURM_AUTH_TOKEN: "***",
      WORLD_SIZE: "4",
      PYTHONPATH: "https://***@h/x",
    },
  );
});

test("shellLine() is what sh reads back", () => {
  const word = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 8 })
    .filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const line = `printf '%s\\001' ${shellLine(words)}`;
      assert.equal(
        execFileSync("sh", ["-c", line], { encoding: "utf8" }),
        words.join("\u0001") + "\u0001",
      );
    }),
    { numRuns: 30 },
  );
});

test("treeProcessorMs() sums a process, its children, and what they have waited for", () => {
  const stat = (name: string, ppid: number, times: string): string =>
    `1 (${name}) S ${ppid} 1 1 0 -1 0 0 0 0 0 ${times} 20 0\n`;
  using dir = tempDir();
  put(dir, "10/stat", stat("a b) c", 1, "5 5 100 0"));
  put(dir, "11/stat", stat("child", 10, "7 3 0 0"));
  put(dir, "10/task/10/children", "11 ");
  put(dir, "11/task/11/children", "");

  assert.equal(parseProcessorTicks(stat("x", 1, "1 2 3 4")), 10);
  assert.equal(parseProcessorTicks(""), undefined);
  assert.equal(treeProcessorMs(10, dir.path), 1200);
  assert.equal(treeProcessorMs(99, dir.path), undefined);
});
