import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { until } from "../_harness.ts";
import { runHome } from "./_run_home.ts";
import { rowsOf } from "./_run_files.ts";

test("GOODSEED_LOG takes 8 writers' lines, all of them and none torn", async () => {
  using home = runHome();
  const script = home.script(
    "writers.py",
    "import json, os, subprocess, sys",
    "if len(sys.argv) > 1:",
    "    with open(os.environ['GOODSEED_LOG'], 'a', buffering=1) as log:",
    "        for i in range(2500):",
    "            log.write(json.dumps({'step': i, 'w' + sys.argv[1]: i * 2}) + '\\n')",
    "else:",
    "    children = [subprocess.Popen([sys.executable, __file__, str(n)]) for n in range(8)]",
    "    sys.exit(sum(child.wait() for child in children))",
  );

  const { code, stderr } = await home.exec(["-q"], ["python3", script]);

  assert.deepEqual([code, stderr], [0, ""]);
  for (let writer = 0; writer < 8; writer++) {
    const points = home.points(`w${writer}`);
    assert.equal(points.length, 2500);
    assert.ok(points.every(([step, value]) => value === Number(step) * 2));
  }
});

test("GOODSEED_LOG takes the record stream in full form, a last line without end, and a file cut anew", async () => {
  using home = runHome();
  const script = home.script(
    "say.sh",
    `echo '{"t":"config","path":"lr","tag":"float","value":"0.5"}' >> $GOODSEED_LOG`,
    `echo '{"t":"log","level":"info","message":"hi"}' >> $GOODSEED_LOG`,
    `echo '{"t":"metric","path":"m","step":7,"value":"NaN"}' >> $GOODSEED_LOG`,
    "sleep 0.4",
    `echo '{"b":2}' > $GOODSEED_LOG`,
    "sleep 0.4",
    `printf '{"note":"ok"}' >> $GOODSEED_LOG`,
  );

  const { code, stderr } = await home.exec(["-q"], ["sh", script]);

  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(home.configs()["lr"], "float|0.5");
  assert.deepEqual(home.points("b"), [[0, 2]]);
  assert.deepEqual(rowsOf(home.file(), "SELECT message FROM gs_log_lines"), [["hi"]]);
  assert.deepEqual(rowsOf(home.file(), "SELECT step FROM gs_metric_nans"), [[7]]);
  const notes = rowsOf(
    home.file(),
    "SELECT p.value FROM string_points p JOIN string_series s ON s.id = p.series_id WHERE s.path = 'note'",
  );
  assert.deepEqual(notes, [["ok"]]);
});

test("GOODSEED_LOG refuses lines with a reason, counts them and leaves the exit status alone", async () => {
  using home = runHome();
  const script = home.script(
    "bad.sh",
    "for i in 1 2 3 4 5 6 7 8 9 10 11; do echo nonsense >> $GOODSEED_LOG; done",
    `echo '{"t":"status","status":"failed"}' >> $GOODSEED_LOG`,
    `echo '{"t":"run","run_id":"other"}' >> $GOODSEED_LOG`,
    `echo '{"a":1,"b":null}' >> $GOODSEED_LOG`,
  );

  const { code, stderr } = await home.exec(["-q"], ["sh", script]);

  assert.equal(code, 0);
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 11, stderr);
  assert.match(lines[0]!, /^goodseed: GOODSEED_LOG, line 1: not valid JSON .*; refused$/);
  assert.equal(
    lines[10],
    "goodseed: GOODSEED_LOG: 14 lines refused in whole or in part (4 not shown); the rest is recorded",
  );
  assert.equal(home.meta()["status"], "finished");
  assert.deepEqual(home.points("a"), [[0, 1]]);
});

test("GOODSEED_LOG is for this user alone and is read while the command runs", async () => {
  using home = runHome();
  const script = home.script(
    "wait.sh",
    `echo '{"a":1}' >> $GOODSEED_LOG`,
    "echo $GOODSEED_LOG",
    "read line",
  );
  const program = home.start(["-q"], ["sh", script]);
  await until("the file's name", () => program.stdout().endsWith("\n"));
  const file = program.stdout().trim();

  assert.equal(statSync(file).mode & 0o777, 0o600);
  await until("the point", () => home.points("a").length === 1);
  program.child.stdin.end("go\n");
  assert.equal((await program.ended).code, 0);
});

test("run --log-fd takes lines from descriptor 3", async () => {
  using home = runHome();

  const { code, stderr } = await home.exec(
    ["-q", "--log-fd"],
    ["sh", "-c", `echo '{"a":1}' >&$GOODSEED_LOG_FD; echo '{"a":2}' >&3; echo bad >&3`],
  );

  assert.equal(code, 0);
  assert.match(stderr, /^goodseed: GOODSEED_LOG_FD, line 3: .*refused\n/);
  assert.deepEqual(home.points("a"), [[0, 1], [1, 2]]);
});
