import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dropLease, leasePath, takeLease } from "../../../lib/lease.ts";
import { RunReader } from "../../../lib/store/run_reader.ts";
import { Queries } from "../../../server/reads/queries.ts";
import { tempDir } from "../../_harness.ts";
import { home, REF } from "./_home.ts";
import { makeRun, openForWriting, putPoints } from "../../lib/store/_files.ts";

test("query projects gives names, counts and times, the one written to last first", async () => {
  using h = home();
  h.add("ws/old", "a");
  h.add("deep/er/than/that", "b");
  h.add("deep/er/than/that", "c");
  h.add(".", "root");
  mkdirSync(h.path + "/empty/runs", { recursive: true });
  utimesSync(h.file("ws/old", "a"), 1000, 1000);
  utimesSync(h.file(".", "root"), 2000.25, 2000.25);

  const { projects } = await h.ask({ q: "projects" });

  assert.deepEqual(projects.map((p: { name: string }) => p.name), [
    "deep/er/than/that",
    ".",
    "ws/old",
  ]);
  assert.deepEqual(projects[2], {
    name: "ws/old",
    run_count: 1,
    last_modified: "1970-01-01T00:16:40+00:00",
  });
  assert.equal(projects[1].last_modified, "1970-01-01T00:33:20.250000+00:00");
  assert.equal(projects[0].run_count, 2);
});

test("query runs gives the contract's fields and ours, newest created first, trash included", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    meta: {
      run_id: "other",
      project: "elsewhere",
      created_at: "2026-01-02T00:00:00+00:00",
      closed_at: "2026-01-02T01:00:00+00:00",
      status: "finished",
      name: "näme",
      trashed: "true",
    },
    metrics: { b: [[0, 1]], a: [[0, NaN]] },
    texts: { t: [[0, "x"]] },
  });
  h.add("ws/p", "r2", { meta: { created_at: "2026-01-03T00:00:00+00:00", modified_at: "m" } });
  h.add("other", "r3", { meta: { created_at: "2026-01-01T00:00:00+00:00" } });
  utimesSync(h.file("ws/p", "r1"), 1000, 1000);

  const all = await h.ask({ q: "runs" });
  const some = await h.ask({ q: "runs", project: "ws/p" });
  const none = await h.ask({ q: "runs", project: "zz" });

  assert.deepEqual(all.runs.map((r: { run_id: string }) => r.run_id), ["r2", "r1", "r3"]);
  assert.deepEqual(some.runs.map((r: { run_id: string }) => r.run_id), ["r2", "r1"]);
  assert.deepEqual(none, { runs: [] });
  assert.deepEqual(some.runs[1], {
    project: "ws/p",
    run_id: "r1",
    experiment_name: "näme",
    created_at: "2026-01-02T00:00:00+00:00",
    closed_at: "2026-01-02T01:00:00+00:00",
    status: "finished",
    trashed: true,
    string_series_paths: ["t"],
    metric_paths: ["a", "b"],
    name: "näme",
    modified_at: "1970-01-01T00:16:40+00:00",
    liveness: null,
  });
  assert.deepEqual([some.runs[0].status, some.runs[0].modified_at], ["unknown", "m"]);
  assert.deepEqual(await h.ask({ q: "run", ref: REF }), some.runs[1]);
});

test("query runs lists what cannot be read with its problem, and everything else as ever", async () => {
  using h = home();
  h.add("ws/p", "good", { meta: { status: "finished" } });
  h.add("ws/p", "newer", { meta: { schema_version: "3" } });
  const at = (name: string) => h.file("ws/p", name);
  writeFileSync(at("empty"), "");
  writeFileSync(at("text"), "not a database, but a long enough text to be one ".repeat(20));
  mkdirSync(at("folder"));
  execFileSync("mkfifo", [at("pipe")]);
  writeFileSync(h.path + "/secret.sqlite", "x");
  mkdirSync(h.path + "/../outside");
  makeRun(h.path + "/../outside/o.sqlite");
  symlinkSync(h.path + "/../outside/o.sqlite", at("link"));
  symlinkSync(h.path + "/nowhere", at("dangling"));
  mkdirSync(h.path + "/what?#%20b/runs", { recursive: true });
  makeRun(h.path + "/what?#%20b/runs/odd name.sqlite");

  const started = performance.now();
  const { runs } = await h.ask({ q: "runs" });
  const elapsedMs = performance.now() - started;

  const problems = Object.fromEntries(
    runs.map((r: { run_id: string; problem?: string }) => [r.run_id, r.problem]),
  );
  assert.equal(problems.good, undefined);
  assert.equal(problems["odd name"], undefined);
  assert.match(problems.newer, /newer version/);
  assert.match(problems.empty, /is empty/);
  assert.match(problems.text, /not a SQLite database/);
  assert.match(problems.folder, /is a directory/);
  assert.match(problems.pipe, /is a named pipe/);
  assert.match(problems.link, /leads out of the projects folder/);
  assert.equal(Object.keys(problems).length, 8);
  assert.ok(elapsedMs < 2000, `${elapsedMs} ms`);
  const pipe = runs.find((r: { run_id: string }) => r.run_id === "pipe");
  assert.deepEqual([pipe.status, pipe.metric_paths, pipe.liveness], ["unknown", [], null]);
});

test("a run that could not be read is read as soon as it can be", async () => {
  using h = home();
  makeRun(h.file("ws/p", "r2"), { meta: { status: "finished" } });
  writeFileSync(h.file("ws/p", "r1"), "");

  const before = await h.ask({ q: "run", ref: REF });
  renameSync(h.file("ws/p", "r2"), h.file("ws/p", "r1"));
  const after = await h.ask({ q: "run", ref: REF });

  assert.match(before.problem, /is empty/);
  assert.deepEqual([after.problem, after.status], [undefined, "finished"]);
});

test("a locked run is listed in its earlier state, with the problem", async () => {
  using h = home();
  h.add("ws/p", "r1", { meta: { status: "running", name: "n" } });
  const first = await h.ask({ q: "run", ref: REF });
  const writer = openForWriting(h.file("ws/p", "r1"));
  try {
    writer.exec("PRAGMA locking_mode=EXCLUSIVE");
    putPoints(writer, "m", [[0, 1]]);
    const locked = await h.ask({ q: "run", ref: REF });

    assert.equal(first.problem, undefined);
    assert.match(locked.problem, /locked.*an earlier state/);
    assert.equal(locked.name, "n");
  } finally {
    writer.close();
  }
  assert.deepEqual((await h.ask({ q: "run", ref: REF })).metric_paths, ["m"]);
});

test("liveness of a running run is looked up for each answer", async () => {
  using h = home();
  h.add("ws/p", "r1", { meta: { status: "running" } });
  const file = h.file("ws/p", "r1");
  const liveness = async () => (await h.ask({ q: "run", ref: REF })).liveness;

  const unknown = await liveness();
  takeLease(file, 1000, true);
  const alive = await liveness();
  dropLease(file);
  const lease = {
    v: 1,
    writer: "w",
    host: (await import("node:os")).hostname(),
    pid: 2 ** 22 + 1,
    pid_start: "1",
    boot_id: "x",
    started_ms: 1,
  };
  writeFileSync(leasePath(file), JSON.stringify(lease));
  const dead = await liveness();

  assert.deepEqual([unknown, alive, dead], ["unknown", "alive", "dead"]);
});

test("the catalog opens only files that changed, and forgets those that went", async () => {
  using cache = tempDir();
  using h = home(cache.path);
  for (let i = 0; i < 5; i++) h.add("ws/p", `r${i}`, { meta: { name: `n${i}` } });
  await h.ask({ q: "runs" });
  const original = RunReader.open;
  const opened: string[] = [];
  RunReader.open = (path, options) => (opened.push(path.slice(-9, -7)), original(path, options));
  try {
    await h.ask({ q: "runs" });
    const unchanged = opened.splice(0);
    const writer = openForWriting(h.file("ws/p", "r3"));
    writer.exec("UPDATE run_meta SET value = 'new' WHERE key = 'name'");
    writer.close();
    rmSync(h.file("ws/p", "r4"));
    const { runs } = await h.ask({ q: "runs" });
    const changed = opened.splice(0);
    using other = new Queries(h.path, cache.path);
    const restarted = JSON.parse(other.answer({ q: "runs" }).text);

    assert.deepEqual([unchanged, changed, opened], [[], ["r3"], []]);
    assert.deepEqual(runs.map((r: { name: string }) => r.name).sort(), ["n0", "n1", "n2", "new"]);
    assert.deepEqual(restarted.runs.length, 4);
    assert.equal(h.queries.catalog.cache.trouble, undefined);
  } finally {
    RunReader.open = original;
  }
});

test("lists and paths with 10,000 metric names are whole", async () => {
  using h = home();
  const db = openForWriting(h.file("ws/p", "r1"));
  db.exec(`WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000)
    INSERT INTO metric_series(id, path) SELECT i, 'layer/' || i || '/weight' FROM c`);
  db.exec(
    "INSERT INTO metric_points(series_id, step, y, ts) SELECT id, 0, 1, 1 FROM metric_series",
  );
  db.close();

  const { paths } = await h.ask({ q: "metricPaths", ref: REF });
  const { runs } = await h.ask({ q: "runs" });
  const { metrics } = await h.ask({ q: "metrics", ref: REF });

  assert.deepEqual([paths.length, runs[0].metric_paths.length, metrics.length], [
    10_000,
    10_000,
    10_000,
  ]);
});
