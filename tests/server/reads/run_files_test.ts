import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { FRAME_METRIC_SERIES } from "../../../lib/frames.ts";
import { JournalTransport } from "../../../lib/journal.ts";
import { ownIdentity } from "../../../lib/process_identity.ts";
import { createRings } from "../../../lib/ring.ts";
import { leasePath } from "../../../lib/lease.ts";
import { RunAccess } from "../../../server/reads/run_access.ts";
import type { ReadQuery } from "../../../server/reads/types.ts";
import { home, REF, textOf } from "./_home.ts";
import { folderState, makeRun, openForWriting, putPoints } from "../../lib/store/_files.ts";

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

test("damage inside a file is a StoreError of the answers that meet it, and of no other run", async () => {
  using h = home();
  const points = Array.from({ length: 20_000 }, (_, i): [number, number] => [i, i]);
  h.add("ws/p", "r1", { metrics: { m: points }, configs: [["a", "int", "1"]] });
  h.add("ws/p", "r2", { metrics: { m: [[0, 1]] } });
  const bytes = readFileSync(h.file("ws/p", "r1"));
  bytes.fill(0xff, 100_000, bytes.length - 4096);
  writeFileSync(h.file("ws/p", "r1"), bytes);

  for (
    const query of [
      { q: "metrics", ref: REF },
      { q: "downsampled", ref: REF, path: "m", pointCount: 5 },
    ] as const
  ) {
    await assert.rejects(h.reads.query(query), {
      name: "StoreError",
      message: /malformed.*damaged/,
    });
  }
  const { runs } = await h.ask({ q: "runs" });

  assert.deepEqual((await h.ask({ q: "configs", ref: REF })).configs, { a: 1 });
  assert.deepEqual(runs.length, 2);
  assert.equal((await h.ask({ q: "metrics", ref: { ...REF, runId: "r2" } })).metrics.length, 1);
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

test("what a dead writer left in its journal is served as soon as the writer is dead", async () => {
  using h = home();
  const path = h.file("ws/p", "r1");
  h.add("ws/p", "r1", { meta: { status: "running" } });
  const transport = new JournalTransport(createRings(2, 1024), path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  transport.point(0, NaN, 7, 0);
  transport.publish();
  transport.close();
  const lease = { v: 1, writer: "w", started_ms: 1, ...ownIdentity() };
  writeFileSync(leasePath(path), JSON.stringify(lease));
  const alive = await h.reads.query({ q: "run", ref: REF });
  const aliveTag = (await h.reads.query({ q: "metrics", ref: REF })).etag;

  writeFileSync(leasePath(path), JSON.stringify({ ...lease, pid_start: 1 }));
  const before = folderState(h.path);
  const dead = await h.ask({ q: "run", ref: REF });
  const metrics = await h.reads.query({ q: "metrics", ref: REF });

  assert.deepEqual(JSON.parse(String(alive.body)).metric_paths, []);
  assert.deepEqual([dead.metric_paths, dead.liveness], [["m"], "dead"]);
  assert.equal(JSON.parse(String(metrics.body)).metrics.length, 1);
  assert.notEqual(metrics.etag, aliveTag);
  assert.deepEqual(folderState(h.path), before);
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
