import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { FRAME_METRIC_SERIES } from "../../lib/frames.ts";
import { journalPath, JournalTransport } from "../../lib/journal.ts";
import { leasePath } from "../../lib/lease.ts";
import { ownIdentity } from "../../lib/process_identity.ts";
import { createRings } from "../../lib/ring.ts";
import { RunFile } from "../../lib/store/run_file.ts";
import { tempDir } from "../_harness.ts";
import { folderState } from "../lib/store/_files.ts";
import { run } from "./_goodseed.ts";
import { configsOf, leaveDeadLease, makeRunFile, metaOf, rowsOf } from "./_run_files.ts";

/** What a run looks like whose writer was killed: log, journal and lease beside the file. */
function crash(projects: string): string {
  const path = makeRunFile(projects, "p", "r", { status: "running", created_at: "then" });
  const file = RunFile.open(path);
  file.transaction(() => file.putPoint(file.seriesId("metric", "m"), 0, 1, 1));
  for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, `${projects}/copy${suffix}`);
  file.close();
  for (const suffix of ["", "-wal"]) copyFileSync(`${projects}/copy${suffix}`, path + suffix);
  const journal = new JournalTransport(createRings(2, 64), path);
  journal.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  journal.point(0, 1, 2, 2000);
  journal.publish();
  journal.close();
  leaveDeadLease(path);
  for (const name of [path, `${path}-wal`, journalPath(path), leasePath(path)]) {
    utimesSync(name, 1_795_000_000, 1_795_000_000);
  }
  return path;
}

test("goodseed mark-dead ends a run with what log and journal hold, and leaves one file", async () => {
  using dir = tempDir();
  const path = crash(dir.path);
  assert.ok(existsSync(`${path}-wal`) && existsSync(journalPath(path)));

  const outcome = await run(["mark-dead", "p/r", "--dir", dir.path]);

  assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
  assert.match(outcome.stdout, /^Marked p\/r as failed \(presumed dead\).*journal held is in/);
  assert.deepEqual(readdirSync(path.replace("/r.sqlite", "")), ["r.sqlite"]);
  const meta = metaOf(path), configs = configsOf(path);
  assert.deepEqual([meta.status, configs["sys/state"]], ["failed", "str|failed"]);
  assert.equal(configs["sys/exit_reason"], "str|presumed dead");
  assert.equal(Date.parse(String(meta.closed_at)), 1_795_000_000_000);
  assert.deepEqual(rowsOf(path, "SELECT step, y FROM metric_points"), [[0, 1], [1, 2]]);
});

test("goodseed mark-dead refuses, and changes nothing, where the writer lives or is not known", async () => {
  using dir = tempDir();
  const alive = makeRunFile(dir.path, "p", "alive", { status: "running" });
  writeFileSync(leasePath(alive), JSON.stringify({ v: 1, ...ownIdentity() }));
  const pid = process.pid;
  const likely = makeRunFile(dir.path, "p", "likely", { status: "running" });
  writeFileSync(leasePath(likely), JSON.stringify({ v: 1, host: hostname(), pid }));
  const remote = makeRunFile(dir.path, "p", "remote", { status: "running" });
  writeFileSync(leasePath(remote), JSON.stringify({ v: 1, host: "elsewhere", pid: 7 }));
  makeRunFile(dir.path, "p", "unknown", { status: "running" });
  makeRunFile(dir.path, "p", "ended", { status: "finished" });
  const before = folderState(dir.path);

  for (
    const [id, args, message] of [
      ["alive", [], /is being written \(process \d+ on host .*\); end that process first/],
      ["alive", ["--force"], /end that process first/],
      ["likely", [], /seems to be written .* add --force/],
      ["remote", [], /cannot be told .* \(process 7 on host "elsewhere"\); if it has ended, add/],
      ["unknown", [], /cannot be told from this host .* add --force/],
      ["ended", ["--force"], /is "finished", not "running": there is nothing to mark/],
      ["none", [], /Run not found/],
    ] as const
  ) {
    const outcome = await run(["mark-dead", `p/${id}`, "--dir", dir.path, ...args]);
    assert.deepEqual([outcome.code, outcome.stdout], [1, ""], id);
    assert.match(outcome.stderr, message);
  }
  assert.deepEqual(folderState(dir.path), before);
});

test("goodseed mark-dead --force ends a run whose writer is not known", async () => {
  using dir = tempDir();
  const path = makeRunFile(dir.path, "p", "r", { status: "running" });
  writeFileSync(leasePath(path), JSON.stringify({ v: 1, host: "elsewhere", pid: 7 }));

  const outcome = await run(["mark-dead", path, "--force", "-q"]);

  assert.deepEqual(outcome, { code: 0, stdout: "", stderr: "" });
  assert.equal(metaOf(path).status, "failed");
  assert.equal(existsSync(leasePath(path)), false);
});

test("goodseed mark-dead leaves files of other programs alone", async () => {
  using dir = tempDir();
  writeFileSync(dir.join("x.sqlite"), "no database");
  const before = folderState(dir.path);

  const outcome = await run(["mark-dead", dir.join("x.sqlite")]);

  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /^Error: .*is not a SQLite database/);
  assert.deepEqual(folderState(dir.path), before);
});
