import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { csvCell } from "../../cli/export_csv.ts";
import { metricLines } from "../../cli/export_jsonl.ts";
import { formatRecord } from "../../lib/record_codec.ts";
import { ROOT, tempDir } from "../_harness.ts";
import { exec, run, start } from "./_goodseed.ts";
import { jsonLines, makeRunFile } from "./_run_files.ts";

const TS = 1_795_196_533_000;
const RECORDS = [
  {
    t: "run",
    v: 1,
    project: "p/q",
    run_id: "r",
    name: "n",
    created_at: "2026-11-20T17:42:12+00:00",
  },
  { t: "config", path: "lr", tag: "float", value: "0.001", updated_at: "u" },
  { t: "config", path: "big", tag: "int", value: "1208925819614629174706176", updated_at: "u" },
  { t: "metric", path: 'b,"x"', step: 0.5, value: 1e-7, ts: TS + 0.25 },
  { t: "metric", path: "a", step: 2, value: "NaN", ts: TS },
  { t: "metric", path: "a", step: 1, value: "-Infinity", ts: TS },
  { t: "text", path: "notes", step: 0, value: 'two\nlines, "quoted"', ts: TS },
  { t: "status", status: "finished" },
];

async function makeRun(home: string): Promise<Record<string, string>> {
  const env = { GOODSEED_HOME: home };
  const { code, stderr } = await run(["log"], { env, input: jsonLines(...RECORDS) });
  assert.deepEqual([code, stderr], [0, ""]);
  return env;
}

test("export writes metrics as CSV by path and step", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { code, stdout, stderr } = await run(["export", "p/q/r"], { env });

  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    "path,step,value,time\n" +
      "a,1,-Infinity,2026-11-20T17:42:13+00:00\n" +
      "a,2,NaN,2026-11-20T17:42:13+00:00\n" +
      '"b,""x""",0.5,1e-7,2026-11-20T17:42:13.000250+00:00\n',
  );
});

test("export --strings puts the texts behind the metrics", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { stdout } = await run(["export", "p/q/r", "--strings"], { env });

  assert.ok(
    stdout.endsWith('notes,0,"two\nlines, ""quoted""",2026-11-20T17:42:13+00:00\n'),
    stdout,
  );
});

test("export -f json writes one document", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { code, stdout } = await run(["export", "p/q/r", "-f", "json"], { env });

  assert.equal(code, 0);
  assert.ok(stdout.includes('"big":{"type":"int","value":1208925819614629174706176}'));
  const { configs, ...rest } = JSON.parse(stdout);
  assert.deepEqual(configs["lr"], { type: "float", value: 0.001 });
  assert.deepEqual(rest, {
    run: {
      project: "p/q",
      run_id: "r",
      name: "n",
      status: "finished",
      created_at: "2026-11-20T17:42:12+00:00",
      modified_at: null,
      closed_at: null,
      trashed: false,
      meta: { schema_version: "1" },
    },
    metrics: {
      a: [[1, "-Infinity", TS], [2, "NaN", TS]],
      'b,"x"': [[0.5, 1e-7, TS + 0.25]],
    },
    strings: { notes: [[0, 'two\nlines, "quoted"', TS]] },
  });
});

test("export -f json of a run without anything is a document, too", async () => {
  using dir = tempDir();
  const env = { GOODSEED_HOME: dir.path };
  const header = { t: "run", v: 1, project: "p", run_id: "r", created_at: "then" };
  await run(["log"], { env, input: jsonLines(header, { t: "status", status: "ended" }) });

  const { stdout } = await run(["export", "p/r", "-f", "json"], { env });

  const { run: _run, ...rest } = JSON.parse(stdout);
  assert.deepEqual(rest, { configs: {}, metrics: {}, strings: {} });
});

test("export reads pages of large series in order", async () => {
  using dir = tempDir();
  const env = { GOODSEED_HOME: dir.path };
  const lines = Array.from({ length: 120_000 }, (_, i) => `{"a":${i},"step":${i}}\n`);
  await run(["log", "-p", "p", "--run-id", "r"], { env, input: lines.join("") });

  for (const format of ["csv", "json", "jsonl"]) {
    const { stdout } = await run(["export", "p/r", "-f", format], { env });
    const steps = format === "csv"
      ? stdout.trimEnd().split("\n").slice(1).map((line) => Number(line.split(",")[1]))
      : format === "json"
      ? (JSON.parse(stdout).metrics.a as number[][]).map((point) => point[0]!)
      : stdout.trimEnd().split("\n").map((line) => JSON.parse(line)).filter((record) =>
        record.t === "metric"
      ).map((record) => record.step as number);

    assert.equal(steps.length, 120_000, format);
    assert.ok(steps.every((step, i) => step === i), format);
  }
});

test("export -o writes the whole file or none, and replaces only with --force", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);
  mkdirSync(dir.join("out"));
  const options = { env, cwd: dir.join("out") };

  const first = await run(["export", "p/q/r", "-o", "x.csv"], options);
  writeFileSync(dir.join("out", "x.csv"), "mine");
  const refused = await run(["export", "p/q/r", "-o", "x.csv"], options);
  assert.equal(readFileSync(dir.join("out", "x.csv"), "utf8"), "mine");
  const forced = await run(["export", "p/q/r", "-o", "x.csv", "--force", "-q"], options);

  const path = dir.join("out", "x.csv");
  assert.deepEqual(first, { code: 0, stdout: `Exported p/q/r to ${path}\n`, stderr: "" });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^Error: writing ".*x\.csv": the file exists; .*--force\n$/);
  assert.deepEqual(forced, { code: 0, stdout: "", stderr: "" });
  assert.match(readFileSync(path, "utf8"), /^path,step,value,time\n/);
  assert.deepEqual(readdirSync(dir.join("out")), ["x.csv"]);
});

test("export -o says when the folder is not there", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { code, stderr } = await run(["export", "p/q/r", "-o", dir.join("no", "x")], { env });

  assert.equal(code, 1);
  assert.match(stderr, /^Error: writing ".*x": .*check the folder and the room on the disk\n$/);
});

test("export says which run it could not find, and never leaves the projects folder", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const missing = await run(["export", "p/q/none"], { env });
  makeRunFile(dir.path, "outside", "x"); // beside the projects folder, where ../ would lead
  const traversal = await run(["export", "../outside/x"], { env });
  const file = await run(["export", "none.sqlite"], { env });

  assert.deepEqual([missing.code, traversal.code, file.code], [1, 1, 1]);
  assert.match(missing.stderr, /^Error: Run not found: p\/q\/none in .*goodseed list -p p\/q\n$/);
  assert.match(traversal.stderr, /^Error: Run not found: \.\.\/outside\/x in /);
  assert.match(file.stderr, /^Error: Run not found: there is no file .*none\.sqlite\n$/);
});

test("export leaves the file it reads as it is", async () => {
  using dir = tempDir();
  const file = dir.join("all-types.sqlite");
  copyFileSync(join(ROOT, "tests/fixtures/goodseed/0.2.0/all-types.sqlite"), file);
  const before = readFileSync(file);

  for (const format of ["csv", "json", "jsonl"]) {
    assert.equal((await run(["export", file, "-f", format])).code, 0);
  }

  assert.ok(before.equals(readFileSync(file)));
  assert.deepEqual(readdirSync(dir.path), ["all-types.sqlite"]);
});

test("export stops when nobody reads any more", async () => {
  using dir = tempDir();
  const env = { GOODSEED_HOME: dir.path };
  const lines = Array.from({ length: 60_000 }, (_, i) => `{"a":${i},"step":${i}}\n`);
  await run(["log", "-p", "p", "--run-id", "r"], { env, input: lines.join("") });

  for (const format of ["csv", "json", "jsonl"]) {
    let pieces = 0;
    const { code } = await run(["export", "p/r", "-f", format], {
      env,
      onStdout: () => ++pieces < 2,
    });

    assert.equal(code, 0);
    assert.equal(pieces, 2);
  }
});

test("export into a pipe that is closed early ends quietly", async () => {
  using dir = tempDir();
  const env = { GOODSEED_HOME: dir.path };
  const lines = Array.from({ length: 60_000 }, (_, i) => `{"a":${i},"step":${i}}\n`);
  assert.equal(
    (await exec(["log", "-p", "p", "--run-id", "r"], { env, input: lines.join("") })).code,
    0,
  );

  const program = start(["export", "p/r"], { env });
  program.child.stdout.once("data", () => program.child.stdout.destroy());
  const { code, stderr } = await program.ended;

  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("csvCell() can be read back as RFC 4180 says", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const cell = csvCell(text);
    const quoted = cell.startsWith('"') && /[",\r\n]/.test(text);

    assert.equal(quoted ? cell.slice(1, -1).replaceAll('""', '"') : cell, text);
    assert.equal(quoted, /[",\r\n]/.test(text));
  }));
  assert.equal(csvCell("a\rb"), '"a\rb"');
});

test("metricLines() writes what formatRecord() writes", () => {
  const lineOf = metricLines();
  fc.assert(fc.property(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true }),
    fc.double(),
    fc.option(fc.double({ min: 0, max: 4e12, noNaN: true }), { nil: undefined }),
    (path, step, value, ts) => {
      const time = ts === undefined ? {} : { ts };
      const expected = formatRecord({ t: "metric", path, step, value, ...time });

      assert.equal(lineOf(path, step, value, ts ?? NaN), expected + "\n");
    },
  ));
});
