import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesText, durationText } from "../../cli/show.ts";
import { tempDir } from "../_harness.ts";
import { run } from "./_goodseed.ts";
import { jsonLines, leaveDeadLease, makeRunFile } from "./_run_files.ts";

const TS = 1_795_196_533_000;
const RECORDS = [
  {
    t: "run",
    v: 1,
    project: "p/q",
    run_id: "r",
    name: "a name",
    created_at: "2026-11-20T17:42:12+00:00",
  },
  { t: "config", path: "lr", tag: "float", value: "0.001", updated_at: "u" },
  {
    t: "config",
    path: "text",
    tag: "str",
    value: "two\nlines " + "x".repeat(300),
    updated_at: "u",
  },
  { t: "config", path: "sys/tags", tag: "string_set", value: '["a", "b"]', updated_at: "u" },
  { t: "config", path: "monitoring/m/hostname", tag: "str", value: "n041", updated_at: "u" },
  { t: "config", path: "monitoring/m/pid", tag: "int", value: "77", updated_at: "u" },
  { t: "metric", path: "loss", step: 0, value: 3, ts: TS },
  { t: "metric", path: "loss", step: 1, value: "NaN", ts: TS },
  { t: "metric", path: "loss", step: 2.5, value: "Infinity", ts: TS },
  { t: "metric", path: "loss", step: 9, value: 1.23456789, ts: TS },
  { t: "metric", path: "all nan", step: 0, value: "NaN", ts: TS },
  { t: "text", path: "notes", step: 0, value: "first", ts: TS },
  { t: "text", path: "notes", step: 1, value: "second", ts: TS },
  { t: "text", path: "monitoring/m/stdout", step: 0, value: "\u001b[31mred\u001b[0m line", ts: TS },
  { t: "text", path: "monitoring/m/stderr", step: 1, value: "warning", ts: TS },
  { t: "text", path: "monitoring/m/stdout", step: 2, value: "last line", ts: TS + 5 },
  { t: "log", level: "warn", message: "from the log", ts: TS + 2 },
  { t: "event", kind: "dropped", ts: TS, points: 3 },
  { t: "status", status: "failed", closed_at: "2026-11-20T17:44:17.5+00:00" },
];

async function makeRun(home: string): Promise<Record<string, string>> {
  const env = { GOODSEED_HOME: home };
  const { code, stderr } = await run(["log"], { env, input: jsonLines(...RECORDS) });
  assert.deepEqual([code, stderr], [0, ""]);
  return env;
}

test("show prints a run at a glance", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { code, stdout, stderr } = await run(["show", "p/q/r"], { env });

  assert.deepEqual([code, stderr], [0, ""]);
  const [head = "", ...sections] = stdout.split("\n\n");
  assert.match(
    head,
    /^p\/q\/r {2}\[failed\]\n {2}name: {5}a name\n {2}created: {2}2026-11-20T17:42:12\n {2}closed: {3}2026-11-20T17:44:17\n {2}duration: 2m 5s\n {2}host: {5}n041 \(process 77\)\n {2}tags: {5}a, b\n {2}file: {5}.*r\.sqlite \(\d.*KiB\)$/,
  );
  assert.deepEqual(sections.map((section) => section.split("\n")[0]), [
    "Configs (5)",
    "Metrics (2)",
    "Texts (1)",
    "Console",
    "Problems",
  ]);
  assert.match(sections[0] ?? "", /\n {2}lr {21}float {7}0\.001\n/);
  assert.match(sections[0] ?? "", /two\\nlines x+…$/m);
  assert.equal(
    sections[1],
    "Metrics (2)\n" +
      "  path     points  steps  first     last      min  max  non-finite\n" +
      "  all nan       1   0..0    NaN      NaN        -    -           1\n" +
      "  loss          4   0..9      3  1.23457  1.23457    3           2",
  );
  assert.equal(sections[2], "Texts (1)\n  notes  2  second");
  assert.equal(
    sections[3],
    "Console\n  stdout: red line\n  stderr: warning\n  warn: from the log\n  stdout: last line",
  );
  assert.equal(sections[4], 'Problems\n  dropped: {"points":3}\n');
});

test("show --tail bounds the console", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const two = await run(["show", "p/q/r", "--tail", "2"], { env });
  const none = await run(["show", "p/q/r", "--tail", "0"], { env });

  assert.match(two.stdout, /\nConsole\n {2}warn: from the log\n {2}stdout: last line\n\n/);
  assert.doesNotMatch(none.stdout, /\nConsole\n/);
});

test("show --json gives the same as data", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { code, stdout } = await run(["show", "p/q/r", "--json"], { env });

  const details = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.equal(details.run.status, "failed");
  assert.equal(details.run.duration_ms, 125_500);
  assert.deepEqual(details.run.tags, ["a", "b"]);
  assert.deepEqual(details.configs.lr, { type: "float", value: 0.001 });
  assert.deepEqual(details.metrics, {
    "all nan": {
      count: 1,
      non_finite: 1,
      first: [0, "NaN"],
      last: [0, "NaN"],
      min: null,
      max: null,
    },
    loss: {
      count: 4,
      non_finite: 2,
      first: [0, 3],
      last: [9, 1.23456789],
      min: 1.23456789,
      max: 3,
    },
  });
  assert.deepEqual(details.strings, { notes: { count: 2, last: [1, "second"] } });
  assert.equal(details.console.length, 4);
  assert.deepEqual(details.problems, ['dropped: {"points":3}']);
});

test("show keeps to the width of a terminal", async () => {
  using dir = tempDir();
  const env = await makeRun(dir.path);

  const { stdout } = await run(["show", "p/q/r", "--no-color"], { env, isTty: true, columns: 100 });

  const config = stdout.split("\n").find((line) => line.startsWith("  text "));
  assert.ok(config !== undefined && config.length <= 100, `${config}`);
});

test("show says that a run was never closed", async () => {
  using dir = tempDir();
  const path = makeRunFile(dir.path, "p", "r", {
    status: "running",
    created_at: "2026-11-20T17:42:12+00:00",
  });
  leaveDeadLease(path);

  const { stdout } = await run(["show", "p/r", "--dir", dir.path]);

  assert.match(stdout, /^p\/r {2}\[presumed dead\]\n/);
  assert.match(
    stdout,
    /\nProblems\n {2}the process that wrote this run is gone; it was never closed\n/,
  );
});

test("show refuses what is no run", async () => {
  using dir = tempDir();

  const missing = await run(["show", "p/r", "--dir", dir.path]);
  const file = await run(["show", dir.join("x.sqlite")]);

  assert.deepEqual([missing.code, file.code], [1, 1]);
  assert.match(missing.stderr, /^Error: Run not found: p\/r in /);
  assert.match(file.stderr, /^Error: Run not found: there is no file /);
});

test("durationText() and bytesText() use the units that fit", () => {
  assert.deepEqual(
    [0, 1234, 59_999, 125_500, 3_600_000, 90_061_000].map(durationText),
    ["0.0s", "1.2s", "59s", "2m 5s", "1h 0m", "1d 1h"],
  );
  assert.deepEqual([0, 1023, 1024, 5_767_168].map(bytesText), [
    "0 bytes",
    "1023 bytes",
    "1.0 KiB",
    "5.5 MiB",
  ]);
});
