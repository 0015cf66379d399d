/** `kill -9` at random moments: the file is sound and holds all but the last moment. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Run } from "../../lib/mod.ts";
import { openDb } from "../../lib/store/open.ts";
import { cleanEnv, runtimeArgs, type TempDir, tempDir } from "../_harness.ts";

const CHILD = join(dirname(fileURLToPath(import.meta.url)), "kill_child.ts");
const ROUNDS = Number(process.env.GOODSEED_KILL_ROUNDS ?? 30);
const SEED = Number(process.env.GOODSEED_KILL_SEED ?? Date.now() % 1_000_000);
const PROJECT = "killed";

/** What may be missing after a kill, in ms of logging. */
const MAX_LOSS_MS = 250;

/** The same while the writer is still starting, on a laden machine. */
const MAX_BOOT_LOSS_MS = 2000;
/** How often it is looked whether the machine stalls. */
const STALL_LOOK_MS = 10;

/** A step that the child said it had logged, and when. */
interface Acknowledged {
  readonly step: number;
  readonly ms: number;
}

/** What a killed run's file holds. */
interface Found {
  readonly integrity: unknown;
  readonly losses: number[];
  readonly accuracies: number[];
  readonly notes: number[];
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Starts a child, kills it `delayMs` after its start and returns what it had acknowledged. */
async function killedAfter(
  dir: TempDir,
  runId: string,
  delayMs: number,
  durability: string,
): Promise<Acknowledged[]> {
  const [command, args] = runtimeArgs(CHILD, dir.path, runId, durability);
  const child = spawn(command, args, { env: cleanEnv(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let stderr = "";
  child.stdout!.on("data", (chunk) => output += String(chunk));
  child.stderr!.on("data", (chunk) => stderr += String(chunk));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const timer = setTimeout(() => process.kill(child.pid!, "SIGKILL"), delayMs);
  await closed;
  clearTimeout(timer);
  assert.equal(stderr, "", "the child wrote nothing on stderr before it was killed");
  const whole = output.slice(0, output.lastIndexOf("\n") + 1);
  return whole.split("\n").filter((line) => /^\d+ \d+$/.test(line)).map((line) => {
    const [step, ms] = line.split(" ").map(Number);
    return { step: step!, ms: ms! };
  });
}

function runPath(dir: TempDir, runId: string): string {
  return dir.join("projects", PROJECT, "runs", `${runId}.sqlite`);
}

function readBack(path: string): Found {
  const db = openDb(path, { mode: "write" });
  try {
    const integrity = db.prepare("PRAGMA integrity_check");
    const tables = db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'string_points'");
    if (tables.get()?.[0] === 0) {
      return { integrity: integrity.get()?.[0], losses: [], accuracies: [], notes: [] };
    }
    const metrics = db.prepare(
      "SELECT p.step, p.y FROM metric_points p JOIN metric_series s ON s.id = p.series_id " +
        "WHERE s.path = ? ORDER BY p.step",
    );
    const texts = db.prepare(
      "SELECT p.step, p.value FROM string_points p JOIN string_series s ON s.id = p.series_id " +
        "WHERE s.path = 'note' ORDER BY p.step",
    );
    const losses = metrics.all("loss"), accuracies = metrics.all("accuracy"), notes = texts.all();
    for (const [step, y] of losses) assert.equal(y, 3 * Number(step) + 1, "value of loss");
    for (const [step, y] of accuracies) assert.equal(y, Number(step) / 2, "value of accuracy");
    for (const [step, text] of notes) assert.equal(text, `text ${step}`, "text of note");
    return {
      integrity: integrity.get()?.[0],
      losses: losses.map(([step]) => Number(step)),
      accuracies: accuracies.map(([step]) => Number(step)),
      notes: notes.map(([step]) => Number(step)),
    };
  } finally {
    db.close();
  }
}

function assertPrefix(steps: readonly number[], what: string): void {
  steps.forEach((step, i) => assert.equal(step, i, `${what}: a step is missing before ${step}`));
}

/** How much logging is missing, in ms: from the first lost step to the last acknowledged one. */
function lostMs(acknowledged: readonly Acknowledged[], onDisk: number): number {
  const firstLost = acknowledged[onDisk];
  const last = acknowledged.at(-1);
  return firstLost === undefined || last === undefined ? 0 : last.ms - firstLost.ms;
}

/** What a round saw. */
interface Seen {
  readonly acknowledged: number;
  /** Steps that were acknowledged and are not in the file. */
  readonly lost: number;
  /** How long it took to log them. */
  readonly ms: number;
  /** True when nothing at all had been written yet. */
  readonly booting: boolean;
}

async function round(
  dir: TempDir,
  runId: string,
  delayMs: number,
  durability: string,
): Promise<Seen> {
  const acknowledged = await killedAfter(dir, runId, delayMs, durability);
  const path = runPath(dir, runId);
  if (!existsSync(path)) {
    assert.equal(acknowledged.length, 0, "steps were acknowledged, but there is no file");
    return { acknowledged: 0, lost: 0, ms: 0, booting: true };
  }
  if (durability === "kill" && acknowledged.length > 0) resume(dir, runId).close(); // takes in what the journal holds
  const found = readBack(path);

  assert.equal(found.integrity, "ok");
  assertPrefix(found.losses, "loss");
  assertPrefix(found.accuracies, "accuracy");
  assertPrefix(found.notes, "note");
  const onDisk = Math.min(found.losses.length, found.accuracies.length, found.notes.length);
  return {
    acknowledged: acknowledged.length,
    lost: Math.max(0, acknowledged.length - onDisk),
    ms: lostMs(acknowledged, onDisk),
    booting: onDisk === 0,
  };
}

/** How long the machine kept a timer of this process waiting: the writer's may have waited as long. */
function watchStalls(): Disposable & { longestMs(): number } {
  let longest = 0, last = performance.now();
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last - STALL_LOOK_MS);
    last = now;
  };
  const timer = setInterval(look, STALL_LOOK_MS);
  return { longestMs: () => longest, [Symbol.dispose]: () => clearInterval(timer) };
}

/** A killed run can be resumed at once. */
function resume(dir: TempDir, runId: string): Run {
  return new Run({
    project: PROJECT,
    resumeRunId: runId,
    storage: "local",
    goodseedHome: dir.path,
    quiet: true,
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    gitRef: false,
  });
}

test(`Run loses at most ${MAX_LOSS_MS} ms of points to kill -9 (${ROUNDS} rounds, seed ${SEED})`, async () => {
  using dir = tempDir();
  const next = random(SEED);
  let total = 0;

  for (let i = 0; i < ROUNDS; i++) {
    const delayMs = 5 + next() * 1495;
    using stalls = watchStalls();
    const seen = await round(dir, `r${i}`, delayMs, "");
    const where = `round ${i}, killed after ${
      delayMs.toFixed(0)
    } ms, ${seen.lost} of ${seen.acknowledged} steps lost, machine stalled ${
      stalls.longestMs().toFixed(0)
    } ms`;
    const allowedMs = seen.booting ? MAX_BOOT_LOSS_MS : MAX_LOSS_MS + stalls.longestMs();
    assert.ok(seen.ms <= allowedMs, `${where}: ${seen.ms} ms of logging`);
    total += seen.acknowledged;
  }

  assert.ok(total > 0, "no round lived long enough to log anything");
});

test(`Run with durability "kill" loses nothing to kill -9 (${ROUNDS} rounds, seed ${SEED})`, async () => {
  using dir = tempDir();
  const next = random(SEED + 1);
  let total = 0;

  for (let i = 0; i < ROUNDS; i++) {
    const delayMs = 5 + next() * 1495;
    const seen = await round(dir, `k${i}`, delayMs, "kill");
    assert.equal(
      seen.lost,
      0,
      `round ${i}, killed after ${delayMs.toFixed(0)} ms: lost of ${seen.acknowledged} steps`,
    );
    total += seen.acknowledged;
  }

  assert.ok(total > 0, "no round lived long enough to log anything");
});

test("Run resumes a killed run and appends to it", async () => {
  using dir = tempDir();
  const before = await killedAfter(dir, "again", 1200, "");

  const run = resume(dir, "again");
  for (let step = 100_000; step < 100_010; step++) run.logMetrics({ after: step }, { step });
  run.close();

  assert.ok(before.length > 0);
  const path = runPath(dir, "again");
  const db = openDb(path, { mode: "read" });
  try {
    const status = db.prepare("SELECT value FROM run_meta WHERE key = 'status'");
    const after = db.prepare(
      "SELECT count(*) FROM metric_points p JOIN metric_series s ON s.id = p.series_id WHERE s.path = 'after'",
    );
    assert.equal(status.get()?.[0], "finished");
    assert.equal(after.get()?.[0], 10);
  } finally {
    db.close();
  }
  assertPrefix(readBack(path).losses, "loss");
});
