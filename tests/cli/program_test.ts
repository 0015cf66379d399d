import assert from "node:assert/strict";
import { test } from "node:test";
import { VERSION } from "../../lib/version.ts";
import { tempDir } from "../_harness.ts";
import { exec, start } from "./_goodseed.ts";
import { dumpTables, jsonLines, makeRunFile, runFile } from "./_run_files.ts";

test("goodseed as a program prints its version and help", async () => {
  const [version, help] = await Promise.all([exec(["--version"]), exec(["help"])]);

  assert.deepEqual(version, { code: 0, stdout: `${VERSION}\n`, stderr: "" });
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /^Usage: goodseed /);
});

test("goodseed as a program gives 1 for every error, and one line", async () => {
  using dir = tempDir();
  const env = { GOODSEED_HOME: dir.path };
  const results = await Promise.all([
    exec(["list", "--nope"], { env }),
    exec(["show", "p/none"], { env }),
    exec(["list", dir.join("none")], { env }),
    exec(["log", dir.join("none")], { env }),
  ]);

  for (const { code, stdout, stderr } of results) {
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, /^Error: [^\n]+\n$/);
  }
});

test("goodseed as a program lists runs", async () => {
  using dir = tempDir();
  makeRunFile(dir.path, "p", "r", { created_at: "2026-11-20T17:47:38+00:00" });

  assert.deepEqual(await exec(["list", "-p", "p", "."], { cwd: dir.path }), {
    code: 0,
    stdout: "  [finished] r\n      created: 2026-11-20T17:47:38\n\n1 run(s) in p\n",
    stderr: "",
  });
});

test("goodseed export | goodseed log copies a run", async () => {
  using dir = tempDir();
  const header = { t: "run", v: 1, project: "p", run_id: "r", created_at: "then" };
  const points = Array.from(
    { length: 5000 },
    (_, step) => ({ a: step / 3, step, ts: 1000 + step }),
  );
  const made = await exec(["log", "-q"], {
    env: { GOODSEED_HOME: dir.join("a") },
    input: jsonLines(header, ...points, { t: "status", status: "finished" }),
  });
  assert.deepEqual(made, { code: 0, stdout: "", stderr: "" });

  const source = start(["export", "p/r", "-f", "jsonl"], { env: { GOODSEED_HOME: dir.join("a") } });
  const target = start(["log"], { env: { GOODSEED_HOME: dir.join("b") } });
  source.child.stdout.pipe(target.child.stdin);
  const [exported, logged] = await Promise.all([source.ended, target.ended]);

  assert.deepEqual([exported.code, logged.code, logged.stderr], [0, 0, ""]);
  const [a, b] = ["a", "b"].map((home) => dumpTables(runFile(dir.join(home), "p", "r")));
  assert.equal(a?.["metric_points"]?.length, 5000);
  assert.deepEqual(b, a);
});
