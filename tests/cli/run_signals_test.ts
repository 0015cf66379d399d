import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { cleanEnv, ROOT, runtimeArgs, until } from "../_harness.ts";
import { isAlive, runHome } from "./_run_home.ts";

/** Counts the signals that it gets, and ends with 5 at SIGTERM a little later. */
const COUNTER = [
  "import signal, sys, time",
  "seen = []",
  "for name in ('SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'):",
  "    signal.signal(getattr(signal, name), lambda n, f: seen.append(signal.Signals(n).name))",
  "print('ready', flush=True)",
  "deadline = time.time() + 20",
  "while 'SIGTERM' not in seen and time.time() < deadline: time.sleep(0.02)",
  "time.sleep(0.3)",
  "print(' '.join(seen), flush=True)",
  "sys.exit(5)",
];

test("run passes signals on to the command, which decides how to end", async () => {
  using home = runHome();
  const program = home.start(["-q"], ["python3", home.script("count.py", ...COUNTER)]);
  program.child.stdin.end();
  await until("the command", () => program.stdout().includes("ready"));

  for (const name of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGTERM"] as const) {
    process.kill(program.child.pid!, name);
    await new Promise((next) => setTimeout(next, 100)); // equal times would make the order chance
  }
  const { code, stdout } = await program.ended;

  assert.equal(code, 5);
  assert.equal(stdout, "ready\nSIGINT SIGHUP SIGUSR1 SIGTERM\n");
  assert.equal(home.configs()["run/exit_code"], "int|5");
});

test("run passes a signal not on that was sent to the whole group", async () => {
  using home = runHome();
  const [program, head] = runtimeArgs(join(ROOT, "main.ts"));
  const script = home.script("count.py", ...COUNTER);
  const child = spawn(
    program,
    [...head, "run", "-q", "-p", "p", "--run-id", "r", "--", "python3", script],
    {
      env: cleanEnv({ GOODSEED_HOME: home.dir.path }),
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    },
  );
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  const code = new Promise((resolve) => child.on("exit", resolve));
  await until("the command", () => stdout.includes("ready"));

  process.kill(-child.pid!, "SIGUSR1");
  await new Promise((next) => setTimeout(next, 200));
  process.kill(-child.pid!, "SIGTERM");

  assert.equal(await code, 5);
  assert.deepEqual(home.lines("stdout"), ["ready", "SIGUSR1 SIGTERM"]);
});

test("run killed with SIGKILL leaves the command running", async () => {
  using home = runHome();
  const script = home.script(
    "silent.sh",
    "echo $$ > pid",
    "echo ready",
    "sleep 1.5",
    `echo '{"a": 1}' >> $GOODSEED_LOG`,
    "echo done > done",
  );
  const program = home.start(["-q"], ["sh", script]);
  await until("the command", () => program.stdout().includes("ready"));
  const pid = Number(readFileSync(home.dir.join("pid"), "utf8"));

  process.kill(program.child.pid!, "SIGKILL");
  await program.ended;

  assert.ok(isAlive(pid));
  await until("its end", () => existsSync(home.dir.join("done")));
  assert.equal(home.meta()["status"], "running"); // found dead by its lease, and resumed by force of it
  const resumed = await home.exec(["-q", "--resume"], ["true"]);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.equal(home.meta()["status"], "finished");
});
