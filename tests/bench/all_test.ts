import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allFigures } from "../../bench/_figures.ts";
import { cleanEnv, ROOT, runtimeArgs, tempDir } from "../_harness.ts";

// The benchmark starts its programs with the command line of Deno: on Bun there is no such thing.
if ("Deno" in globalThis) {
  test(
    "npm run bench measures a figure, and says that there is no Python to compare with",
    measures,
  );
}

function measures(): void {
  using dir = tempDir();
  const json = dir.join("figures.json");
  const [command, args] = runtimeArgs(
    join(ROOT, "bench/all.ts"),
    ...["--quick", "--only", "first_log", "--dir", dir.path, "--json", json],
  );

  const ended = spawnSync(command, args, {
    encoding: "utf8",
    env: cleanEnv({ GOODSEED_TEST_PYTHON: dir.join("no-python") }),
  });

  assert.equal(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /\| new Run\(\) to first log +\| ms +\| +[\d.,]+ \| +no Python \|/);
  assert.match(ended.stdout, /note: goodseed-py: .*no-python/);
  const { rows, header } = JSON.parse(readFileSync(json, "utf8"));
  assert.deepEqual(rows.map((row: { id: string }) => row.id), ["first_log"]);
  assert.ok(rows[0].ours.values.length >= 1 && rows[0].ours.median > 0);
  assert.match(header.machine, /cores/);
  assert.deepEqual(readdirSync(dir.path), ["figures.json"], "nothing is left behind");
}

test("every row of the benchmark is explained in docs/performance.md", () => {
  const page = readFileSync(join(ROOT, "docs/performance.md"), "utf8");
  const rows = allFigures({ quick: false, python: "python", folder: "x" })
    .flatMap((figure) => figure.rows);

  const missing = rows.flatMap((row) => row.label.split(": "))
    .filter((part) => !page.includes(part));

  assert.deepEqual(missing, []);
  assert.ok(rows.length > 20);
});

test("every row of the benchmark is about a program that is run, under an id of its own", () => {
  const figures = allFigures({ quick: true, python: "python", folder: "x" });

  const ids = figures.flatMap((figure) => figure.rows.map((row) => row.id));
  assert.equal(new Set(ids).size, ids.length);
  for (const { rows, contestants } of figures) {
    for (const row of rows) {
      assert.ok(row.ours in contestants, row.id);
      assert.ok(row.theirs !== undefined && row.theirs in contestants, row.id);
    }
  }
});

test("the benchmark compares with nobody where there is no Python", () => {
  const figures = allFigures({ quick: true, python: undefined, folder: "x" });

  for (const { contestants } of figures) assert.ok(!("theirs" in contestants));
});
