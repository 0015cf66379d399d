import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dropLease, leasePath, takeLease } from "../../../lib/lease.ts";
import { RunReader } from "../../../lib/store/run_reader.ts";
import { Queries } from "../../../server/reads/queries.ts";
import { RunAccess } from "../../../server/reads/run_access.ts";
import { inlineReads, type RunReads } from "../../../server/reads/reads.ts";
import type { ReadQuery } from "../../../server/reads/types.ts";
import { tempDir } from "../../_harness.ts";
import {
  folderState,
  makeRun,
  openForWriting,
  putPoints,
  type TestRun,
} from "../../lib/store/_files.ts";

interface Home extends Disposable {
  readonly path: string;
  readonly queries: Queries;
  readonly reads: RunReads;
  file(project: string, runId: string): string;
  add(project: string, runId: string, run?: TestRun): void;
  // deno-lint-ignore no-explicit-any -- answers are JSON of many shapes
  ask(query: ReadQuery): Promise<any>;
}

function home(cacheDir?: string): Home {
  const dir = tempDir();
  mkdirSync(dir.join("projects"));
  const queries = new Queries(dir.join("projects"), cacheDir);
  const reads = inlineReads(queries);
  const file = (project: string, runId: string) =>
    dir.join("projects", project, "runs", `${runId}.sqlite`);
  return {
    path: dir.join("projects"),
    queries,
    reads,
    file,
    add: (project, runId, run = {}) => makeRun(file(project, runId), run),
    ask: async (query) => JSON.parse(await textOf(reads, query)),
    [Symbol.dispose]() {
      queries[Symbol.dispose]();
      dir[Symbol.dispose]();
    },
  };
}

async function textOf(reads: RunReads, query: ReadQuery): Promise<string> {
  const { body } = await reads.query(query);
  return typeof body === "string" ? body : await new Response(body).text();
}

const REF = { project: "ws/p", runId: "r1" };

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

test("query configs gives typed values, sets as sorted arrays", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    configs: [
      ["lr", "float", "1e-05"],
      ["none", "null", ""],
      ["b", "bool", "true"],
      ["big", "int", "1208925819614629174706176"],
      ["nan", "float", "nan"],
      ["tags", "string_set", '["b", "a"]'],
      ["__proto__", "str", "x\0y"],
      ["d", "datetime", "2024-01-02T03:04:05"],
    ],
  });

  const text = await textOf(h.reads, { q: "configs", ref: REF });

  const { configs } = JSON.parse(text);
  assert.deepEqual(configs.tags, ["a", "b"]);
  assert.deepEqual([configs.lr, configs.none, configs.b, configs.nan], [1e-5, null, true, "NaN"]);
  assert.equal(Object.getOwnPropertyDescriptor(configs, "__proto__")?.value, "x\0y");
  assert.equal(configs.d, "2024-01-02T03:04:05");
  assert.ok(text.includes('"big":1208925819614629174706176'));
});

test("query metrics gives rows by path and step, non-finite values as strings", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: { b: [[1, 2, 1795196598.493042]], a: [[0.5, NaN, 1e300], [-1, Infinity, 1795196598]] },
  });

  const text = await textOf(h.reads, { q: "metrics", ref: REF });

  assert.deepEqual(JSON.parse(text), {
    metrics: [
      { path: "a", step: -1, value: "Infinity", logged_at: "2026-11-20T17:43:18+00:00" },
      { path: "a", step: 0.5, value: "NaN", logged_at: null },
      { path: "b", step: 1, value: 2, logged_at: "2026-11-20T17:43:18.493042+00:00" },
    ],
  });
  assert.ok(text.includes('"step":-1.0,'), "floats stay floats");
  assert.deepEqual(
    await h.ask({ q: "metrics", ref: REF, path: "b" }).then((a) => a.metrics.length),
    1,
  );
  assert.deepEqual(await h.ask({ q: "metrics", ref: REF, path: "zz" }), { metrics: [] });
});

test("query metrics and strings stream long answers in pages that fit together", async () => {
  using h = home();
  const row = (i: number): [number, number] => [i, i % 10 === 0 ? NaN : i];
  h.add("ws/p", "r1", {
    metrics: {
      a: Array.from({ length: 15_000 }, (_, i) => row(i)),
      b: Array.from({ length: 30_000 }, (_, i) => row(i)),
      c: [[0, 1]],
    },
    texts: { t: Array.from({ length: 12_000 }, (_, i): [number, string] => [i, `line ${i}`]) },
  });

  const metrics = await h.reads.query({ q: "metrics", ref: REF });
  const chunks: number[] = [];
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of metrics.body as ReadableStream<Uint8Array>) {
    chunks.push(chunk.length);
    text += decoder.decode(chunk, { stream: true });
  }
  const rows = JSON.parse(text).metrics;
  const strings = await h.ask({ q: "strings", ref: REF });
  const limited = await h.ask({ q: "strings", ref: REF, limit: 11_000, offset: 5 });
  const tail = await h.ask({ q: "strings", ref: REF, tail: 10_500 });

  assert.equal(chunks.length, 3);
  assert.equal(rows.length, 45_001);
  assert.deepEqual([rows[14_999].path, rows[15_000].path, rows[15_000].value], ["a", "b", "NaN"]);
  assert.deepEqual(
    rows.slice(15_000, 45_000).map((r: { step: number }) => r.step),
    Array.from({ length: 30_000 }, (_, i) => i),
  );
  assert.deepEqual([strings.string_series.length, strings.total], [12_000, 12_000]);
  assert.deepEqual([limited.string_series.length, limited.string_series.at(-1).step], [
    11_000,
    11_004,
  ]);
  assert.deepEqual([tail.string_series.length, tail.string_series[0].step], [10_500, 1500]);
});

test("a stream that is not read to its end leaves the run closed", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: { a: Array.from({ length: 50_000 }, (_, i): [number, number] => [i, i]) },
  });
  const before = folderState(h.path);

  const { body } = await h.reads.query({ q: "metrics", ref: REF });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
  rmSync(h.file("ws/p", "r1"));
  const second = await h.reads.query({ q: "projects" });

  assert.deepEqual(second.body, '{"projects":[]}');
  assert.equal(Object.keys(before).length, 1);
});

test("a run that goes while its stream is read ends the stream with an error", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: { a: Array.from({ length: 50_000 }, (_, i): [number, number] => [i, i]) },
  });

  const { body } = await h.reads.query({ q: "metrics", ref: REF });
  rmSync(h.file("ws/p", "r1"));

  await assert.rejects(new Response(body).text(), { name: "NotFoundError" });
});

test("query strings: offset without limit counts, tail without path is what was written last", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    texts: { s: [[0, "s0"], [1, "s1"]], a: [[7, "a7"]], t: [[0, "t0"], [1, "t1"]] },
  });
  const values = async (options: object) =>
    (await h.ask({ q: "strings", ref: REF, ...options })).string_series
      .map((r: { value: string }) => r.value).join(" ");

  assert.equal(await values({}), "a7 s0 s1 t0 t1");
  assert.equal(await values({ offset: 3 }), "t0 t1");
  assert.equal(await values({ path: "s", offset: 1 }), "s1");
  assert.equal(await values({ path: "s", limit: -1, offset: 1 }), "s1");
  assert.equal(await values({ tail: 3 }), "a7 t0 t1");
  assert.equal(await values({ path: "s", tail: 1, limit: 0 }), "s1");
  assert.equal(await values({ tail: 0 }), "");
  assert.deepEqual(await h.ask({ q: "strings", ref: REF, tail: 0 }), {
    string_series: [],
    total: 5,
  });
  assert.deepEqual(await h.ask({ q: "strings", ref: REF, path: "zz" }), {
    string_series: [],
    total: 0,
  });
});

test("query strings gives texts of 1 MB, NUL and emoji whole", async () => {
  using h = home();
  const long = "☃".repeat(400_000);
  h.add("ws/p", "r1", { texts: { s: [[0, long], [1, "a\0b"], [2, long], [3, "🚀\ud800"]] } });

  const { string_series: rows } = await h.ask({ q: "strings", ref: REF });

  assert.deepEqual(rows.map((r: { value: string }) => r.value), [long, "a\0b", long, "🚀\ufffd"]);
});

test("query downsampled gives the contract's answer, also of an unknown path", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: {
      m: Array.from(
        { length: 20 },
        (_, i): [number, number, number] => [i, i === 7 ? Infinity : i * i, 5],
      ),
    },
  });

  const answer = await h.ask({ q: "downsampled", ref: REF, path: "m", pointCount: 4 });
  const window = await h.ask({
    q: "downsampled",
    ref: REF,
    path: "m",
    pointCount: 4,
    first: 5,
    last: 7,
  });
  const unknown = await h.ask({ q: "downsampled", ref: REF, path: "zz", pointCount: 4 });

  assert.deepEqual(answer.points[1], {
    path: "m",
    step: 3.5,
    value: 13,
    minY: 0,
    maxY: 36,
    downsampled: true,
    logged_at: "1970-01-01T00:00:05+00:00",
  });
  assert.deepEqual(
    [answer.firstPointIndex, answer.lastPointIndex, answer.totalCount, answer.downsampled],
    [0, 19, 20, true],
  );
  assert.deepEqual(window.points.map((p: { value: unknown }) => p.value), [25, 36, "Infinity"]);
  assert.deepEqual(unknown, {
    points: [],
    firstPointIndex: 0,
    lastPointIndex: 0,
    totalCount: 0,
    downsampled: false,
  });
  await assert.rejects(h.reads.query({ q: "downsampled", ref: REF, path: "m", pointCount: 0 }), {
    name: "UsageError",
  });
});

test("unknown runs, and references that lead elsewhere, are not found", async () => {
  using h = home();
  h.add("ws/p", "r1");
  makeRun(h.path + "/../outside/runs/x.sqlite");
  symlinkSync(h.path + "/../outside", h.path + "/linked");
  symlinkSync(h.path + "/../outside/runs/x.sqlite", h.file("ws/p", "linked"));
  const refs: [string, string][] = [
    ["ws/p", "zz"],
    ["zz", "r1"],
    ["../outside", "x"],
    ["ws/../../outside", "x"],
    ["linked", "x"],
    ["/" + h.path + "/ws/p", "r1"],
    ["ws//p", "r1"],
    ["ws/p/", "r1"],
    ["ws/./p", "r1"],
    ["", "r1"],
    ["ws/p", "../runs/r1"],
    ["ws/p", ""],
    ["ws/p", "linked"],
    ["ws\0/p", "r1"],
    ["ws/p", "r1\0"],
  ];

  for (const [project, runId] of refs) {
    for (const q of ["run", "configs", "metrics"] as const) {
      await assert.rejects(h.reads.query({ q, ref: { project, runId } }), {
        name: "NotFoundError",
        message: `Run not found: ${project}/${runId}`,
      });
    }
  }
  assert.deepEqual(await h.ask({ q: "runs", project: "../outside" }), { runs: [] });
  assert.deepEqual(await h.ask({ q: "runs", project: "linked" }), { runs: [] });
});

test("a run that cannot be read answers its parts with a StoreError that names the problem", async () => {
  using h = home();
  mkdirSync(h.path + "/ws/p/runs", { recursive: true });
  execFileSync("mkfifo", [h.file("ws/p", "r1")]);

  await assert.rejects(h.reads.query({ q: "configs", ref: REF }), {
    name: "StoreError",
    message: /named pipe/,
  });
});

test("entity tags stay while nothing changes, and change with what is written", async () => {
  using h = home();
  h.add("ws/p", "r1", { meta: { status: "running" }, metrics: { m: [[0, 1]] } });
  const queries: ReadQuery[] = [
    { q: "run", ref: REF },
    { q: "runs" },
    { q: "configs", ref: REF },
    { q: "metrics", ref: REF },
    { q: "downsampled", ref: REF, path: "m", pointCount: 5 },
    { q: "strings", ref: REF },
  ];
  const tags = async () =>
    (await Promise.all(queries.map((q) => h.reads.query(q)))).map((r) => r.etag);

  const first = await tags();
  const again = await tags();
  const writer = openForWriting(h.file("ws/p", "r1"));
  putPoints(writer, "n", [[0, 1]]);
  const live = await tags();
  const commits = new Set<string>();
  for (let i = 0; i < 50; i++) { // the log is used again from its beginning: its size may stay
    putPoints(writer, "n", [[0, i]]);
    writer.exec("PRAGMA wal_checkpoint(RESTART)");
    for (const end of ["", "-wal"]) utimesSync(h.file("ws/p", "r1") + end, 1000, 1000);
    commits.add((await h.reads.query(queries[3]!)).etag);
  }
  writer.close();
  const closed = await tags();

  assert.match(first[0]!, /^W\/"[\w-]+"$/);
  assert.deepEqual(again, first);
  assert.ok(live.every((tag, i) => tag !== first[i]), "all of them, metric_paths changed");
  assert.equal(commits.size, 50);
  assert.ok(closed.slice(2).every((tag, i) => tag !== live[i + 2]));
});

test("RunAccess works again with a run to which a writer came, and closes it", () => {
  using h = home();
  h.add("ws/p", "r1", { metrics: { m: [[0, 1]] } });
  const path = h.file("ws/p", "r1");
  using access = new RunAccess();
  const seen: [string, number][] = [];

  const result = access.use(path, (run) => {
    const points = run.pointCount("m");
    if (seen.length === 0) {
      const writer = openForWriting(path);
      putPoints(writer, "m", [[1, 2]]);
      writer.close();
    }
    seen.push([run.how, points]);
    return points;
  });
  const broken = () =>
    access.use(path, () => {
      throw new TypeError("not about the file");
    });

  assert.deepEqual(seen, [["immutable", 1], ["immutable", 2]]);
  assert.equal(result, 2);
  assert.throws(broken, { name: "TypeError" });
});

test("serving closed runs leaves the folder as it was", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    configs: [["a", "int", "1"]],
    metrics: { m: Array.from({ length: 9000 }, (_, i): [number, number] => [i, i]) },
    texts: { t: [[0, "x"]] },
  });
  h.add("ws/q", "r2");
  const before = folderState(h.path);

  for (const q of ["run", "configs", "metricPaths", "metrics", "strings"] as const) {
    await textOf(h.reads, { q, ref: REF });
  }
  await h.ask({ q: "downsampled", ref: REF, path: "m", pointCount: 10 });
  await h.ask({ q: "runs" });
  await h.ask({ q: "projects" });

  assert.deepEqual(folderState(h.path), before);
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
