import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ROOT, tempDir } from "../_harness.ts";
import { run } from "./_goodseed.ts";
import { configsOf, dumpTables, jsonLines, metaOf, runFile } from "./_run_files.ts";

/** Exports the run file and records it again in another home; both paths are given. */
async function roundTrip(home: string, file: string, copies: string): Promise<string> {
  const exported = await run(["export", file, "-f", "jsonl"], { env: { GOODSEED_HOME: home } });
  assert.deepEqual({ ...exported, stdout: "" }, { code: 0, stdout: "", stderr: "" });
  const logged = await run(["log"], { env: { GOODSEED_HOME: copies }, input: exported.stdout });
  assert.equal(logged.stderr, "");
  assert.equal(logged.code, 0);
  const { project, run_id } = metaOf(file);
  return runFile(copies, String(project), String(run_id));
}

const EVERYTHING = [
  {
    t: "run",
    v: 1,
    project: "team/all",
    run_id: "rich",
    name: "näme ☃ 🚀",
    kind: "training",
    created_at: "2026-11-20T17:42:12.800329+00:00",
    modified_at: "as given",
    meta: { trashed: "true", gs_note: "kept" },
    origin: { tool: "import", list: [1, "two", null] },
  },
  { t: "series", kind: "metric", path: "later", id: 7 },
  { t: "series", kind: "metric", path: "empty series", id: 3 },
  { t: "series", kind: "string", path: "notes", id: 9 },
  {
    t: "config",
    path: "sys/name",
    tag: "str",
    value: "näme ☃ 🚀",
    updated_at: "2026-11-20T17:42:13+00:00",
  },
  { t: "config", path: "big", tag: "int", value: "1208925819614629174706176", updated_at: "u1" },
  {
    t: "config",
    path: "odd",
    tag: "our-own",
    value: 'a\u0000b\n"quoted"',
    updated_at: "u2",
    why: "x",
  },
  { t: "config", path: "none", tag: "null", value: "", updated_at: "u3" },
  { t: "metric", path: "loss", step: 0.25, value: 0.5, ts: 1_795_196_533_000.25 },
  { t: "metric", path: "loss", step: -3, value: "NaN", ts: 1_795_196_533_001 },
  { t: "metric", path: "loss", step: 1e300, value: "-Infinity", ts: 1_795_196_533_002 },
  { t: "metric", path: "loss", step: "Infinity", value: 1, ts: 1_795_196_533_000 },
  {
    t: "metric",
    path: "later",
    step: 1,
    value: 2,
    ts: 1_795_196_533_000,
    context: { subset: "val" },
  },
  {
    t: "metric",
    path: "later",
    step: 2,
    value: "NaN",
    ts: 1_795_196_533_000,
    context: { subset: "x" },
  },
  {
    t: "text",
    path: "notes",
    step: 0,
    value: "line one\nline two\u0000end",
    ts: 1_795_196_533_000,
  },
  { t: "text", path: "loss", step: 5, value: "", ts: 1_795_196_533_123.456, lang: "en" },
  {
    t: "log",
    level: "info",
    message: "epoch 1",
    stream: "stdout",
    writer: "n:0",
    seq: 17,
    ts: 5.5,
    n: 1,
  },
  { t: "log", message: "bare", ts: 6 },
  { t: "event", kind: "alert", ts: 7, level: "warn", message: "low" },
  { t: "event", kind: "state", ts: 8 },
  { t: "span", trace_id: "ab", span_id: "cd", parent_id: null, attrs: { a: [1, 2.5] } },
  { t: "artifact", name: "checkpoint", version: 3, files: [{ path: "m.pt", bytes: 1 }], ts: 9 },
  { t: "media", path: "samples", step: 10, media: "image", sha256: "00" },
  { t: "tensor", path: "w", step: 10, shape: [2, 3], sha256: "11" },
  { t: "status", status: "finished", closed_at: "2026-11-20T17:42:15.281939+00:00", why: "done" },
];

test("export --format jsonl | log gives an equal run, whatever is in it", async () => {
  using dir = tempDir();
  const made = await run(["log"], {
    env: { GOODSEED_HOME: dir.join("a") },
    input: jsonLines(...EVERYTHING),
  });
  assert.deepEqual([made.code, made.stderr], [0, ""]);
  const file = runFile(dir.join("a"), "team/all", "rich");

  const copy = await roundTrip(dir.join("a"), file, dir.join("b"));

  const tables = dumpTables(file);
  assert.deepEqual(dumpTables(copy), tables);
  assert.equal(tables["metric_series"]?.length, 3);
  assert.equal(tables["gs_records"]?.length, 4);
  assert.equal(tables["gs_extras"]?.length, 6);
  assert.equal(metaOf(copy)["trashed"], "true");
});

test("export | log keeps runs of goodseed 0.4.0 equal", async () => {
  for (const name of ["all-types", "failed", "trashed", "killed"]) {
    using dir = tempDir();
    const file = dir.join(`${name}.sqlite`);
    const fixture = join(ROOT, "tests/fixtures/goodseed/0.4.0", `${name}.sqlite`);
    copyFileSync(fixture, file);
    if (name === "killed") copyFileSync(`${fixture}-wal`, `${file}-wal`);

    const copy = await roundTrip(dir.path, file, dir.join("b"));

    const { gs_metric_nans: _none, ...tables } = dumpTables(copy);
    assert.deepEqual(tables, dumpTables(file), name);
  }
});

test("export | log makes a run of the present schema of older files", async () => {
  for (const version of ["0.2.0", "0.2.6", "0.3.2"]) {
    using dir = tempDir();
    const file = dir.join("all-types.sqlite");
    copyFileSync(join(ROOT, "tests/fixtures/goodseed", version, "all-types.sqlite"), file);
    mkdirSync(dir.join("b"));

    const exported = await run(["export", file, "-f", "jsonl"]);
    const logged = await run(["log", "--project", "p", "--run-id", "r"], {
      env: { GOODSEED_HOME: dir.join("b") },
      input: exported.stdout,
    });

    const copy = runFile(dir.join("b"), "p", "r");
    assert.deepEqual([exported.code, logged.code, logged.stderr], [0, 0, ""], version);
    assert.deepEqual(configsOf(copy), configsOf(file), version);
    assert.deepEqual(dumpTables(copy)["metric_points"], dumpTables(file)["metric_points"], version);
  }
});

test("export | log keeps any points, texts and configs", async () => {
  // Microseconds; beyond 2038 float64 seconds no longer tell all of them apart.
  const time = fc.integer({ min: 0, max: 2 ** 31 * 1e6 }).map((micros) => micros / 1000);
  const step = fc.double({ noNaN: true });
  const path = fc.string({ unit: "binary", maxLength: 8 }).filter((text) => text.isWellFormed());
  const record = fc.oneof(
    fc.record({ t: fc.constant("metric"), path, step, value: fc.double(), ts: time }),
    fc.record({ t: fc.constant("text"), path, step, value: path, ts: time }),
    fc.record({ t: fc.constant("config"), path, tag: path, value: path, updated_at: path }),
    fc.record({ t: fc.constant("log"), message: path, ts: time, seq: fc.maxSafeInteger() }),
  );
  const special = (value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 60 }), async (records) => {
      using dir = tempDir();
      const header = { t: "run", v: 1, project: "p", run_id: "r", created_at: "then" };
      const lines = [header, ...records, { t: "status", status: "finished" }];
      const made = await run(["log"], {
        env: { GOODSEED_HOME: dir.join("a") },
        input: lines.map((line) => JSON.stringify(line, (_key, value) => special(value)) + "\n")
          .join(""),
      });
      assert.deepEqual([made.code, made.stderr], [0, ""]);
      const file = runFile(dir.join("a"), "p", "r");

      const copy = await roundTrip(dir.join("a"), file, dir.join("b"));

      assert.deepEqual(dumpTables(copy), dumpTables(file));
    }),
    { numRuns: 6 },
  );
});

test("export --format jsonl of a run that still runs can be recorded and stays `running`", async () => {
  using dir = tempDir();
  const header = { t: "run", v: 1, project: "p", run_id: "r", created_at: "then" };
  const input = jsonLines(header, { a: 1, step: 0 }, { t: "status", status: "running" });

  await run(["log"], { env: { GOODSEED_HOME: dir.join("a") }, input });
  const file = runFile(dir.join("a"), "p", "r");
  const copy = await roundTrip(dir.join("a"), file, dir.join("b"));

  assert.equal(metaOf(copy)["status"], "running");
  assert.equal(metaOf(copy)["closed_at"], undefined);
});

test("log of an exported run lets the command line name it anew", async () => {
  using dir = tempDir();
  await run(["log"], { env: { GOODSEED_HOME: dir.path }, input: jsonLines(...EVERYTHING) });
  const { stdout } = await run(["export", "team/all/rich", "-f", "jsonl"], {
    env: { GOODSEED_HOME: dir.path },
  });

  const args = ["-p", "c", "--run-id", "x", "--name", "copy", "--tag", "new", "--config", "big=1"];
  const { code } = await run(["log", ...args], { env: { GOODSEED_HOME: dir.path }, input: stdout });

  const file = runFile(dir.path, "c", "x"), configs = configsOf(file);
  assert.equal(code, 0);
  assert.equal(metaOf(file)["name"], "copy");
  assert.equal(configs["sys/name"], "str|copy");
  assert.equal(configs["sys/tags"], 'string_set|["new"]');
  assert.equal(configs["big"], "int|1");
  assert.equal(metaOf(file)["created_at"], "2026-11-20T17:42:12.800329+00:00");
});

test("log closes an exported run as failed when its stream broke off", async () => {
  using dir = tempDir();

  const { code, stderr } = await run(["log"], {
    env: { GOODSEED_HOME: dir.path },
    input: jsonLines(...EVERYTHING.slice(0, 10)) + '{"t":"metric","path":"lo',
  });

  const meta = metaOf(runFile(dir.path, "team/all", "rich"));
  assert.equal(code, 1);
  assert.match(stderr, /^line 11: not valid JSON/);
  assert.match(stderr, /has no status at its end: it broke off/);
  assert.equal(meta["status"], "failed");
  assert.equal(meta["created_at"], "2026-11-20T17:42:12.800329+00:00");
});
