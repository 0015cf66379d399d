/** Files that our library wrote, in the hands of the unmodified Python client 0.4.0. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Run } from "../../lib/mod.ts";
import { openDb } from "../../lib/store/open.ts";
import type { SqlValue } from "../../lib/store/driver.ts";
import { tempDir } from "../_harness.ts";
import { skip } from "../_skip.ts";
import { assertSameAnswer, body } from "./_answers.ts";
import { PROJECT, quietOptions, writeRun } from "./_our_run.ts";
import { serveOurs } from "./_our_server.ts";
import { findClient, runPython, servePython } from "./_python.ts";

const client = findClient();

/** All that both servers must answer alike about one run. */
const RUN_QUERIES = [
  "configs",
  "metric-paths",
  "metrics",
  "metrics?path=train%2Floss",
  "metrics?path=sparse",
  "metrics?path=unknown",
  ...[1, 2, 4, 7, 50, 199, 200, 1000].map((n) => `metrics?path=train%2Floss&pointCount=${n}`),
  "metrics?path=train%2Floss&pointCount=9&firstPointIndex=3&lastPointIndex=180",
  "metrics?path=train%2Floss&pointCount=9&firstPointIndex=50&lastPointIndex=20",
  "metrics?path=unknown&pointCount=4",
  "string_series",
  "string_series?path=notes",
  "string_series?path=notes&limit=2&offset=1",
  "string_series?path=notes&limit=-1",
  "string_series?path=notes&tail=2",
  "string_series?path=notes&tail=0",
  "string_series?path=unknown",
];

/** Rows of a run file; tests look at the tables themselves. */
function rows(path: string, sql: string, ...params: SqlValue[]): SqlValue[][] {
  const db = openDb(path, { mode: "read" });
  try {
    const statement = db.prepare(sql);
    return statement.all(...params);
  } finally {
    db.close();
  }
}

test("the Python client lists our runs", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  writeRun(dir.path, "plain");
  writeRun(dir.path, "rich", { sets: true, nans: true });

  const projects = await runPython(client.python, ["cli", "list", dir.join("projects")]);
  const runs = await runPython(client.python, ["cli", "list", dir.join("projects"), "-p", PROJECT]);

  assert.equal(projects.code, 0, projects.stderr);
  assert.match(projects.stdout, /team-a\/compat {2}\(2 runs, last modified: \d{4}-/);
  assert.match(runs.stdout, /\[finished\] plain\n {6}name: ours ☃ 🚀\n {6}created: \d{4}-/);
  assert.match(runs.stdout, /\[finished\] rich\n/);
  assert.match(runs.stdout, /2 run\(s\) in team-a\/compat/);
});

test("the Python client's server answers about our run as ours does", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  writeRun(dir.path, "plain");
  await using theirs = await servePython(client.python, dir.path);
  await using ours = await serveOurs(dir.path);

  const paths = [
    "/api/projects",
    "/api/runs",
    `/api/runs?project=${encodeURIComponent(PROJECT)}`,
    "/api/runs?project=none",
    ...RUN_QUERIES.map((query) => `/api/runs/${PROJECT}/plain/${query}`),
  ];
  for (const path of paths) {
    const [expected, actual] = [await body(theirs.url + path), await body(ours.url + path)];
    assertSameAnswer(actual, expected, path);
  }
});

test("the Python client's server leaves NaN points out of our run, and no value changes its series", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  writeRun(dir.path, "rich", { nans: true });
  await using theirs = await servePython(client.python, dir.path);

  const values = async (path: string): Promise<unknown> => {
    const url = `${theirs.url}/api/runs/${PROJECT}/rich/metrics?path=${encodeURIComponent(path)}`;
    const { metrics } = await body(url) as { metrics: { step: number; value: number }[] };
    return metrics.map(({ step, value }) => [step, value]);
  };

  assert.deepEqual(await values("nan/a"), [[0, 1], [1, 11]]);
  assert.deepEqual(await values("nan/b"), [[1, 12]]);
  assert.deepEqual(await values("nan/c"), [[0, 2], [1, 13]]);
  assert.deepEqual(await values("only-nan"), []);
});

test("Run keeps a NaN in its own series where the Python client mixed two (loss ← NaN, acc, loss)", () => {
  using dir = tempDir();
  const run = new Run({ ...quietOptions(dir.path), runId: "mix" });
  run.at("loss").log(NaN, { step: 0 });
  run.at("acc").log(0.8, { step: 0 });
  run.at("loss").log(5, { step: 1 });
  run.logMetrics({ a: 1, b: NaN, c: 2 }, { step: 0 });
  run.at("a").log(3, { step: 1 });
  run.close();

  const file = dir.join("projects", PROJECT, "runs", "mix.sqlite");
  const points = rows(
    file,
    "SELECT s.path, p.step, p.y FROM metric_points p JOIN metric_series s ON s.id = p.series_id ORDER BY 1, 2",
  );
  const nans = rows(
    file,
    "SELECT s.path, n.step FROM gs_metric_nans n JOIN metric_series s ON s.id = n.series_id ORDER BY 1, 2",
  );
  assert.deepEqual(points, [["a", 0, 1], ["a", 1, 3], ["acc", 0, 0.8], ["c", 0, 2], [
    "loss",
    1,
    5,
  ]]);
  assert.deepEqual(nans, [["b", 0], ["loss", 0]]);
});

test("the Python client resumes our run, and our reader sees what both wrote", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  writeRun(dir.path, "shared", { sets: true, nans: true });

  const resumed = await runPython(client.python, ["resume", dir.path, PROJECT, "shared"]);

  assert.equal(resumed.code, 0, resumed.stderr);
  await using ours = await serveOurs(dir.path);
  const at = (query: string) => body(`${ours.url}/api/runs/${PROJECT}/shared/${query}`);
  const { runs } = await body(`${ours.url}/api/runs`) as { runs: Record<string, unknown>[] };
  assert.equal(runs[0]?.status, "failed");
  const { configs } = await at("configs") as { configs: Record<string, unknown> };
  assert.equal(configs.score, 0.5);
  assert.deepEqual(configs["sys/tags"], ["a", "b", "resumed", "é"]);
  assert.equal(configs["sys/state"], "failed");
  const { metrics } = await at("metrics?path=train%2Floss") as {
    metrics: { step: number; value: unknown }[];
  };
  assert.equal(metrics.length, 210);
  assert.deepEqual(metrics[7]?.value, "Infinity");
  assert.deepEqual([metrics[209]?.step, metrics[209]?.value], [1009, 504.5]);
  const nan = await at("metrics?path=nan%2Fb") as { metrics: { value: unknown }[] };
  assert.deepEqual(nan.metrics.map((point) => point.value), ["NaN", 12]);
  const notes = await at("string_series?path=notes&tail=1") as {
    string_series: { value: string }[];
  };
  assert.equal(notes.string_series[0]?.value, "from Python");
});

test("Run resumes what the Python client resumed before, and goes on with its numbers", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  writeRun(dir.path, "shared", { nans: true });
  const resumed = await runPython(client.python, ["resume", dir.path, PROJECT, "shared"]);
  assert.equal(resumed.code, 0, resumed.stderr);

  const run = new Run({ ...quietOptions(dir.path), resumeRunId: "shared" });
  run.logMetrics({ "train/loss": 1, "only/ours": 2 }, { step: 2000 });
  run.close();

  const file = dir.join("projects", PROJECT, "runs", "shared.sqlite");
  const counts = rows(
    file,
    "SELECT s.path, count(*) FROM metric_points p JOIN metric_series s ON s.id = p.series_id " +
      "WHERE s.path IN ('train/loss', 'only/ours', 'only/python') GROUP BY s.path ORDER BY 1",
  );
  assert.deepEqual(counts, [["only/ours", 1], ["only/python", 1], ["train/loss", 211]]);
  assert.deepEqual(rows(file, "SELECT value FROM run_meta WHERE key = 'status'"), [["finished"]]);
});
