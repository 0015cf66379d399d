import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanEnv, ROOT, runtimeArgs } from "../_harness.ts";
import { run } from "./_goodseed.ts";
import { rowsOf } from "./_run_files.ts";
import { runHome } from "./_run_home.ts";

test("run passes output and exit status on and records both, with the command line", async () => {
  using home = runHome();

  const { code, stdout, stderr } = await home.exec(
    ["-q", "--name", "n", "--tag", "a", "--config", "lr=0.1"],
    ["sh", "-c", "echo out; echo err >&2; printf end; exit 7", "--api-key", "SECRET"],
    { SLURM_JOB_ID: "42", HOSTNAME: "n1", MY_OWN: "x" },
  );

  assert.deepEqual([code, stdout, stderr], [7, "out\nend", "err\n"]);
  assert.deepEqual(home.lines("stdout"), ["out", "end"]);
  assert.deepEqual(home.lines("stderr"), ["err"]);
  assert.equal(home.meta()["status"], "failed");
  const configs = home.configs();
  assert.equal(configs["sys/exit_reason"], "str|exit code 7");
  assert.equal(configs["run/exit_code"], "int|7");
  assert.equal(configs["run/signal"], undefined);
  assert.equal(
    configs["run/command"],
    "str|sh -c 'echo out; echo err >&2; printf end; exit 7' --api-key '***'",
  );
  assert.equal(configs["run/env/SLURM_JOB_ID"], "str|42");
  assert.equal(configs["run/env/HOSTNAME"], "str|n1");
  assert.equal(configs["run/env/MY_OWN"], undefined);
  assert.equal(configs["lr"], "float|0.1");
  assert.equal(configs["sys/name"], "str|n");
  assert.ok(Object.keys(configs).some((path) => path.endsWith("/slurm/job_id")));
  const argv = Object.entries(configs).find(([path]) => path.endsWith("/argv"))?.[1];
  assert.match(argv ?? "", /^str\|\["sh","-c",.*"--api-key","\*\*\*"\]$/);
});

test("run finishes at exit status 0 and tells what it made on standard error", async () => {
  using home = runHome();

  const { code, stdout, stderr } = await home.exec([], ["sh", "-c", "echo out"]);

  assert.deepEqual([code, stdout], [0, "out\n"]);
  assert.match(
    stderr,
    /^Goodseed run: r\n {2}Data: \S+\/r\.sqlite\nGoodseed run closed: r, finished\n$/,
  );
  assert.equal(home.meta()["status"], "finished");
  assert.equal(home.configs()["sys/exit_reason"], undefined);
  const left = readdirSync(home.dir.path).filter((name) => name.startsWith("goodseed-run-"));
  assert.deepEqual(left, []);
});

test("run tells the command which run it is in, and not its own run id", async () => {
  using home = runHome();
  const names =
    "echo $GOODSEED_PARENT_RUN $GOODSEED_PROJECT ${GOODSEED_HOME##*/} [$GOODSEED_RUN_ID]";

  const plain = await home.exec(["-q"], ["sh", "-c", names]);
  const exported = await home.exec(
    ["-q", "--export-run-id", "--run-id", "r2"],
    ["sh", "-c", names],
    { GOODSEED_PROJECT: "mine" },
  );

  const folder = home.dir.path.replace(/.*\//, "");
  assert.equal(plain.stdout, `p/r p ${folder} []\n`);
  assert.equal(exported.stdout, `p/r2 mine ${folder} [r2]\n`);
});

test("run gives 127 and 126 for a program that is missing or may not be executed", async () => {
  using home = runHome();
  const file = home.script("no.sh", "echo");
  const { chmodSync } = await import("node:fs");
  chmodSync(file, 0o644);

  const missing = await home.exec(["-q"], ["no-such-program-here"]);

  assert.equal(missing.code, 127);
  assert.equal(
    missing.stderr,
    "goodseed: cannot run no-such-program-here: there is no such program\n",
  );
  assert.equal(home.meta()["status"], "failed");
  assert.equal(home.configs()["run/exit_code"], "int|127");
  const denied = await home.exec(["-q", "--run-id", "r2"], [file]);
  assert.equal(denied.code, 126, denied.stderr);
});

test("run tells a death by signal as shells do", async () => {
  using home = runHome();

  const { code } = await home.exec(["-q"], ["sh", "-c", "kill -TERM $$"]);

  assert.equal(code, 143);
  assert.equal(home.configs()["run/signal"], "str|SIGTERM");
  assert.equal(home.configs()["sys/exit_reason"], "str|SIGTERM");
  assert.equal(home.meta()["status"], "failed");
});

test("run records 200,000 lines a stream, all and in order", async () => {
  using home = runHome();
  const script = home.script(
    "many.py",
    "import sys",
    "for i in range(200000):",
    "    sys.stdout.write('out %d\\n' % i)",
    "    if i % 10 == 0: sys.stderr.write('err %d\\n' % i)",
  );

  const { code, stdout, stderr } = await home.exec(["-q"], ["python3", script]);

  assert.equal(code, 0, stderr.slice(-500));
  const out = Array.from({ length: 200_000 }, (_, i) => `out ${i}`);
  const err = Array.from({ length: 20_000 }, (_, i) => `err ${i * 10}`);
  assert.ok(stdout === out.join("\n") + "\n");
  assert.ok(stderr === err.join("\n") + "\n");
  assert.ok(home.lines("stdout").join() === out.join());
  assert.ok(home.lines("stderr").join() === err.join());
});

test("run leaves characters alone that come in two pieces", async () => {
  using home = runHome();

  const { stdout } = await home.exec(
    ["-q"],
    ["sh", "-c", "printf '\\303'; sleep 0.2; printf '\\244\\n\\377\\n'"],
  );

  assert.equal(stdout, "ä\n\ufffd\n");
  assert.deepEqual(home.lines("stdout"), ["ä", "\ufffd"]);
});

test("run ends although a process left behind holds the pipes, once it is silent", async () => {
  using home = runHome();

  const started = performance.now();
  const { code } = await home.exec(["-q"], ["sh", "-c", "sleep 20 & echo left; exit 3"]);

  assert.equal(code, 3);
  assert.ok(performance.now() - started < 15_000);
  assert.deepEqual(home.lines("stdout"), ["left"]);
});

test("run goes on recording when nobody reads its output any more", async () => {
  using home = runHome();
  const [program, head] = runtimeArgs(join(ROOT, "main.ts"));
  const line = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.05; done";
  const child = spawn(
    program,
    [...head, "run", "-q", "-p", "p", "--run-id", "r", "--", "sh", "-c", line],
    { env: cleanEnv({ GOODSEED_HOME: home.dir.path }), stdio: ["ignore", "pipe", "ignore"] },
  );
  const code = new Promise((resolve) => child.on("exit", resolve));
  child.stdout.once("data", () => child.stdout.destroy());

  assert.equal(await code, 0);
  assert.equal(home.lines("stdout").length, 9);
});

test("run goes on with a run of --run-id with --resume, and makes it when there is none", async () => {
  using home = runHome();

  const first = await home.exec(["-q", "--resume"], ["sh", "-c", "echo one; exit 1"]);
  const refused = await home.exec(["-q"], ["true"]);
  const second = await home.exec(["-q", "--resume"], ["sh", "-c", "echo two"]);

  assert.deepEqual([first.code, refused.code, second.code], [1, 1, 0]);
  assert.match(refused.stderr, /already exists/);
  assert.equal(home.meta()["status"], "finished");
  assert.deepEqual(home.lines("stdout").toSorted(), ["one", "two"]);
});

test("run refuses a command without `--`, and words that are reserved", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["run"],
      /^Error: running a command: none is given; write: goodseed run \[options\] -- COMMAND/,
    ],
    [["run", "--"], /none is given/],
    [
      ["run", "python", "train.py", "--lr", "1"],
      /put `--` before the command; write: goodseed run -- python train\.py --lr 1\n/,
    ],
    [["run", "--name", "x", "python"], /put `--` before the command/],
    [["run", "start"], /`goodseed run start` is reserved for a later version/],
    [["run", "list", "--json"], /reserved/],
    [["run", "--", ""], /its name is empty/],
    [["run", "--resume", "--", "true"], /no run is named; give --run-id/],
    [["run", "--parse", "(", "--", "true"], /is not a regular expression/],
    [["run", "--parse", "a+", "--", "true"], /names no metric/],
    [["run", "--parse", "(?< >a)", "--", "true"], /is no name for a metric/],
    [["run", "--config", "x", "--", "true"], /--config must be KEY=VALUE/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run(args, { env: { GOODSEED_HOME: "/nonexistent" } });
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    assert.match(stderr, message);
  }
});

test("run samples the memory of the command, not its own", async () => {
  using home = runHome();

  const { code } = await home.exec(["-q"], ["sh", "-c", "sleep 1; true"]);

  const memory = rowsOf(
    home.file(),
    `SELECT p.y FROM metric_points p JOIN metric_series s ON s.id = p.series_id
     WHERE s.path LIKE 'monitoring/%/memory'`,
  ).flat();
  assert.equal(code, 0);
  assert.equal(memory.length, 1);
  assert.ok(Number(memory[0]) < 0.03, `${memory[0]} GB for a shell`); // we ourselves take more
});
