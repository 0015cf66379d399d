/**
 * Files of old releases (tests/fixtures/goodseed, made by make_fixtures.py) through our reader and
 * our server: every row, and every answer that release 0.4.0 gives about them.
 */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Run } from "../../lib/mod.ts";
import { RunReader } from "../../lib/store/run_reader.ts";
import { startReads } from "../../server/reads/reads.ts";
import type { ReadQuery, Reads } from "../../server/reads/types.ts";
import { ROOT, type TempDir, tempDir } from "../_harness.ts";
import { withKeysOf } from "./_answers.ts";
import { quietOptions } from "./_our_run.ts";

const FIXTURES = join(ROOT, "tests/fixtures/goodseed");
const PROJECT = "old";

type Point = [step: number, value: number | string, ts: number];

/** What make_fixtures.py noted about one file. */
interface Expected {
  readonly release: string;
  readonly run_id: string;
  readonly rows: {
    readonly meta: Record<string, string>;
    readonly configs: Record<string, [tag: string, text: string, updatedAt: string]>;
    readonly metrics: Record<string, Point[]>;
    readonly strings: Record<string, Point[]>;
  };
  readonly configs: Record<string, unknown>;
  readonly listed: Record<string, unknown> | null;
  readonly answers: Record<string, unknown>;
}

/** Every file: release and run. */
const FILES = readdirSync(FIXTURES).flatMap((release) =>
  readdirSync(join(FIXTURES, release)).filter((name) => name.endsWith(".json")).map((name) => ({
    release,
    run: name.replace(".json", ""),
  }))
);

function expectedOf(release: string, run: string): Expected {
  return JSON.parse(readFileSync(join(FIXTURES, release, `${run}.json`), "utf8"));
}

/** Copies a file, with its -wal where it has one, into a home; returns its path there. */
function install(dir: TempDir, release: string, run: string): string {
  const folder = dir.join("projects", PROJECT, "runs");
  mkdirSync(folder, { recursive: true });
  for (const name of [`${run}.sqlite`, `${run}.sqlite-wal`]) {
    const from = join(FIXTURES, release, name);
    if (existsSync(from)) copyFileSync(from, join(folder, name));
  }
  return join(folder, `${run}.sqlite`);
}

/** Numbers as the fixtures note them. */
function noted(value: number): number | string {
  return Number.isFinite(value) ? value : value > 0 ? "Infinity" : "-Infinity";
}

/** All rows of a file, in the shape of the fixtures. */
function rowsOf(path: string): Expected["rows"] {
  using reader = RunReader.open(path);
  const metrics: Record<string, Point[]> = {};
  for (const series of reader.metricPaths()) {
    const { step, y, tsMs } = reader.points(series);
    metrics[series] = Array.from(step, (at, i) => [at, noted(y[i]!), tsMs[i]! / 1000]);
  }
  const strings: Record<string, Point[]> = {};
  for (const { path, step, value, tsMs } of reader.strings().rows) {
    (strings[path] ??= []).push([step, value, tsMs / 1000]);
  }
  return {
    meta: Object.fromEntries(reader.meta()),
    configs: Object.fromEntries(
      reader.configs().map(({ path, tag, value, updatedAt }) => [path, [tag, value!, updatedAt]]),
    ),
    metrics,
    strings,
  };
}

/** The question of an HTTP request of the fixtures. */
function questionOf(run: string, request: string): ReadQuery {
  const ref = { project: PROJECT, runId: run };
  const url = new URL(request, "http://localhost");
  const path = url.searchParams.get("path") ?? undefined;
  const numbers = (names: Record<string, string>): Record<string, number> => {
    const given = Object.entries(names).filter(([, name]) => url.searchParams.has(name));
    return Object.fromEntries(
      given.map(([key, name]) => [key, Number(url.searchParams.get(name))]),
    );
  };
  const onPath = path === undefined ? {} : { path };
  switch (url.pathname) {
    case "/metric-paths":
      return { q: "metricPaths", ref };
    case "/string_series":
      return {
        q: "strings",
        ref,
        ...onPath,
        ...numbers({ limit: "limit", offset: "offset", tail: "tail" }),
      };
    default:
      if (!url.searchParams.has("pointCount")) return { q: "metrics", ref, ...onPath };
      return {
        q: "downsampled",
        ref,
        path: path!,
        pointCount: Number(url.searchParams.get("pointCount")),
        ...numbers({ first: "firstPointIndex", last: "lastPointIndex" }),
      };
  }
}

async function answer(reads: Reads, question: ReadQuery): Promise<unknown> {
  const { body } = await reads.query(question);
  return JSON.parse(typeof body === "string" ? body : await new Response(body).text());
}

for (const { release, run } of FILES) {
  test(`RunReader reads every row of ${run} of release ${release}`, () => {
    using dir = tempDir();
    const path = install(dir, release, run);

    const rows = rowsOf(path);

    assert.deepEqual(rows, expectedOf(release, run).rows);
  });

  test(`Reads answers about ${run} of release ${release} as release 0.4.0 does`, async () => {
    using dir = tempDir();
    install(dir, release, run);
    const expected = expectedOf(release, run);
    await using reads = await startReads({ projectsDir: dir.join("projects") });

    const configs = await answer(reads, {
      q: "configs",
      ref: { project: PROJECT, runId: run },
    });
    const listed = await answer(reads, { q: "runs" }) as { runs: Record<string, unknown>[] };

    assert.deepEqual(configs, { configs: expected.configs });
    assert.equal(listed.runs.length, 1, "the run is listed");
    const like = expected.listed ?? listedFromRows(expected);
    assert.deepEqual(withKeysOf(listed.runs[0]!, like), like); // ours has some keys more
    for (const [request, body] of Object.entries(expected.answers)) {
      assert.deepEqual(await answer(reads, questionOf(run, request)), body, request);
    }
  });

  test(`Run resumes ${run} of release ${release} and keeps what was in it`, () => {
    using dir = tempDir();
    const path = install(dir, release, run);
    const before = expectedOf(release, run).rows;

    const ours = new Run({
      ...quietOptions(dir.path),
      project: PROJECT,
      resumeRunId: run,
      force: run === "killed", // nothing tells whether its writer is alive
    });
    ours.logMetrics({ added: 1 }, { step: 0.5 });
    ours.logStrings({ "added/text": "new" }, { step: 0.5 });
    ours.close();

    const after = rowsOf(path);
    const { added, ...metrics } = after.metrics;
    const { "added/text": text, ...strings } = after.strings;
    assert.deepEqual(metrics, before.metrics);
    assert.deepEqual(strings, before.strings);
    assert.deepEqual(added?.map(([step, value]) => [step, value]), [[0.5, 1]]);
    assert.deepEqual(text?.map(([step, value]) => [step, value]), [[0.5, "new"]]);
    assert.equal(after.meta.status, "finished");
    for (const [name, config] of Object.entries(before.configs)) {
      if (!name.startsWith("sys/")) assert.deepEqual(after.configs[name], config, name);
    }
  });
}

/** Release 0.4.0 leaves files of 0.2.0 out of its list; we do not. */
function listedFromRows(expected: Expected): Record<string, unknown> {
  const { meta, metrics } = expected.rows;
  return {
    project: PROJECT,
    run_id: meta.run_name,
    experiment_name: meta.experiment_name ?? null,
    created_at: meta.created_at,
    closed_at: meta.closed_at,
    status: meta.status,
    trashed: false,
    metric_paths: Object.keys(metrics).sort(),
    string_series_paths: [],
  };
}
