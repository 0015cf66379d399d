import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { cleanEnv, ROOT, runtimeArgs } from "../_harness.ts";
import { type RunHome, runHome } from "./_run_home.ts";

/** Why these tests cannot run here; undefined where they can. */
const skip = process.platform !== "linux" || !existsSync("/usr/bin/script")
  ? { skip: "needs util-linux script" }
  : {};

/** A command that looks at its terminal and waits for input or a signal. */
const LOOKER = [
  "import os, signal, sys",
  "def say(*words): os.write(1, (' '.join(map(str, words)) + '\\n').encode())",
  "def show(what): say(what, *(os.get_terminal_size() if os.isatty(1) else []))",
  "def end(code, what):",
  "    def handler(*_):",
  "        say(what)",
  "        sys.exit(code)",
  "    return handler",
  "signal.signal(signal.SIGWINCH, lambda *_: show('RESIZED'))",
  "signal.signal(signal.SIGINT, end(9, 'INTERRUPTED'))",
  "signal.signal(signal.SIGTERM, end(5, 'TERMINATED'))",
  "say('TTY', os.isatty(0), os.isatty(1), os.environ.get('SHELL'))",
  "os.write(2, b'ERRORS\\n')",
  "show('READY')",
  "say('INPUT', input())",
  "open(os.environ['GOODSEED_LOG'], 'a').write('bad\\n')",
  "sys.exit(7)",
];

/** Runs `goodseed run` on a terminal. */
function onTerminal(
  home: RunHome,
  steps: readonly (readonly [string, string])[],
  options: readonly string[] = [],
): Promise<string> {
  const binary = process.env.GOODSEED_BIN;
  const [program, head] = binary ? [binary, []] : runtimeArgs(join(ROOT, "main.ts"));
  const script = home.script("look.py", ...LOOKER);
  const words = ["run", "-q", "-p", "p", "--run-id", "r", ...options, "--", "python3", script];
  const child = spawn("python3", [
    ...[join(ROOT, "tests/cli/_pty.py"), JSON.stringify(steps)],
    ...[program, ...head, ...words],
  ], {
    env: cleanEnv({ GOODSEED_HOME: home.dir.path, SHELL: "/bin/some shell" }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text) => output += text);
  return new Promise((resolve) => child.on("close", () => resolve(output)));
}

test(
  "run on a terminal gives the command one, and shows and records what it prints",
  skip,
  async () => {
    using home = runHome();

    const output = await onTerminal(home, [["READY", "hello\n"]]);

    assert.match(output, /TTY True True \/bin\/some shell\r+\n/);
    assert.match(output, /READY 100 30\r+\n/);
    assert.match(output, /refused\r+\n/);
    assert.match(output, /INPUT hello\r+\n/);
    assert.match(output, /\nstatus 7\n$/);
    assert.deepEqual(home.lines("stdout").filter((line) => line !== "hello"), [
      "TTY True True /bin/some shell",
      "ERRORS",
      "READY 100 30",
      "INPUT hello",
    ]);
    assert.equal(home.configs()["run/exit_code"], "int|7");
  },
);

test("run on a terminal follows its size, and Ctrl-C reaches the command alone", skip, async () => {
  using home = runHome();

  const output = await onTerminal(home, [["READY", "resize"], ["RESIZED 120 40", "\u0003"]]);

  assert.match(output, /INTERRUPTED\r+\n/);
  assert.match(output, /\nstatus 9\n$/);
});

test("run on a terminal passes SIGTERM to the command, not to `script`", skip, async () => {
  using home = runHome();

  const output = await onTerminal(home, [["READY", "term"]]);

  assert.match(output, /TERMINATED\r+\n/);
  assert.match(output, /\nstatus 5\n$/);
});

test(
  "run on a terminal is failed when a signal to the group makes `script` end with 0",
  skip,
  async () => {
    using home = runHome();

    const output = await onTerminal(home, [["READY", "group"]]);

    assert.match(output, /\nstatus (143|5)\n$/);
    assert.equal(home.meta()["status"], "failed");
  },
);

test("run --no-tty gives the command pipes on a terminal, too", skip, async () => {
  using home = runHome();

  const output = await onTerminal(home, [["READY\r\n", "hello\n"]], ["--no-tty"]);

  assert.match(output, /TTY True False /);
  assert.deepEqual(home.lines("stderr")[0], "ERRORS");
});
