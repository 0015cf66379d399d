/**
 * Starts a Worker that runs probes while this thread spins and never yields; prints what came of it.
 * Started by spawn_test.ts.
 */
// deno-lint-ignore-file no-console -- the result goes to stdout
import process from "node:process";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { runProbe } from "../../lib/runtime/spawn.ts";

const BYTES = 256;

if (isMainThread) {
  const state = new Int32Array(new SharedArrayBuffer(4 + BYTES));
  const worker = new Worker(new URL(import.meta.url), { workerData: state });
  const deadline = performance.now() + 15_000;
  while (Atomics.load(state, 0) === 0 && performance.now() < deadline); // never yields
  const bytes = new Uint8Array(state.buffer, 4).slice(0, Math.max(0, Atomics.load(state, 0)));
  console.log(new TextDecoder().decode(bytes));
  worker.terminate();
  process.exitCode = 0;
} else {
  const state = workerData as Int32Array;
  const options = { timeoutMs: 5_000, maxBytes: 100 };
  const outcomes = [
    await runProbe("sh", ["-c", "echo out; exit 4"], options),
    await runProbe("sh", ["-c", "exec sleep 30"], { ...options, timeoutMs: 200 }),
    await runProbe("goodseed-no-such-program", [], options),
  ].map((result) => result.missing ? "missing" : [result.stdout, result.code, result.timedOut]);
  const bytes = new TextEncoder().encode(JSON.stringify(outcomes));
  new Uint8Array(state.buffer, 4).set(bytes.subarray(0, BYTES));
  Atomics.store(state, 0, bytes.length);
}
