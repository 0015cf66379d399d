import assert from "node:assert/strict";
import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { tempDir, until } from "../_harness.ts";
import { run, start } from "./_goodseed.ts";
import { jsonLines, metaOf, rowsOf, runFile } from "./_run_files.ts";

const VALUES = "SELECT p.y FROM metric_points p ORDER BY p.step";

function values(home: string): unknown[] {
  return rowsOf(runFile(home, "p", "r"), VALUES).flat();
}

function hasValues(home: string, count: number): Promise<true> {
  return until(`${count} points`, () => {
    try {
      return values(home).length >= count;
    } catch { // the run has not been made yet
      return false;
    }
  }) as Promise<true>;
}

test("log --follow reads what is appended until a status record", async () => {
  using dir = tempDir();
  const file = dir.join("train.jsonl");
  writeFileSync(file, jsonLines({ a: 0, step: 0 }));
  const ended = run(["log", file, "--follow", "-p", "p", "--run-id", "r"], {
    env: { GOODSEED_HOME: dir.path },
  });

  await hasValues(dir.path, 1);
  assert.equal(metaOf(runFile(dir.path, "p", "r"))["status"], "running");
  appendFileSync(file, '{"a":1,"st');
  appendFileSync(file, 'ep":1}\n');
  await hasValues(dir.path, 2);
  appendFileSync(file, jsonLines({ t: "status", status: "running" }, { a: 2, step: 2 }));
  await hasValues(dir.path, 3);
  appendFileSync(file, jsonLines({ t: "status", status: "finished" }));
  const { code, stderr } = await ended;

  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.deepEqual(values(dir.path), [0, 1, 2]);
  assert.equal(metaOf(runFile(dir.path, "p", "r"))["status"], "finished");
});

test("log --follow begins anew when the file is cut, and goes over to a new file of the name", async () => {
  using dir = tempDir();
  const file = dir.join("train.jsonl");
  writeFileSync(file, jsonLines({ a: 0, step: 0 }, { a: 1, step: 1 }));
  const stop = new AbortController();
  const ended = run(["log", file, "--follow", "-p", "p", "--run-id", "r"], {
    env: { GOODSEED_HOME: dir.path },
    signal: stop.signal,
  });

  await hasValues(dir.path, 2);
  truncateSync(file, 0);
  await new Promise((resolve) => setTimeout(resolve, 250)); // two looks at the file
  appendFileSync(file, jsonLines({ a: 2, step: 2 }) + '{"a": broken off');
  await hasValues(dir.path, 3);
  renameSync(file, file + ".1");
  writeFileSync(file, jsonLines({ a: 3, step: 3 }));
  await hasValues(dir.path, 4);
  appendFileSync(file, jsonLines({ a: 4, step: 4 }));
  stop.abort("SIGTERM");
  const { code, stderr } = await ended;

  assert.equal(code, 1);
  assert.match(
    stderr,
    /^line 4: not valid JSON .*\nError: stopped by SIGTERM; the run is closed as failed\n$/,
  );
  assert.deepEqual(values(dir.path), [0, 1, 2, 3, 4]);
  assert.equal(metaOf(runFile(dir.path, "p", "r"))["status"], "failed");
});

test("log closes the run as failed at SIGTERM, with everything that was read", async () => {
  using dir = tempDir();
  const program = start(["log", "-p", "p", "--run-id", "r"], { env: { GOODSEED_HOME: dir.path } });

  program.child.stdin.write(jsonLines({ a: 0 }, { a: 1 }));
  await hasValues(dir.path, 2);
  program.child.stdin.write(jsonLines({ a: 2 }));
  program.signal("SIGTERM");
  const sinceMs = performance.now();
  const { code, stdout, stderr } = await program.ended;

  assert.equal(code, 1, stderr);
  assert.equal(stderr, "Error: stopped by SIGTERM; the run is closed as failed\n");
  assert.match(stdout, /Goodseed run closed: r\n$/);
  assert.ok(performance.now() - sinceMs < 5000);
  assert.deepEqual(values(dir.path), [0, 1, 2]);
  const rows = rowsOf(
    runFile(dir.path, "p", "r"),
    "SELECT value FROM configs WHERE path IN ('sys/exit_reason', 'sys/state') ORDER BY path",
  );
  assert.deepEqual(rows.flat(), ["SIGTERM", "failed"]);
});

test("log as a program reads a pipe to its end", async () => {
  using dir = tempDir();
  const program = start(["log", "-p", "p", "--run-id", "r"], { env: { GOODSEED_HOME: dir.path } });
  const lines = Array.from({ length: 20_000 }, (_, step) => `{"a":${step},"step":${step}}\n`);

  program.child.stdin.end(lines.join(""));
  const { code, stderr } = await program.ended;

  assert.equal(code, 0, stderr);
  assert.deepEqual(
    rowsOf(runFile(dir.path, "p", "r"), "SELECT count(*), sum(y) FROM metric_points"),
    [[20_000, 199_990_000]],
  );
  assert.equal(metaOf(runFile(dir.path, "p", "r"))["status"], "finished");
});

test("log - --follow ends at a status record although the pipe stays open", async () => {
  using dir = tempDir();
  const program = start(["log", "-", "--follow", "-p", "p", "--run-id", "r"], {
    env: { GOODSEED_HOME: dir.path },
  });

  program.child.stdin.write(jsonLines({ a: 0 }, { t: "status", status: "finished" }));
  const { code, stderr } = await program.ended;

  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(metaOf(runFile(dir.path, "p", "r"))["status"], "finished");
});
