// Child processes: the child's exit code is ours, and signals reach it.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { ROOT } from "./runtimes.mjs";

/** How long output is waited for after a program has ended. */
const PIPES_MS = 5_000;

/** Environment of every child: no update checks, no stack dumps after errors. */
export function toolEnv(extra = {}) {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", ...extra };
  delete env.RUST_BACKTRACE;
  return env;
}

/**
 * Runs a program with our stdio.
 *
 * @returns its exit code; 128 + n when signal n ended it, 127 when it could not be started
 */
export async function run(command, args, options = {}) {
  const { code } = await start(command, args, { stdio: "inherit", ...options });
  return code;
}

/** Like {@linkcode run}; also gives back all that was written, stdout and stderr mixed. */
export function runAndRead(command, args, options = {}) {
  return start(command, args, { stdio: ["inherit", "pipe", "pipe"], ...options });
}

/** Runs a program quietly; gives its exit code and all it wrote. */
export function capture(command, args, options = {}) {
  return start(command, args, { stdio: ["ignore", "pipe", "pipe"], quiet: true, ...options });
}

/** Runs steps one after the other until one fails; the exit code of the last one run. */
export async function inOrder(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
  }
  return 0;
}

function start(command, args, { quiet = false, timeoutMs, ...options }) {
  const signals = forwardSignals(); // before the child is there, or a signal could end us alone
  const child = spawn(command, args, { cwd: ROOT, env: toolEnv(), ...options });
  signals.target = child;
  const timer = timeoutMs === undefined
    ? undefined
    : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const parts = [];
  for (const [stream, out] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text) => {
      parts.push(text);
      if (!quiet) out.write(text);
    });
  }
  return new Promise((resolve) => {
    const end = (code) => {
      clearTimeout(timer);
      signals.release();
      resolve({ code, output: parts.join("") });
    };
    child.on("error", (error) => {
      parts.push(`cannot run ${command}: ${error.message}\n`);
      process.stderr.write(parts.at(-1));
      end(127);
    });
    const ended = (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 0));
    child.on("close", ended);
    // a left-over grandchild may hold our pipes open: do not wait for it for ever
    child.on("exit", (code, signal) => setTimeout(ended, PIPES_MS, code, signal).unref());
  });
}

/**
 * SIGTERM and SIGHUP are sent on. SIGINT is only swallowed: the terminal has sent it to the child
 * already, and a second one would kill a child that is tidying up.
 */
function forwardSignals() {
  const signals = { target: undefined, release };
  const forward = (signal) => {
    const pid = signals.target?.pid;
    if (pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch { // it has ended in the meantime
    }
  };
  const swallow = () => {};
  process.on("SIGTERM", forward).on("SIGHUP", forward).on("SIGINT", swallow);
  function release() {
    process.off("SIGTERM", forward).off("SIGHUP", forward).off("SIGINT", swallow);
  }
  return signals;
}
