import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { runProbe } from "../../lib/runtime/spawn.ts";
import { gpuValues } from "../../monitors/gpu_values.ts";
import { nvidiaProbe } from "../../monitors/nvidia.ts";
import { parseNvidia } from "../../monitors/nvidia_parse.ts";
import { RETRY_ABSENT_MS } from "../../monitors/probe_switch.ts";
import { tempDir } from "../_harness.ts";
import { fixture, fixturePath, standIn, withPath } from "./_fixture.ts";

const OUTPUTS: [string, Record<string, number>][] = [
  ["rtx_3060", { gpu: 36, gpu_memory: 8.3, gpu_power: 55.3 }],
  ["gt_710", { gpu_memory: 25 }],
  ["gb10_unified_memory", { gpu: 41, gpu_power: 28.7 }],
  ["wsl2", { gpu: 3, gpu_memory: 9.4 }],
  ["container_permissions", { gpu_power: 87.1 }],
  ["inforom_warning", { gpu: 25, gpu_memory: 25.2, gpu_power: 155 }],
  ["with_units", { gpu: 45, gpu_memory: 12.5, gpu_power: 72.5 }],
  // a GPU without a value keeps its place, so the others keep their numbers
  ["a100_mig_h100_mixed", {
    gpu_memory_0: 48,
    gpu_power_0: 98.5,
    gpu_1: 87,
    gpu_memory_1: 49.7,
    gpu_power_1: 512.3,
    gpu_power_2: 52.1,
    gpu_3: 12,
    gpu_memory_3: 1.2,
  }],
  ["unknown_error", { gpu_1: 55, gpu_memory_1: 50, gpu_power_1: 301.2 }],
  ["lost_gpu", {
    gpu_0: 61,
    gpu_memory_0: 83.3,
    gpu_power_0: 290,
    gpu_2: 64,
    gpu_memory_2: 83.3,
    gpu_power_2: 285.5,
  }],
  ["decimal_comma", {
    gpu_0: 25,
    gpu_memory_0: 50,
    gpu_power_0: 155,
    gpu_1: 30,
    gpu_memory_1: 25,
    gpu_power_1: 71.5,
  }],
  ["no_blanks_crlf", {
    gpu_0: 45,
    gpu_memory_0: 12.5,
    gpu_power_0: 72.5,
    gpu_1: 46,
    gpu_memory_1: 25,
    gpu_power_1: 80,
  }],
  ["driver_mismatch", {}],
  ["driver_missing", {}],
  ["no_devices", {}],
  ["no_permission", {}],
  ["unknown_field", {}],
];

for (const [name, expected] of OUTPUTS) {
  test(`parseNvidia() reads ${name.replaceAll("_", " ")}`, () => {
    assert.deepEqual(gpuValues(parseNvidia(fixture(`nvidia/${name}.txt`))), expected);
  });
}

test("parseNvidia() reads all GPUs of a large node", () => {
  const values = gpuValues(parseNvidia(fixture("nvidia/h100_x8.txt")));

  assert.equal(Object.keys(values).length, 24);
  assert.equal(values["gpu_7"], 98);
  assert.equal(values["gpu_memory_3"], 98.2);
  assert.equal(values["gpu_power_2"], 69.8);
});

test("parseNvidia() finds no GPU in an output that is not the tool's, and never throws", () => {
  assert.deepEqual(parseNvidia(""), []);
  assert.deepEqual(parseNvidia("a, b, c, d\n1, 2, 3\n1, 2, 3, 4, 5\n1, 2, 0, x\n"), []);
  fc.assert(fc.property(fc.string(), (text) => {
    for (const gpu of parseNvidia(text)) {
      for (const value of Object.values(gpu)) assert.ok(Number.isFinite(value));
    }
  }));
});

test("parseNvidia() leaves memory out where the device has none", () => {
  assert.deepEqual(parseNvidia("5, 0, 0, 10.5\n"), [{ use: 5, power: 10.5 }]);
});

test("nvidiaProbe() runs exactly the command of the contract", async () => {
  using dir = tempDir();
  standIn(
    dir,
    "nvidia-smi",
    `printf '%s\\n' "$@" > '${dir.join("args")}'\ncat '${fixturePath("nvidia/rtx_3060.txt")}'`,
  );

  const gpus = await withPath(dir.path, () => nvidiaProbe().sample(0));

  assert.deepEqual(gpuValues(gpus), { gpu: 36, gpu_memory: 8.3, gpu_power: 55.3 });
  assert.equal(
    readFileSync(dir.join("args"), "utf8"),
    "--query-gpu=utilization.gpu,memory.used,memory.total,power.draw\n--format=csv,noheader,nounits\n",
  );
});

test("nvidiaProbe() takes the GPUs that can be read when the tool fails for one", async () => {
  using dir = tempDir();
  standIn(dir, "nvidia-smi", `cat '${fixturePath("nvidia/lost_gpu.txt")}'; exit 15`);

  const gpus = await withPath(dir.path, () => nvidiaProbe().sample(0));

  assert.deepEqual(Object.keys(gpuValues(gpus)).filter((name) => /^gpu_\d/.test(name)), [
    "gpu_0",
    "gpu_2",
  ]);
});

test("nvidiaProbe() switches itself off for ten minutes when the tool is absent", async () => {
  let calls = 0;
  const probe = nvidiaProbe({
    run: () => {
      calls++;
      return Promise.resolve({ missing: true });
    },
  });

  for (const atMs of [0, 10_000, RETRY_ABSENT_MS - 1]) {
    assert.deepEqual(await probe.sample(atMs), []);
  }
  assert.equal(calls, 1);
  await probe.sample(RETRY_ABSENT_MS);
  assert.equal(calls, 2);
});

test("nvidiaProbe() asks a failing tool ever more rarely, and as before once it works", async () => {
  const calls: number[] = [];
  let works = false;
  let nowMs = 0;
  const probe = nvidiaProbe({
    run: () => {
      calls.push(nowMs / 1_000);
      const stdout = works ? "1, 2, 4, 5\n" : "No devices were found\n";
      return Promise.resolve({
        missing: false,
        code: works ? 0 : 6,
        stdout,
        timedOut: false,
        truncated: false,
      });
    },
  });

  for (; nowMs <= 500_000; nowMs += 10_000) await probe.sample(nowMs);
  assert.deepEqual(calls, [0, 30, 90, 210, 450]);
  works = true;
  calls.length = 0;
  for (; nowMs <= 1_000_000; nowMs += 10_000) await probe.sample(nowMs);
  assert.deepEqual(calls.slice(0, 3), [930, 940, 950]);
});

test("nvidiaProbe() takes nothing from a tool that hangs, after five seconds", async () => {
  using dir = tempDir();
  standIn(dir, "nvidia-smi", `echo '1, 2, 4, 5'; exec sleep 30`);
  const limits: number[] = [];
  const probe = nvidiaProbe({
    run: (command, args, options) => {
      limits.push(options.timeoutMs);
      return runProbe(command, args, { ...options, timeoutMs: options.timeoutMs / 20 });
    },
  });

  const gpus = await withPath(dir.path, () => probe.sample(0));

  assert.deepEqual(gpus, []);
  assert.deepEqual(limits, [5_000]);
});
