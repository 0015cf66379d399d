import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  asObject,
  ConflictError,
  float,
  GoodseedError,
  NotFoundError,
  Run,
  type RunField,
  UsageError,
  withRun,
} from "../../lib/mod.ts";
import { ownIdentity } from "../../lib/process_identity.ts";
import { leasePath } from "../../lib/lease.ts";
import { tempDir } from "../_harness.ts";
import { configs, meta, plainOptions, plainRun, rows } from "./_runs.ts";

test("Run makes the seed's file: meta, automatic configs, one file after close", () => {
  using dir = tempDir();

  const run = plainRun(dir.path, {
    project: "ws/p",
    runId: "r-1",
    name: "näme ☃ 🚀",
    description: "multi\nline",
    tags: ["y", "x", "été"],
    createdAt: "2024-02-03T04:05:06+00:00",
    modifiedAt: new Date(Date.UTC(2025, 0, 1)),
  });
  assert.equal(run.status, "running");
  assert.ok(existsSync(leasePath(run.path!)));
  run.close();

  assert.equal(run.path, dir.join("projects/ws/p/runs/r-1.sqlite"));
  assert.deepEqual(readdirSync(dir.join("projects/ws/p/runs")), ["r-1.sqlite"]);
  const { closed_at, ...others } = meta(run.path);
  assert.match(String(closed_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
  assert.deepEqual(others, {
    schema_version: "1",
    run_id: "r-1",
    project: "ws/p",
    created_at: "2024-02-03T04:05:06+00:00",
    modified_at: "2025-01-01T00:00:00+00:00",
    status: "finished",
    name: "näme ☃ 🚀",
  });
  const { "sys/closed_time": closed, ...stored } = configs(run.path);
  assert.match(closed!, /^str\|\d{4}-/);
  assert.deepEqual(stored, {
    "sys/id": "str|r-1",
    "sys/creation_time": "str|2024-02-03T04:05:06+00:00",
    "sys/state": "str|finished",
    "sys/name": "str|näme ☃ 🚀",
    "sys/description": "str|multi\nline",
    "sys/tags": 'string_set|["x", "y", "\\u00e9t\\u00e9"]',
  });
  assert.equal(run.status, "finished");
});

test("Run.set() and logConfigs() store every type, flattened", () => {
  using dir = tempDir();
  const run = plainRun(dir.path);

  run.set("p", {
    lr: 1e-5,
    f: float(3),
    n: 42,
    big: 2n ** 80n,
    ok: true,
    none: null,
    l: [1, { a: "x" }],
  });
  run.set("direct", [1, 2]);
  run.set("/when/", new Date(0));
  run.set("tags", new Set(["b", "a"]));
  run.logConfigs({ model: { hidden: 256 } });
  run.logConfigs({ raw: { hidden: 256 } }, { flatten: false });
  run.close();

  const stored = configs(run.path);
  assert.equal(stored["p/lr"], "float|1e-05");
  assert.equal(stored["p/f"], "float|3.0");
  assert.equal(stored["p/n"], "int|42");
  assert.equal(stored["p/big"], "int|1208925819614629174706176");
  assert.equal(stored["p/ok"], "bool|true");
  assert.equal(stored["p/none"], "null|");
  assert.equal(stored["p/l/0"], "int|1");
  assert.equal(stored["p/l/1/a"], "str|x");
  assert.equal(stored["direct"], "str|[1, 2]");
  assert.equal(stored["when"], "datetime|1970-01-01T00:00:00+00:00");
  assert.equal(stored["tags"], 'string_set|["a", "b"]');
  assert.equal(stored["model/hidden"], "int|256");
  assert.match(stored["raw"]!, /^str\|/);
});

test("sys/name is one thing: setting it reaches the run's list entry", () => {
  using dir = tempDir();
  const run = plainRun(dir.path, { name: "old" });

  run.set("sys/name", "new");
  run.close();

  assert.equal(meta(run.path).name, "new");
  assert.equal(configs(run.path)["sys/name"], "str|new");
});

test("Run.logMetrics() keeps any order, floats, replaced steps, NaN and infinities", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);

  run.logMetrics({ a: 1, "/b/": "2.5", c: true, d: 3n }, { step: 1.5 });
  run.logMetrics({ a: 2 }, { step: -1 });
  run.logMetrics({ a: 3 }, { step: 1.5 });
  run.logMetrics({ a: NaN }, { step: 7 });
  run.logMetrics({ a: Infinity, n: NaN }, { step: 8n });
  run.logMetrics({ a: -Infinity }, { step: 9 });
  run.at("a").log(5);

  assert.deepEqual((await run.getMetricData("a")).rawPoints, [
    { step: -1, y: 2 },
    { step: 1.5, y: 3 },
    { step: 7, y: NaN },
    { step: 8, y: Infinity },
    { step: 9, y: -Infinity },
    { step: 10, y: 5 },
  ]);
  assert.deepEqual(await run.getMetricPaths(), ["a", "b", "c", "d", "n"]);
  assert.deepEqual((await run.getMetricData("b")).rawPoints, [{ step: 1.5, y: 2.5 }]);
  run.close();
});

test("Run.logMetrics() records nothing of a call with a bad argument, and goes on", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);

  assert.throws(() => run.logMetrics({ ok: 1, bad: "abc" }), UsageError);
  assert.throws(() => run.logMetrics({ ok: 1, bad: null }), UsageError);
  assert.throws(() => run.logMetrics({ ok: 1 }, { step: NaN }), UsageError);
  assert.throws(() => run.logMetrics({ ok: 1 }, { step: Infinity }), UsageError);
  assert.throws(() => run.at("x").log(true as unknown as number), UsageError);
  assert.throws(() => run.logConfigs({ fine: 1, bad: new Date(NaN) }), UsageError);
  run.logMetrics({ ok: 2 });

  assert.deepEqual((await run.getMetricData("ok")).rawPoints, [{ step: 0, y: 2 }]);
  assert.equal(run.exists("fine"), false);
  run.close();
});

test("Run keeps times to the millisecond", () => {
  using dir = tempDir();
  const run = plainRun(dir.path);

  const before = Date.now();
  run.logMetrics({ m: 1 });
  const after = Date.now();
  run.close();

  const [[ts]] = rows(run.path, "SELECT ts FROM metric_points") as [[number]];
  assert.ok(ts * 1000 >= before - 0.001 && ts * 1000 <= after + 0.001, `${ts}`);
});

test("Run.at().add() and remove() edit a set of strings", () => {
  using dir = tempDir();
  const run = plainRun(dir.path, { tags: "bert" });

  run.at("sys/tags").add("v2");
  run.at("sys/tags").add(["release", "v2"]);
  run.at("sys/tags").remove("bert");
  run.at("none").remove("x");
  run.set("number", 1);
  assert.throws(() => run.at("number").add("x"), /type "int"/);
  run.close();

  assert.equal(configs(run.path)["sys/tags"], 'string_set|["release", "v2"]');
  assert.equal(run.path && "none" in configs(run.path), false);
});

test("asObject() assigns and reads like an object", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  const fields = asObject(run);

  fields["parameters"] = { lr: 0.1 };
  (fields["train/loss"] as RunField).log(0.5, { step: 3 });

  assert.ok("parameters/lr" in fields);
  assert.equal("parameters/none" in fields, false);
  assert.deepEqual((await run.getMetricData("train/loss")).rawPoints, [{ step: 3, y: 0.5 }]);
  run.close();
});

test("Run reads windows, buckets, strings and configs back", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  for (let step = 0; step < 100; step++) run.logMetrics({ m: step * step }, { step });
  for (let i = 0; i < 5; i++) run.logStrings({ s: `line ${i}` });
  run.set("lr", 0.5);

  const window = await run.getMetricData("m", { stepMin: 3, stepMax: 5 });
  const buckets = await run.getMetricData("m", { maxPoints: 10 });

  assert.deepEqual(window.rawPoints?.map((point) => point.y), [9, 16, 25]);
  assert.equal(buckets.downsampled, true);
  assert.ok(buckets.buckets!.length <= 10);
  assert.equal(buckets.buckets!.reduce((sum, bucket) => sum + bucket.count, 0), 100);
  assert.deepEqual(await run.getStringData("s", { limit: 2, offset: 1 }), [
    { step: 1, value: "line 1" },
    { step: 2, value: "line 2" },
  ]);
  assert.equal((await run.getConfigs()).find((config) => config.path === "lr")?.value, 0.5);
  await assert.rejects(async () => await run.getMetricData("m", { maxPoints: 0 }), UsageError);
  run.close();
});

test("texts survive: unicode, NUL, a megabyte; lone surrogates become U+FFFD", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  const large = "é☃🚀\n".repeat(200_000);

  run.logStrings({ t: "a\0b" }, { step: 0 });
  run.logStrings({ t: "x\ud800y" }, { step: 1 });
  run.logStrings({ t: large }, { step: 2 });
  run.set("c", "a\0b");

  const [nul, surrogate, long] = await run.getStringData("t");
  assert.equal(nul!.value, "a\0b");
  assert.equal(surrogate!.value, "x\ufffdy");
  assert.ok(long!.value === large, "the long text is whole");
  assert.equal((await run.getConfigs()).find((config) => config.path === "c")?.value, "a\0b");
  run.close();
});

test("ten thousand metric names are kept apart", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  const names = Array.from({ length: 10_000 }, (_, i) => `m/${i}`);

  for (let step = 0; step < 2; step++) {
    run.logMetrics(Object.fromEntries(names.map((name, i) => [name, i + step])), { step });
  }
  run.close();

  const wrong = rows(
    run.path,
    `SELECT count(*) FROM metric_points JOIN metric_series s ON s.id = series_id
     WHERE y != CAST(substr(path, 3) AS INTEGER) + step`,
  );
  assert.deepEqual(rows(run.path, "SELECT count(*) FROM metric_points"), [[20_000]]);
  assert.deepEqual(wrong, [[0]]);
  await Promise.resolve();
});

test("a run is resumed: status, steps and data go on; wrong uses say why", async () => {
  using dir = tempDir();
  const first = plainRun(dir.path, { runId: "r", name: "kept" });
  first.logMetrics({ m: 1 });
  assert.throws(
    () => plainRun(dir.path, { resumeRunId: "r" }),
    (error) => error instanceof ConflictError && /still running/.test(error.message),
  );
  first.close({ status: "failed" });

  const second = plainRun(dir.path, { resumeRunId: "r", name: "ignored" });
  second.logMetrics({ m: 2 });
  assert.equal(meta(second.path).status, "running");
  assert.deepEqual((await second.getMetricData("m")).rawPoints, [{ step: 0, y: 1 }, {
    step: 1,
    y: 2,
  }]);
  second.close();

  assert.equal(meta(second.path).status, "finished");
  assert.equal(meta(second.path).name, "kept");
  assert.throws(() => plainRun(dir.path, { resumeRunId: "none" }), NotFoundError);
  assert.throws(
    () => plainRun(dir.path, { runId: "r" }),
    (error) =>
      error instanceof ConflictError && /Database already exists: .*r\.sqlite/.test(error.message),
  );
  assert.throws(() => plainRun(dir.path, { runId: "a", resumeRunId: "b" }), UsageError);
});

test("a run whose writer is dead is resumed without force; on another host only with it", () => {
  using dir = tempDir();
  for (
    const [runId, lease] of [
      ["dead", { ...ownIdentity(), pid_start: 1 }],
      ["elsewhere", { ...ownIdentity(), host: "another-host" }],
    ] as const
  ) {
    plainRun(dir.path, { runId }).close({ status: "running" });
    writeFileSync(
      leasePath(dir.join(`projects/default/runs/${runId}.sqlite`)),
      JSON.stringify({ v: 1, writer: "w", started_ms: 1, ...lease }),
    );
  }

  plainRun(dir.path, { resumeRunId: "dead" }).close();
  assert.throws(() => plainRun(dir.path, { resumeRunId: "elsewhere" }), /resume with force/);
  plainRun(dir.path, { resumeRunId: "elsewhere", force: true }).close();

  assert.deepEqual(readdirSync(dir.join("projects/default/runs")).sort(), [
    "dead.sqlite",
    "elsewhere.sqlite",
  ]);
});

test("storage and readOnly behave as the two tables say", async () => {
  using dir = tempDir();
  const written = plainRun(dir.path, { runId: "r" });
  written.logMetrics({ m: 1 });
  written.close();

  const disabled = plainRun(dir.path, { storage: "disabled" });
  disabled.logMetrics({ m: 1 });
  disabled.set("a", 1);
  disabled.close();
  assert.equal(disabled.runId, "");
  assert.equal(disabled.path, undefined);
  assert.throws(() => disabled.exists("m"), /no local storage/);

  const reader = plainRun(dir.path, { runId: "r", readOnly: true });
  assert.deepEqual(await reader.getMetricPaths(), ["m"]);
  assert.ok(reader.exists("m"));
  assert.equal(reader.status, "finished");
  assert.throws(() => reader.logMetrics({ m: 1 }), /Run is read-only/);
  reader.close();

  const disabledReader = plainRun(dir.path, { storage: "disabled", readOnly: true });
  assert.throws(() => disabledReader.logMetrics({ m: 1 }), /Run is read-only/);
  await assert.rejects(async () => await disabledReader.getMetricPaths(), GoodseedError);

  const cloudReader = plainRun(dir.path, { storage: "cloud", readOnly: true, runId: "new" });
  assert.equal(existsSync(dir.join("projects/default/runs/new.sqlite")), false);
  assert.throws(() => cloudReader.exists("m"), /no local storage/);

  assert.throws(() => plainRun(dir.path, { readOnly: true }), /requires a runId/);
  assert.throws(() => plainRun(dir.path, { readOnly: true, runId: "zz" }), NotFoundError);
  assert.throws(() => plainRun(dir.path, { storage: "x" as "local" }), /not a valid Storage/);

  const cloud = plainRun(dir.path, { storage: "cloud", runId: "cloudy", apiKey: null });
  cloud.logMetrics({ m: 1 });
  cloud.close();
  assert.deepEqual(rows(cloud.path, "SELECT uploaded, count(*) FROM metric_points GROUP BY 1"), [[
    0,
    1,
  ]]);
});

test("a closed run refuses writes, can still be read, and closes only once", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  run.logMetrics({ m: 1 });

  run.close({ status: "my own word" });
  run.close();

  assert.throws(() => run.logMetrics({ m: 2 }), /Run is closed/);
  assert.throws(() => run.set("a", 1), /Run is closed/);
  assert.equal(meta(run.path).status, "my own word");
  assert.deepEqual(await run.getMetricPaths(), ["m"]);
});

test("withRun() finishes, or fails with traceback and passes the error on", async () => {
  using dir = tempDir();
  let path: string | undefined;
  const value = await withRun(plainOptions(dir.path), (run) => {
    path = run.path;
    return 7;
  });
  assert.equal(value, 7);
  assert.equal(meta(path).status, "finished");

  const options = plainOptions(dir.path, { captureTraceback: true, monitoringNamespace: "mon/" });
  await assert.rejects(
    withRun(options, (run) => {
      path = run.path;
      throw new Error("boom");
    }),
    /boom/,
  );

  assert.equal(meta(path).status, "failed");
  const [[text]] = rows(
    path,
    "SELECT value FROM string_points JOIN string_series s ON s.id = series_id WHERE path = 'mon/traceback'",
  ) as [[string]];
  assert.match(text, /Error: boom/);
});

test("two runs in one process do not meet", () => {
  using dir = tempDir();
  const a = plainRun(dir.path), b = plainRun(dir.path);

  for (let i = 0; i < 1000; i++) {
    a.logMetrics({ m: 1 });
    b.logMetrics({ m: 2 });
  }
  b.close();
  a.close();

  assert.notEqual(a.runId, b.runId);
  assert.deepEqual(rows(a.path, "SELECT y, count(*) FROM metric_points GROUP BY y"), [[1, 1000]]);
  assert.deepEqual(rows(b.path, "SELECT y, count(*) FROM metric_points GROUP BY y"), [[2, 1000]]);
});

test("logDir puts the file elsewhere, and a folder that cannot be made is a clear error", () => {
  using dir = tempDir();
  const run = plainRun(dir.path, { logDir: dir.join("logs"), runId: "x" });
  run.close();
  assert.equal(run.path, dir.join("logs", "x.sqlite"));

  writeFileSync(dir.join("file"), "");
  assert.throws(() => plainRun(dir.join("file")), /making the run file .*choose another home/);
});

test("a project that would leave the home is refused", () => {
  using dir = tempDir();

  for (const project of ["../../x", "/abs", "a/../b", "a//b", "a\0b"]) {
    assert.throws(() => plainRun(dir.path, { project }), UsageError, project);
  }
});

test("durability kill records the same as the default", () => {
  using dir = tempDir();
  const run = plainRun(dir.path, { durability: "kill" });

  for (let i = 0; i < 500; i++) run.logMetrics({ a: i, b: NaN }, { step: i });
  run.logStrings({ t: "text" });
  run.set("c", 1);
  run.close();

  assert.deepEqual(readdirSync(dir.join("projects/default/runs")), [`${run.runId}.sqlite`]);
  assert.deepEqual(rows(run.path, "SELECT count(*), sum(y) FROM metric_points"), [[500, 124750]]);
  assert.deepEqual(rows(run.path, "SELECT count(*) FROM gs_metric_nans"), [[500]]);
  assert.equal(meta(run.path).gs_journal, undefined);
});

test("Run.sync() makes everything visible to another reader at once", () => {
  using dir = tempDir();
  const run = plainRun(dir.path);

  for (let i = 0; i < 100; i++) {
    run.logMetrics({ m: i }, { step: i });
    if (i % 10 === 0) {
      assert.ok(run.sync());
      assert.deepEqual(rows(run.path, "SELECT max(step) FROM metric_points"), [[i]]);
    }
  }
  run.close();
});

test("Run is disposed by using", () => {
  using dir = tempDir();
  let path: string | undefined;
  {
    using run = plainRun(dir.path);
    path = run.path;
    run.logMetrics({ m: 1 });
  }

  assert.equal(meta(path).status, "finished");
  assert.ok(Run.prototype[Symbol.asyncDispose] !== undefined);
});

test("Run.logMetrics() takes own fields only, and values that log themselves while they are read", () => {
  using dir = tempDir();
  const run = plainRun(dir.path);
  const inherited = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } });
  const tricky = {
    valueOf: () => {
      run.logMetrics({ x: 10, y: 20, z: 30 });
      return 3;
    },
  };

  run.logMetrics(inherited);
  run.logMetrics({ a: 1, b: tricky, c: 5 });
  for (const data of [{ a: 1, b: 2 }, { b: 3, a: 4 }, { a: 5 }, { c: 6, a: 7, b: 8 }]) {
    run.logMetrics(data, { step: 100 + data.a });
  }
  run.close();

  const found = rows(
    run.path,
    "SELECT path, step, y FROM metric_points JOIN metric_series s ON s.id = series_id ORDER BY path, step",
  );
  assert.deepEqual(found, [
    ["a", 0, 1],
    ["a", 101, 1],
    ["a", 104, 4],
    ["a", 105, 5],
    ["a", 107, 7],
    ["b", 0, 3],
    ["b", 101, 2],
    ["b", 104, 3],
    ["b", 107, 8],
    ["c", 0, 5],
    ["c", 107, 6],
    ["own", 0, 2],
    ["x", 0, 10],
    ["y", 0, 20],
    ["z", 0, 30],
  ]);
});

test("a run that another process has just taken is refused, and nothing is left of the attempt", () => {
  using dir = tempDir();
  const folder = dir.join("projects/default/runs");
  plainRun(dir.path, { runId: "ended" }).close();
  for (const runId of ["ended", "new"]) {
    const lease = { v: 1, writer: "w", started_ms: 1, ...ownIdentity() };
    writeFileSync(join(folder, `${runId}.lease`), JSON.stringify(lease));
  }

  const taken = (error: unknown): boolean =>
    error instanceof ConflictError && /is being written by process \d+/.test(error.message);
  assert.throws(() => plainRun(dir.path, { resumeRunId: "ended" }), taken);
  assert.throws(() => plainRun(dir.path, { runId: "new" }), taken);

  assert.deepEqual(readdirSync(folder).sort(), ["ended.lease", "ended.sqlite", "new.lease"]);
  assert.equal(meta(join(folder, "ended.sqlite")).status, "finished");
});
