import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { tempDir } from "../_harness.ts";
import { type Outcome, run } from "./_goodseed.ts";
import { configsOf, jsonLines, metaOf, rowsOf, runFile } from "./_run_files.ts";

function log(home: string, input: string, ...args: string[]): Promise<Outcome> {
  return run(["log", "--project", "team/demo", "--run-id", "r1", ...args], {
    env: { GOODSEED_HOME: home },
    input,
  });
}

const METRICS = "SELECT s.path, p.step, p.y FROM metric_points p JOIN metric_series s " +
  "ON s.id = p.series_id ORDER BY s.path, p.step";
const TEXTS = "SELECT s.path, p.step, p.value FROM string_points p JOIN string_series s " +
  "ON s.id = p.series_id ORDER BY s.path, p.step";

test("log records the short form and says where", async () => {
  using dir = tempDir();
  const input = jsonLines(
    { step: 1, loss: 0.5, note: "ok", nested: { acc: 1, flag: true } },
    { config: { lr: 0.1 } },
    { step: 2, loss: 0.25 },
  );

  const { code, stdout, stderr } = await log(dir.path, input, "--name", "first try");

  const file = runFile(dir.path, "team/demo", "r1");
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.equal(stdout, `Goodseed run: r1\n  Data: ${file}\nGoodseed run closed: r1\n`);
  assert.deepEqual(rowsOf(file, METRICS), [
    ["loss", 1, 0.5],
    ["loss", 2, 0.25],
    ["nested/acc", 1, 1],
    ["nested/flag", 1, 1],
  ]);
  assert.deepEqual(rowsOf(file, TEXTS), [["note", 1, "ok"]]);
  const { status, name, project, run_id } = metaOf(file);
  assert.deepEqual({ status, name, project, run_id }, {
    status: "finished",
    name: "first try",
    project: "team/demo",
    run_id: "r1",
  });
  assert.equal(configsOf(file)["lr"], "float|0.1");
  assert.equal(existsSync(file.replace(".sqlite", ".lease")), false);
});

test("log takes --config as JSON or else text, and --tag", async () => {
  using dir = tempDir();
  const configs = [
    "lr=0.1",
    "note=hi there",
    'id="7"',
    'opt={"a":{"b":[1,2]}}',
    "eq=a=b",
    "on=true",
  ];

  const { code } = await log(
    dir.path,
    jsonLines({ a: 1 }),
    ...configs.flatMap((config) => ["--config", config]),
    ...["--tag", "x", "--tag", "y z"],
  );

  const found = configsOf(runFile(dir.path, "team/demo", "r1"));
  assert.equal(code, 0);
  assert.deepEqual(
    Object.fromEntries(Object.entries(found).filter(([path]) => !path.startsWith("sys/"))),
    {
      eq: "str|a=b",
      id: "str|7",
      lr: "float|0.1",
      note: "str|hi there",
      on: "bool|true",
      "opt/a/b/0": "int|1",
      "opt/a/b/1": "int|2",
    },
  );
  assert.equal(found["sys/tags"], 'string_set|["x", "y z"]');
});

test("log refuses a --config without a key before it makes a run", async () => {
  using dir = tempDir();

  const { code, stderr } = await log(dir.path, jsonLines({ a: 1 }), "--config", "lr");

  assert.equal(code, 1);
  assert.equal(stderr, 'Error: --config must be KEY=VALUE, got "lr"\n');
  assert.equal(existsSync(dir.join("projects")), false);
});

test("log reports bad lines with their numbers, keeps the rest and exits with 1", async () => {
  using dir = tempDir();
  const input =
    '{"a":1,"step":0}\n\n{"a"\n{"t":"nope"}\n{"a":null,"b":2,"step":1}\n[1]\n{"a":3,"step":2}\n';

  const { code, stderr } = await log(dir.path, input);

  const lines = stderr.trimEnd().split("\n");
  assert.equal(code, 1);
  assert.deepEqual(lines.map((line) => line.split(":")[0]), [
    "line 3",
    "line 4",
    "line 5",
    "line 6",
    "Error",
  ]);
  assert.match(lines[1] ?? "", /unknown record type "nope"/);
  assert.equal(lines[4], "Error: 4 lines refused in whole or in part; the rest is recorded");
  assert.deepEqual(rowsOf(runFile(dir.path, "team/demo", "r1"), METRICS), [
    ["a", 0, 1],
    ["a", 2, 3],
    ["b", 1, 2],
  ]);
});

test("log prints at most 100 complaints", async () => {
  using dir = tempDir();

  const { code, stderr } = await log(dir.path, '{"a":1}\n' + "x\n".repeat(150));

  assert.equal(code, 1);
  assert.equal(stderr.trimEnd().split("\n").length, 101);
  assert.match(stderr, /Error: 150 lines refused in whole or in part \(50 not shown\)/);
});

test("log makes no run of an input without records", async () => {
  using dir = tempDir();

  for (const input of ["", "\n \n", "nonsense\n"]) {
    const { code, stderr } = await log(dir.path, input);

    assert.equal(code, 1);
    assert.match(stderr, /Error: recording a run: the input holds no records, so no run was made/);
    assert.equal(existsSync(dir.join("projects")), false);
  }
});

test("log takes project, id and name from the stream; the command line wins", async () => {
  using dir = tempDir();
  const header = { t: "run", v: 1, project: "s/p", run_id: "from-stream", name: "n", tags: ["t"] };
  const input = jsonLines(header, { a: 1 });
  const env = { GOODSEED_HOME: dir.path, GOODSEED_PROJECT: "env", GOODSEED_RUN_ID: "env" };

  const plain = await run(["log"], { env, input });
  const other = await run(
    ["log", "-p", "c/l", "--run-id", "own", "--name", "own name", "--tag", "u"],
    { env, input },
  );

  assert.equal(plain.code + other.code, 0, plain.stderr + other.stderr);
  const first = runFile(dir.path, "s/p", "from-stream"), second = runFile(dir.path, "c/l", "own");
  assert.equal(metaOf(first)["name"], "n");
  assert.equal(configsOf(first)["sys/tags"], 'string_set|["t"]');
  assert.equal(metaOf(second)["name"], "own name");
  assert.equal(configsOf(second)["sys/name"], "str|own name");
  assert.equal(configsOf(second)["sys/tags"], 'string_set|["t", "u"]');
  assert.equal(configsOf(second)["sys/id"], "str|own");
});

test("log ends a run as its last status record says", async () => {
  using dir = tempDir();
  const input = jsonLines(
    { a: 1 },
    { t: "status", status: "failed", ts: 1_795_196_600_000 },
    { a: 2 },
    { t: "status", status: "stopped by hand", ts: 1_795_196_600_500 },
  );

  const { code } = await log(dir.path, input);

  const file = runFile(dir.path, "team/demo", "r1");
  assert.equal(code, 0);
  assert.equal(metaOf(file)["status"], "stopped by hand");
  assert.equal(metaOf(file)["closed_at"], "2026-11-20T17:43:20.500000+00:00");
  assert.equal(configsOf(file)["sys/state"], "str|stopped by hand");
  assert.equal(configsOf(file)["sys/closed_time"], "str|2026-11-20T17:43:20.500000+00:00");
});

test("log ends a run now when its status record has no time", async () => {
  using dir = tempDir();

  await log(dir.path, jsonLines({ a: 1 }, { t: "status", status: "failed" }));

  const meta = metaOf(runFile(dir.path, "team/demo", "r1"));
  assert.equal(meta["status"], "failed");
  assert.match(String(meta["closed_at"]), /^20\d\d-/);
});

test("log refuses an existing run unless it resumes it", async () => {
  using dir = tempDir();
  await log(dir.path, jsonLines({ a: 1 }, { a: 2 }));

  const again = await log(dir.path, jsonLines({ a: 3 }));
  const resumed = await log(dir.path, jsonLines({ a: 4 }), "--resume", "--tag", "more");

  const file = runFile(dir.path, "team/demo", "r1");
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^Error: Database already exists: .*r1\.sqlite/);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stdout, /^Goodseed run resumed: r1\n/);
  assert.deepEqual(rowsOf(file, METRICS), [["a", 0, 1], ["a", 1, 2], ["a", 2, 4]]);
  assert.equal(metaOf(file)["status"], "finished");
  assert.equal(configsOf(file)["sys/tags"], 'string_set|["more"]');
});

test("log --resume needs to know which run", async () => {
  using dir = tempDir();

  const { code, stderr } = await run(["log", "--resume"], {
    env: { GOODSEED_HOME: dir.path },
    input: jsonLines({ a: 1 }),
  });

  assert.equal(code, 1);
  assert.match(stderr, /neither --run-id nor the stream names a run/);
});

test("log stops where a second run begins", async () => {
  using dir = tempDir();
  const input = jsonLines(
    { t: "run", v: 1, run_id: "one" },
    { a: 1 },
    { t: "status", status: "finished" },
    { t: "run", v: 1, run_id: "two" },
    { a: 2 },
  );

  const { code, stderr } = await run(["log", "-p", "p"], {
    env: { GOODSEED_HOME: dir.path },
    input,
  });

  const file = runFile(dir.path, "p", "one");
  assert.equal(code, 1);
  assert.match(stderr, /^Error: the run "two" begins within another one/);
  assert.equal(metaOf(file)["status"], "finished");
  assert.deepEqual(rowsOf(file, METRICS), [["a", 0, 1]]);
});

test("log closes the run as failed when its input breaks", async () => {
  using dir = tempDir();
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode('{"a":1}\n{"a":2}\n{"a"');
    await Promise.resolve();
    throw new Error("input/output error");
  }

  const { code, stderr } = await run(["log", "-p", "p", "--run-id", "r"], {
    env: { GOODSEED_HOME: dir.path },
    input: broken(),
  });

  const file = runFile(dir.path, "p", "r");
  assert.equal(code, 1);
  assert.equal(stderr, 'Error: reading "standard input": input/output error\n');
  assert.equal(metaOf(file)["status"], "failed");
  assert.equal(rowsOf(file, METRICS).length, 2);
});

test("log reads a file, and says when there is none", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("in"));
  writeFileSync(dir.join("in", "train.jsonl"), jsonLines({ a: 1 }));
  const options = { env: { GOODSEED_HOME: dir.path }, cwd: dir.join("in") };

  const found = await run(["log", "train.jsonl", "-p", "p", "--run-id", "r", "-q"], options);
  const missing = await run(["log", "other.jsonl"], options);

  assert.deepEqual(found, { code: 0, stdout: "", stderr: "" });
  assert.equal(rowsOf(runFile(dir.path, "p", "r"), METRICS).length, 1);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^Error: reading ".*other\.jsonl": .*\n$/);
});

test("log refuses a line beyond 16 MiB with its number and takes what follows", async () => {
  using dir = tempDir();
  async function* input(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder(), mib = encoder.encode("x".repeat(1024 * 1024));
    yield encoder.encode('{"a":1}\n{"b":"');
    for (let i = 0; i < 17; i++) yield mib;
    yield encoder.encode('"}\n{"a":2}\n');
    await Promise.resolve();
  }

  const { code, stderr } = await run(["log", "-p", "p", "--run-id", "r"], {
    env: { GOODSEED_HOME: dir.path },
    input: input(),
  });

  assert.equal(code, 1);
  assert.match(stderr, /^line 2: a line of 178\d+ bytes; at most 16 MiB are taken; refused\n/);
  assert.deepEqual(rowsOf(runFile(dir.path, "p", "r"), METRICS), [["a", 0, 1], ["a", 1, 2]]);
});

test("log --sync records, and says that without a key nothing is sent", async () => {
  using dir = tempDir();

  const { code, stdout, stderr } = await log(dir.path, jsonLines({ a: 1 }), "--sync");

  assert.equal(code, 0);
  assert.match(stdout, /\n {2}Sync: https:\/\/api\.goodseed\.ai\n/);
  assert.match(stderr, /^Warning: no API key/);
});
