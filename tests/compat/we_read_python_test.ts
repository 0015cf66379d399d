/** Files that the unmodified Python client 0.4.0 writes, live, in our hands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Run } from "../../lib/mod.ts";
import { tempDir, until } from "../_harness.ts";
import { skip } from "../_skip.ts";
import { run as goodseed } from "../cli/_goodseed.ts";
import { assertSameAnswer, body } from "./_answers.ts";
import { PROJECT, quietOptions, writeRun } from "./_our_run.ts";
import { serveOurs } from "./_our_server.ts";
import { endOf, findClient, runPython, servePython, startPython } from "./_python.ts";

const client = findClient();

interface Metrics {
  readonly metrics: readonly { readonly step: number; readonly value: unknown }[];
}

test("our server shows a Python run while it is written, and its end", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  const writer = startPython(client.python, ["write", dir.path, PROJECT, "live"]);
  let said = "";
  writer.stdout!.on("data", (chunk) => said += String(chunk));
  await until("the Python client to be half way", () => said.includes("half"));
  await using ours = await serveOurs(dir.path);
  const loss = `${ours.url}/api/runs/${PROJECT}/live/metrics?path=loss`;
  const status = async () => {
    const { runs } = await body<{ runs: { status: string; run_id: string }[] }>(
      `${ours.url}/api/runs`,
    );
    return runs.find((run) => run.run_id === "live")?.status;
  };

  assert.equal(await status(), "running");
  assert.equal((await body<Metrics>(loss)).metrics.length, 100);

  const ended = endOf(writer); // closes its standard input: the writer goes on
  assert.equal((await ended).code, 0);
  await until("the end to be seen", async () => (await status()) === "finished");
  const { metrics } = await body<Metrics>(loss);
  assert.deepEqual([metrics.at(-1)?.step, metrics.at(-1)?.value], [1000, 99]);
});

test("our server answers about a Python run as the client's server does", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  const written = await runPython(client.python, ["write", dir.path, PROJECT, "theirs"]);
  assert.equal(written.code, 0, written.stderr);
  await using theirs = await servePython(client.python, dir.path);
  await using ours = await serveOurs(dir.path);

  const run = `/api/runs/${PROJECT}/theirs`;
  for (
    const path of [
      "/api/projects",
      "/api/runs",
      `${run}/metric-paths`,
      `${run}/metrics`,
      `${run}/metrics?path=steps%2Ffraction&pointCount=10`,
      `${run}/string_series`,
    ]
  ) {
    assertSameAnswer(await body(ours.url + path), await body(theirs.url + path), path);
  }
  const { configs } = await body<{ configs: Record<string, unknown> }>(`${ours.url}${run}/configs`);
  assert.deepEqual(configs["sys/tags"], ["py", "é"]);
  assert.equal(configs["parameters/lr"], 1e-5);
  assert.equal(configs["parameters/layers/1"], 2);
  assert.equal(configs["parameters/opt/nothing"], null);
});

test("goodseed list prints about Python's runs and ours what the client's list prints", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  await runPython(client.python, ["write", dir.path, PROJECT, "theirs"]);
  await runPython(client.python, ["write", dir.path, "plain", "theirs"]);
  writeRun(dir.path, "ours", { sets: true });

  for (const more of [[], ["-p", PROJECT], ["-p", "plain"], ["-p", "none"]]) {
    const args = ["list", dir.join("projects"), ...more];
    const theirs = await runPython(client.python, ["cli", ...args]);
    const ours = await goodseed(args);
    assert.deepEqual([ours.code, ours.stdout], [theirs.code, theirs.stdout], args.join(" "));
  }
});

test("Run resumes a Python run, and the client's server shows both parts", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  await runPython(client.python, ["write", dir.path, PROJECT, "theirs"]);

  const run = new Run({ ...quietOptions(dir.path), resumeRunId: "theirs" });
  run.logMetrics({ loss: 0.125, ours: 1 }, { step: 2000 });
  run.logStrings({ text: "from us ☃" }, { step: 2 });
  run.set("score", 0.75);
  run.close({ status: "failed" });

  await using theirs = await servePython(client.python, dir.path);
  const at = `${theirs.url}/api/runs/${PROJECT}/theirs`;
  const { metrics } = await body<Metrics>(`${at}/metrics?path=loss`);
  assert.equal(metrics.length, 102);
  assert.deepEqual([metrics.at(-1)?.step, metrics.at(-1)?.value], [2000, 0.125]);
  const texts = await body<{ string_series: { value: string }[] }>(`${at}/string_series?path=text`);
  assert.deepEqual(texts.string_series.map((p) => p.value), [
    "erste Zeile\nzweite ☃",
    "end",
    "from us ☃",
  ]);
  const { runs } = await body<{ runs: { status: string }[] }>(`${theirs.url}/api/runs`);
  assert.equal(runs[0]?.status, "failed");
});
