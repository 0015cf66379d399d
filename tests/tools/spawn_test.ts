import { test } from "node:test";
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cleanEnv, ROOT, type TempDir, tempDir, until } from "../_harness.ts";

/** Starts a program that runs a shell script by `run()` of the tools. */
function startRunner(dir: TempDir, shell: string): ChildProcess {
  const script = dir.join("runner.mjs");
  writeFileSync(
    script,
    `import process from "node:process";
import { run } from ${JSON.stringify(join(ROOT, "tools/dev/spawn.mjs"))};
process.exitCode = await run("sh", ["-c", ${JSON.stringify(shell)}]);
`,
  );
  return spawn("node", [script], { cwd: dir.path, env: cleanEnv(), stdio: "ignore" });
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

test("run() sends SIGTERM and SIGHUP on and gives the child's own exit code", async () => {
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    using dir = tempDir();
    const ready = dir.join("ready");
    const got = dir.join("got");
    const child = startRunner(
      dir,
      `trap 'echo x > ${got}; exit 5' ${signal.slice(3)}; echo $$ > ${ready}; ` +
        "while :; do sleep 0.05; done",
    );
    const ended = exitCode(child);

    await until("the child's trap", () => existsSync(ready));
    process.kill(child.pid ?? 0, signal); // Deno reports a signal of child.kill() as the end

    assert.equal(await ended, 5, signal);
    assert.equal(readFileSync(got, "utf8"), "x\n");
  }
});

test("run() outlives SIGINT, which the terminal has sent to the child already", async () => {
  using dir = tempDir();
  const ready = dir.join("ready");
  const child = startRunner(
    dir,
    `echo $$ > ${ready}; while [ ! -e ${dir.join("go")} ]; do sleep 0.05; done; exit 3`,
  );
  const ended = exitCode(child);
  const pid = await until("the child", () => {
    const written = existsSync(ready) ? Number(readFileSync(ready, "utf8")) : 0;
    return written > 0 && written;
  });

  process.kill(child.pid ?? 0, "SIGINT");
  process.kill(pid, 0); // still there
  writeFileSync(dir.join("go"), "");

  assert.equal(await ended, 3);
  assert.throws(() => process.kill(pid, 0));
});

test("run() gives 128 + n when a signal ended the child, and 127 when there is none", async () => {
  using dir = tempDir();

  assert.equal(await exitCode(startRunner(dir, "kill -KILL $$")), 137);
  const { run } = await import("../../tools/dev/spawn.mjs");
  assert.equal(await run("/nowhere/at/all", [], { stdio: "ignore" }), 127);
});

test("dev.mjs names its tasks when it does not know one", async () => {
  const child = spawn("node", [join(ROOT, "tools/dev.mjs"), "nonsense"], { env: cleanEnv() });
  let text = "";
  child.stderr.on("data", (chunk) => text += chunk);

  assert.equal(await exitCode(child), 1);
  assert.match(text, /unknown task "nonsense"; one of: demo, test, /);
});
