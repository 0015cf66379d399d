import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type ProbeOutput, runProbe } from "../../lib/runtime/spawn.ts";
import { cleanEnv, ROOT, runtimeArgs, tempDir } from "../_harness.ts";
import { standIn, withPath } from "./_fixture.ts";

const OPTIONS = { timeoutMs: 10_000, maxBytes: 10_000 };

/** Runs a shell script as a probe that must start. */
async function sh(
  script: string,
  options: Parameters<typeof runProbe>[2] = OPTIONS,
): Promise<ProbeOutput> {
  const result = await runProbe("sh", ["-c", script], options);
  assert.ok(!result.missing);
  return result;
}

test("runProbe() gives standard output and exit status", async () => {
  assert.deepEqual(await sh("echo out; echo err >&2; exit 3"), {
    missing: false,
    code: 3,
    stdout: "out\n",
    timedOut: false,
    truncated: false,
  });
});

test("runProbe() tells that a program could not be started and never throws", async () => {
  using dir = tempDir();
  for (const command of ["goodseed-no-such-program", dir.path, "/etc/passwd", ""]) {
    assert.deepEqual(await runProbe(command, [], OPTIONS), { missing: true }, command);
  }
  const nowhere = { ...OPTIONS, cwd: dir.join("missing") };
  assert.deepEqual(await runProbe("sh", ["-c", "true"], nowhere), { missing: true });
});

test("runProbe() finds programs on the PATH as it is now", async () => {
  using dir = tempDir();
  standIn(dir, "goodseed-stand-in", `echo "got $*"`);

  const result = await withPath(dir.path, () => {
    return runProbe("goodseed-stand-in", ["a b", "$HOME", "*"], OPTIONS);
  });

  assert.ok(!result.missing);
  assert.equal(result.stdout, "got a b $HOME *\n");
});

test("runProbe() kills a program that is too slow and keeps what it printed", async () => {
  const start = performance.now();
  const result = await sh("echo begun; exec sleep 30", { ...OPTIONS, timeoutMs: 300 });

  assert.deepEqual([result.stdout, result.code, result.timedOut], ["begun\n", 137, true]);
  assert.ok(performance.now() - start < 5_000);
});

test("runProbe() does not wait for a descendant that keeps the pipe open", async () => {
  const start = performance.now();
  const result = await sh("sleep 8 & echo done");
  const killed = await sh("sleep 8; echo never", { ...OPTIONS, timeoutMs: 200 });

  assert.deepEqual([result.stdout, result.code, result.timedOut], ["done\n", 0, false]);
  assert.deepEqual([killed.stdout, killed.timedOut], ["", true]);
  assert.ok(performance.now() - start < 5_000);
});

test("runProbe() bounds the output and never cuts a character in two", async () => {
  const start = performance.now();
  const endless = await sh("while :; do echo 'ééééé'; done", { ...OPTIONS, maxBytes: 1_002 });

  assert.equal(endless.truncated, true);
  assert.equal(endless.stdout, "ééééé\n".repeat(91)); // 1,001 bytes, and half a character
  assert.ok(performance.now() - start < 5_000);
  const exact = await sh("printf 12345", { ...OPTIONS, maxBytes: 5 });
  assert.deepEqual([exact.stdout, exact.truncated, exact.code], ["12345", false, 0]);
  const odd = await sh("printf 'aéé'", { ...OPTIONS, maxBytes: 4 });
  assert.deepEqual([odd.stdout, odd.truncated], ["aé", true]);
});

test("runProbe() takes a working folder and adds to the environment", async () => {
  using dir = tempDir();
  const result = await sh(`pwd; echo "$EXTRA"; test -n "$PATH" && echo inherited`, {
    ...OPTIONS,
    cwd: dir.path,
    env: { EXTRA: "x y" },
  });

  assert.equal(result.stdout, `${dir.path}\nx y\ninherited\n`);
});

test("runProbe() gives an empty standard input", async () => {
  assert.equal((await sh("cat; echo end")).stdout, "end\n");
});

test("runProbe() reports the signal that ended a program", async () => {
  assert.equal((await sh("kill -TERM $$")).code, 143);
});

test("runProbe() is ended by its abort signal, also one that came before", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const result = await sh("exec sleep 30", { ...OPTIONS, signal: controller.signal });
  const again = await sh("exec sleep 30", { ...OPTIONS, signal: controller.signal });

  assert.deepEqual([result.timedOut, result.code], [true, 137]);
  assert.equal(again.timedOut, true);
});

test("runProbe() works in a Worker while the main thread spins", async () => {
  const script = join(ROOT, "tests", "monitors", "_probe_worker.ts");
  const [command, args] = runtimeArgs(script);

  const { stdout } = await promisify(execFile)(command, args, {
    env: cleanEnv(),
    timeout: 30_000,
  });

  assert.deepEqual(JSON.parse(stdout), [["out\n", 4, false], ["", 137, true], "missing"]);
});
