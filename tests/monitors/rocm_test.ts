import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { gpuValues } from "../../monitors/gpu_values.ts";
import { rocmProbe } from "../../monitors/rocm.ts";
import { parseRocm } from "../../monitors/rocm_parse.ts";
import { tempDir } from "../_harness.ts";
import { fixture, fixturePath, standIn, withPath } from "./_fixture.ts";

const OUTPUTS: [string, Record<string, number>][] = [
  ["mi250_rocm5.json", {
    gpu_0: 99,
    gpu_memory_0: 43,
    gpu_power_0: 412,
    gpu_1: 98,
    gpu_memory_1: 41,
  }],
  ["mi300x_rocm6.json", {
    gpu_0: 100,
    gpu_memory_0: 87,
    gpu_power_0: 748,
    gpu_1: 0,
    gpu_memory_1: 0,
    gpu_power_1: 141,
  }],
  ["rx7900_low_power.txt", { gpu: 3, gpu_memory: 12, gpu_power: 17 }],
  ["old_names.json", { gpu: 7, gpu_memory: 9, gpu_power: 33.5 }],
  ["igpu_unreadable.txt", { gpu_1: 64 }],
  ["bytes_as_use.json", { gpu_memory_0: 0.1, gpu_1: 5 }],
  ["no_driver.txt", {}],
];

for (const [name, expected] of OUTPUTS) {
  test(`parseRocm() reads ${name.replace(/\.\w+$/, "").replaceAll("_", " ")}`, () => {
    assert.deepEqual(gpuValues(parseRocm(fixture(`rocm/${name}`))), expected);
  });
}

test("parseRocm() orders the cards by number, not as text", () => {
  const uses = parseRocm(fixture("rocm/many_cards.json")).map((gpu) => gpu.use);

  assert.deepEqual(uses, [0, 1, 2, 3, 10, 11]);
});

test("parseRocm() finds no card in an output that is not the tool's, and never throws", () => {
  for (
    const text of ["", "{", "{}", "[]", "null", '{"card0": 1, "cards": {}}', '{"a": {"b": 1}}']
  ) {
    assert.deepEqual(parseRocm(text), []);
  }
  fc.assert(fc.property(fc.json(), fc.string(), (json, noise) => {
    parseRocm(json);
    parseRocm(noise + json);
  }));
});

test("rocmProbe() runs exactly the command of the contract", async () => {
  using dir = tempDir();
  standIn(
    dir,
    "rocm-smi",
    `printf '%s\\n' "$@" > '${dir.join("args")}'\ncat '${fixturePath("rocm/mi300x_rocm6.json")}'`,
  );

  const gpus = await withPath(dir.path, () => rocmProbe().sample(0));

  assert.equal(gpus.length, 2);
  assert.equal(
    readFileSync(dir.join("args"), "utf8"),
    "--showuse\n--showmemuse\n--showpower\n--json\n",
  );
});
