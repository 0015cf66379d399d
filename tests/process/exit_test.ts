/** Every way out of a process: 5,000 points logged without an await are all there, and the status is right. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { livenessOf } from "../../lib/liveness.ts";
import { openDb } from "../../lib/store/open.ts";
import { cleanEnv, runtimeArgs, type TempDir, tempDir } from "../_harness.ts";
import { plainRun } from "../lib/_runs.ts";

const CHILD = join(dirname(fileURLToPath(import.meta.url)), "exit_child.ts");
const IS_DENO = "Deno" in globalThis;

/** How a child ended and what its run file holds. */
interface Ending {
  readonly code: number;
  readonly stderr: string;
  /** From the signal (or the start) to the end, in ms. */
  readonly ms: number;
}

/** Exit codes of a death by signal; the runtimes report it either way. */
const SIGNAL_CODES: Record<string, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

async function leave(dir: TempDir, way: string, signal?: NodeJS.Signals): Promise<Ending> {
  const [command, args] = runtimeArgs(CHILD, way, dir.path);
  const child = spawn(command, args, { env: cleanEnv(), stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  let since = performance.now();
  child.stderr!.on("data", (chunk) => stderr += String(chunk));
  child.stdout!.on("data", (chunk) => {
    if (signal === undefined || !String(chunk).includes("ready")) return;
    since = performance.now();
    process.kill(child.pid!, signal);
  });
  const code = await ended(child);
  return { code, stderr, ms: performance.now() - since };
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(signal === null ? code ?? -1 : SIGNAL_CODES[signal] ?? -1);
    });
  });
}

/** What the run file of a way out holds. */
function recorded(dir: TempDir, runId: string): {
  status: unknown;
  state: unknown;
  rows: unknown;
  closed: boolean;
  traceback: unknown;
  litter: string[];
} {
  const path = dir.join("projects", "exit", "runs", `${runId}.sqlite`);
  const litter = [`${path}-wal`, `${path}-shm`, path.replace(".sqlite", ".lease")]
    .filter((file) => existsSync(file)).map((file) => file.slice(file.lastIndexOf("/") + 1));
  const db = openDb(path, { mode: litter.length === 0 ? "immutable" : "read" });
  try {
    const first = (sql: string) => {
      const statement = db.prepare(sql);
      return statement.get()?.[0];
    };
    return {
      status: first("SELECT value FROM run_meta WHERE key = 'status'"),
      state: first("SELECT value FROM configs WHERE path = 'sys/state'"),
      rows: first("SELECT count(*) FROM metric_points"),
      closed: first("SELECT value FROM run_meta WHERE key = 'closed_at'") !== undefined,
      traceback: first(
        "SELECT p.value FROM string_points p JOIN string_series s ON s.id = p.series_id " +
          "WHERE s.path = 'monitoring/test/traceback'",
      ),
      litter,
    };
  } finally {
    db.close();
  }
}

/** What a way out must leave behind. */
interface Expected {
  readonly way: string;
  readonly code: number;
  readonly status: string;
  readonly signal?: NodeJS.Signals;
  readonly rows?: number;
  readonly traceback?: boolean;
  readonly second?: string;
  readonly only?: "deno" | "bun";
}

const WAYS: Expected[] = [
  { way: "end", code: 0, status: "finished" },
  { way: "close", code: 0, status: "finished" },
  { way: "close-failed", code: 0, status: "failed" },
  { way: "close-own-status", code: 0, status: "diverged" },
  { way: "process-exit-0", code: 0, status: "finished" },
  { way: "process-exit-3", code: 3, status: "failed" },
  { way: "exit-code-4", code: 4, status: "failed" },
  { way: "deno-exit-3", code: 3, status: "failed", only: "deno" },
  { way: "throw", code: 1, status: "failed", traceback: true },
  { way: "throw-string", code: 1, status: "failed", traceback: true },
  { way: "throw-in-timer", code: 1, status: "failed", traceback: true },
  { way: "rejection", code: 1, status: "failed", traceback: true },
  { way: "rejection-handled-by-user", code: 0, status: "finished" },
  { way: "signal-idle", code: 143, status: "failed", signal: "SIGTERM" },
  { way: "signal-idle", code: 130, status: "failed", signal: "SIGINT" },
  { way: "signal-idle", code: 129, status: "failed", signal: "SIGHUP" },
  { way: "signal-busy", code: 143, status: "failed", signal: "SIGTERM", only: "deno" },
  { way: "signal-busy", code: 130, status: "failed", signal: "SIGINT", only: "deno" },
  { way: "signal-busy", code: 129, status: "failed", signal: "SIGHUP", only: "deno" },
  // On Bun a signal is only seen when the main thread yields.
  { way: "signal-busy-then-idle", code: 143, status: "failed", signal: "SIGTERM" },
  { way: "signal-users-handler", code: 7, status: "failed", signal: "SIGTERM" },
  { way: "using", code: 0, status: "finished" },
  { way: "await-using", code: 0, status: "finished" },
  { way: "using-throw", code: 1, status: "failed", traceback: true },
  { way: "await-using-throw", code: 1, status: "failed", traceback: true },
  { way: "with-run", code: 0, status: "finished" },
  { way: "with-run-throw", code: 1, status: "failed", traceback: true },
  { way: "with-run-throw-caught", code: 0, status: "failed", traceback: true },
  { way: "booting", code: 0, status: "finished", rows: 1 },
  { way: "no-points", code: 0, status: "finished", rows: 0 },
  { way: "no-points-exit-3", code: 3, status: "failed", rows: 0 },
  { way: "two-runs", code: 0, status: "finished", second: "finished" },
  { way: "two-runs-one-closed", code: 3, status: "finished", second: "failed" },
];

for (const expected of WAYS) {
  const { way, signal, code, status, rows = 5000, second } = expected;
  if (expected.only !== undefined && (expected.only === "deno") !== IS_DENO) continue;

  test(`Run keeps everything and says "${status}" on the way out "${way}"${signal ? ` by ${signal}` : ""}`, async () => {
    using dir = tempDir();

    const ending = await leave(dir, way, signal);

    const found = recorded(dir, way);
    assert.equal(ending.code, code, `exit code; stderr: ${ending.stderr}`);
    assert.equal(found.rows, rows, "rows on disk");
    assert.equal(found.status, status, "status in run_meta");
    assert.equal(found.state, status, "sys/state");
    assert.equal(found.closed, true, "closed_at is set");
    assert.deepEqual(found.litter, [], "files left beside the run file");
    assert.ok(ending.ms < 15_000, `took ${ending.ms.toFixed(0)} ms to end`);
    if (expected.traceback === true) assert.match(String(found.traceback), /boom/);
    else assert.equal(found.traceback, undefined, "no traceback");
    if (way === "throw") assert.match(ending.stderr, /boom/, "the runtime still reports the error");
    if (second !== undefined) {
      const other = recorded(dir, `${way}-second`);
      assert.equal(other.rows, 5000, "rows of the second run");
      assert.equal(other.status, second, "status of the second run");
    }
  });
}

test("Run with handleSignals: false leaves a signal to the program; what was written stays", async () => {
  using dir = tempDir();

  const ending = await leave(dir, "signal-not-ours", "SIGTERM");

  const found = recorded(dir, "signal-not-ours");
  assert.equal(ending.code, 143);
  assert.equal(found.rows, 5000);
  assert.equal(found.status, "running");
});

test("a signal while the writer still boots leaves a run that is known to be dead and can be resumed", async () => {
  using dir = tempDir();

  const ending = await leave(dir, "signal-booting", "SIGTERM");

  const path = dir.join("projects", "exit", "runs", "signal-booting.sqlite");
  const found = recorded(dir, "signal-booting");
  assert.equal(ending.code, 143);
  if (found.status === "running") assert.equal(livenessOf(path), "dead");
  else assert.equal(found.rows, 5000, "the writer was quicker");
  plainRun(dir.path, { project: "exit", resumeRunId: "signal-booting" }).close();
  assert.equal(recorded(dir, "signal-booting").status, "finished");
});
