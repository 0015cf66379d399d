import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import {
  AuthError,
  ConflictError,
  GoodseedError,
  LimitError,
  NotFoundError,
  StoreError,
  TransportError,
  UsageError,
} from "../../../lib/errors.ts";
import { ReadPool } from "../../../server/reads/pool.ts";
import { Queries } from "../../../server/reads/queries.ts";
import { inlineReads, startReads } from "../../../server/reads/reads.ts";
import type { ReadQuery, Reads } from "../../../server/reads/types.ts";
import { fromWire, toWire } from "../../../server/reads/wire_error.ts";
import { cleanEnv, ROOT, runtimeArgs, tempDir, until } from "../../_harness.ts";
import { folderState, makeRun, openForWriting, putPoints } from "../../lib/store/_files.ts";

const REF = { project: "ws/p", runId: "r1" };
const BROKEN = new URL("./_broken_worker.ts", import.meta.url);

function brokenPool(options: { size?: number; timeoutMs?: number } = {}): ReadPool {
  return new ReadPool({
    projectsDir: "/nowhere",
    cacheDir: undefined,
    size: 1,
    workerUrl: BROKEN,
    ...options,
  });
}

function ask(pool: ReadPool, project: string, signal?: AbortSignal): Promise<unknown> {
  return pool.ask({ q: "runs", project }, signal).then((answer) => answer.text);
}

async function textOf(reads: Reads, query: ReadQuery): Promise<string> {
  const { body } = await reads.query(query);
  return typeof body === "string" ? body : await new Response(body).text();
}

test("startReads() answers from Workers what inline reads answer, and leaves the runs as they were", async () => {
  using dir = tempDir();
  const projects = dir.join("projects");
  const points = Array.from({ length: 25_000 }, (_, i): [number, number] => [i, i % 3 ? i : NaN]);
  makeRun(dir.join("projects", "ws/p", "runs", "r1.sqlite"), {
    configs: [["lr", "float", "0.1"]],
    metrics: { m: points },
    texts: { t: [[0, "a\0b"]] },
  });
  const before = folderState(projects);
  const queries: ReadQuery[] = [
    { q: "projects" },
    { q: "runs" },
    { q: "runs", project: "ws/p" },
    { q: "run", ref: REF },
    { q: "configs", ref: REF },
    { q: "metricPaths", ref: REF },
    { q: "metrics", ref: REF },
    { q: "strings", ref: REF, tail: 1 },
    { q: "downsampled", ref: REF, path: "m", pointCount: 9 },
  ];

  await using reads = startReads({ projectsDir: projects, workers: 2, cacheDir: null });
  await using inline = inlineReads(new Queries(projects, undefined));
  const fromWorkers = await Promise.all(queries.map((query) => textOf(reads, query)));
  const expected = await Promise.all(queries.map((query) => textOf(inline, query)));

  assert.deepEqual(fromWorkers, expected);
  assert.deepEqual(folderState(projects), before);
});

test("startReads() of a folder that is not there gives empty lists", async () => {
  using dir = tempDir();
  await using reads = startReads({ projectsDir: dir.join("none"), workers: 1, cacheDir: null });

  assert.equal(await textOf(reads, { q: "projects" }), '{"projects":[]}');
  assert.equal(await textOf(reads, { q: "runs" }), '{"runs":[]}');
});

test("errors come out of a Worker as the class that went in", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("ws/p/runs"), { recursive: true });
  execFileSync("mkfifo", [dir.join("ws/p/runs/r1.sqlite")]);
  await using reads = startReads({ projectsDir: dir.path, workers: 1, cacheDir: null });

  const missing = reads.query({ q: "run", ref: { ...REF, runId: "zz" } });
  await assert.rejects(
    missing,
    (error) => error instanceof NotFoundError && error.message === "Run not found: ws/p/zz",
  );
  await assert.rejects(
    reads.query({ q: "metricPaths", ref: REF }),
    (error) =>
      error instanceof StoreError && error.path.endsWith("r1.sqlite") && /pipe/.test(error.message),
  );
});

test("toWire() and fromWire() keep the class and the fields of every error", () => {
  const errors = [
    new UsageError("u"),
    new NotFoundError("n"),
    new ConflictError("c"),
    new StoreError("s", "/p"),
    new TransportError("t", true),
    new AuthError("a", 401),
    new LimitError("l", 1, 2, 429),
    new GoodseedError("g"),
  ];

  for (const error of errors) {
    const back = fromWire(structuredClone(toWire(error)));
    assert.equal(back.constructor, error.constructor);
    assert.deepEqual({ ...back, message: back.message }, { ...error, message: error.message });
  }
  assert.match(fromWire(toWire(new TypeError("x"))).message, /reading runs failed: x/);
});

test("two pools on one cache answer right while the run is being written", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("cache"));
  const projects = dir.join("projects");
  const path = dir.join("projects", "ws/p", "runs", "r1.sqlite");
  const db = openForWriting(path);
  putPoints(db, "m", Array.from({ length: 9000 }, (_, i) => [i, i]));
  const options = { projectsDir: projects, workers: 2, cacheDir: dir.join("cache") };
  await using one = startReads(options);
  await using two = startReads(options);
  const query: ReadQuery = { q: "downsampled", ref: REF, path: "m", pointCount: 20 };

  for (let round = 0; round < 6; round++) {
    putPoints(db, "m", Array.from({ length: 1500 }, (_, i) => [9000 + round * 1500 + i, i]));
    putPoints(db, "m", [[round * 100, NaN], [round * 200 + 0.5, round]]);
    const queries: ReadQuery[] = [query, { q: "runs" }, { q: "projects" }, {
      q: "metrics",
      ref: REF,
      path: "m",
    }];
    const answers = await Promise.all(
      [one, two, one, two].map((reads) => Promise.all(queries.map((q) => textOf(reads, q)))),
    );
    await using inline = inlineReads(new Queries(projects, undefined));
    const expected = await Promise.all(queries.map((q) => textOf(inline, q)));
    for (const answer of answers) assert.deepEqual(answer, expected);
  }
  db.close();
});

test("ReadPool replaces a Worker that broke and answers its question with an error", async () => {
  const pool = brokenPool({ timeoutMs: 3000 }); // Deno 2.4 does not tell that a Worker has ended
  try {
    assert.equal(await ask(pool, "fine"), "fine");
    const broken = ask(pool, "throw");
    const next = ask(pool, "after");

    await assert.rejects(broken, {
      name: "GoodseedError",
      message: /read worker (broke: |ended)/,
    });
    assert.equal(await next, "after");
    await assert.rejects(ask(pool, "exit"), {
      name: "GoodseedError",
      message: /read worker (ended|took longer)/,
    });
    assert.equal(await ask(pool, "again"), "again");
  } finally {
    await pool.close();
  }
  assert.equal(pool.running, 0);
});

test("ReadPool stops a Worker that takes too long", async () => {
  const pool = brokenPool({ timeoutMs: 100 });
  try {
    await assert.rejects(ask(pool, "hang"), /took longer than 0\.1 s and was stopped/);
    assert.equal(await ask(pool, "after"), "after");
  } finally {
    await pool.close();
  }
});

test("ReadPool.ask() can be given up, before, while waiting and while it is answered", async () => {
  const pool = brokenPool({ timeoutMs: 2000 });
  const reason = new Error("enough");
  try {
    assert.throws(() => ask(pool, "x", AbortSignal.abort(reason)), /enough/);
    const [running, waiting] = [new AbortController(), new AbortController()];
    const hanging = ask(pool, "hang", running.signal);
    const second = ask(pool, "second", waiting.signal);
    const third = ask(pool, "third");
    waiting.abort(reason);
    running.abort(reason);

    await assert.rejects(hanging, /enough/);
    await assert.rejects(second, /enough/);
    assert.equal(await third, "third");
  } finally {
    await pool.close();
  }
});

test("ReadPool.close() answers what is under way with an error and starts nothing afterwards", async () => {
  const pool = brokenPool();
  const hanging = ask(pool, "hang");
  const waiting = ask(pool, "waiting");
  const rejected = Promise.all([
    assert.rejects(hanging, /were closed/),
    assert.rejects(waiting, /were closed/),
  ]);

  await pool.close();
  await pool.close();

  await rejected;
  assert.throws(() => ask(pool, "more"), /were closed/);
});

test("ReadPool spreads questions over its Workers and starts them when they are needed", async () => {
  const pool = brokenPool({ size: 3 });
  const before = pool.running;
  await ask(pool, "one");
  const afterOne = pool.running;
  const hanging = assert.rejects(ask(pool, "hang"), /were closed/);
  const answer = await ask(pool, "two");
  const afterTwo = pool.running;
  await pool.close();
  await hanging;

  assert.equal(answer, "two");
  assert.deepEqual([before, afterOne, afterTwo], [0, 1, 2]);
});

test("a process with open reads that nobody asks anything ends by itself", async () => {
  using dir = tempDir();
  makeRun(dir.join("ws/p/runs/r1.sqlite"));
  const script = ROOT + "/tests/server/reads/_idle_process.ts";
  const [command, args] = runtimeArgs(script, dir.path);

  const out = execFileSync(command, args, { env: cleanEnv(), timeout: 20_000, encoding: "utf8" });

  assert.match(out, /"name":"ws\/p","run_count":1/);
  await until("the folder to be free", () => Object.keys(folderState(dir.path)).length === 1);
});
