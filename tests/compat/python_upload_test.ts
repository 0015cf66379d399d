/** `goodseed upload` of the unmodified Python client, over files that our library wrote. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDb } from "../../lib/store/open.ts";
import { tempDir } from "../_harness.ts";
import { skip } from "../_skip.ts";
import { PROJECT, writeRun } from "./_our_run.ts";
import { findClient, runPython } from "./_python.ts";
import { startStubHub } from "./_stub_hub.ts";

const client = findClient();

/** Rows of the three tables that are uploaded: all of them, and those still to be sent. */
function counts(path: string): { configs: number; points: number; pending: number } {
  const db = openDb(path, { mode: "read" });
  try {
    const count = (table: string, where = ""): number => {
      const statement = db.prepare(`SELECT count(*) FROM ${table} ${where}`);
      return Number(statement.get()?.[0]);
    };
    const tables = ["configs", "metric_points", "string_points"];
    const pending = tables.map((table) => count(table, "WHERE uploaded = 0"));
    return {
      configs: count("configs"),
      points: count("metric_points") + count("string_points"),
      pending: pending.reduce((sum, n) => sum + n, 0),
    };
  } finally {
    db.close();
  }
}

test("the Python client uploads our run, NaN series and all types of values among it", async (t) => {
  if (client.python === undefined) return skip(t, client.missing);
  using dir = tempDir();
  await using hub = await startStubHub();
  writeRun(dir.path, "sent", { sets: true, nans: true });
  const file = dir.join("projects", PROJECT, "runs", "sent.sqlite");
  const before = counts(file);

  const env = {
    GOODSEED_HOME: dir.path,
    GOODSEED_API_URL: hub.url,
    GOODSEED_API_KEY: "test-key",
    NO_PROXY: "127.0.0.1",
  };
  const args = ["cli", "upload", "-p", PROJECT, "-r", "sent"];
  const first = await runPython(client.python, args, env);
  const requests = hub.received.length;
  const second = await runPython(client.python, args, env);

  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.equal(before.pending, before.configs + before.points);
  assert.match(first.stdout, new RegExp(`Done\\. Uploaded ${before.pending} item\\(s\\)\\.`));
  assert.deepEqual(counts(file), { ...before, pending: 0 });
  assert.match(second.stdout, /Uploaded 0 item\(s\)/);
  assert.equal(
    hub.received.length,
    requests + 2,
    "a second upload only registers and says the status",
  );

  const register = hub.received[0]!;
  assert.equal(register.path, "/api/v1/runs");
  assert.equal(register.headers.authorization, "Bearer test-key");
  const { created_at, ...registered } = JSON.parse(register.body) as Record<string, unknown>;
  assert.deepEqual(registered, {
    workspace: "team-a",
    project: "compat",
    run_id: "sent",
    experiment_name: "ours ☃ 🚀",
  });
  assert.match(String(created_at), /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/);
  const last = hub.received[requests - 1]!;
  assert.deepEqual([last.path.split("/").at(-1), last.body], ["status", '{"status": "finished"}']);

  const configs = new Map(hub.configs().map((c) => [c.path, [c.type_tag, c.value]]));
  assert.equal(configs.size, before.configs);
  assert.deepEqual(configs.get("lr"), ["float", "1e-05"]);
  assert.deepEqual(configs.get("whole"), ["float", "3.0"]);
  assert.deepEqual(configs.get("layers"), ["int", "12"]);
  assert.deepEqual(configs.get("huge"), ["int", "1208925819614629174706176"]);
  assert.deepEqual(configs.get("nothing"), ["null", ""]);
  assert.deepEqual(configs.get("on"), ["bool", "true"]);
  assert.deepEqual(configs.get("sys/tags"), ["string_set", '["a", "b", "\\u00e9"]']);
  assert.deepEqual(configs.get("parameters/model/heads/1"), ["int", "8"]);

  const points = hub.points();
  assert.equal(points.length, before.points);
  const numbers = (path: string) =>
    points.filter((p) => p.path === path && p.number !== undefined).map((p) => [p.step, p.number]);
  assert.equal(numbers("train/loss").length, 200);
  assert.deepEqual(numbers("train/loss")[7], [7, "Infinity"]);
  assert.deepEqual(numbers("nan/a"), [[0, 1], [1, 11]]);
  assert.deepEqual(numbers("nan/b"), [[1, 12]]);
  assert.deepEqual(numbers("only-nan"), []);
  const texts = points.filter((p) => p.path === "notes").map((p) => p.text);
  assert.deepEqual(texts, ["first", "", "dritte Zeile\nß", "🚀"]);
  for (const point of points) {
    assert.ok(Math.abs(point.timestampMs - Date.now()) < 600_000, "times are ms since 1970");
  }
});
