import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { dropLease, leasePath, readLease, takeLease, touchLease } from "../../lib/lease.ts";
import { livenessOf } from "../../lib/liveness.ts";
import { isAlive, ownIdentity, processStartMs } from "../../lib/process_identity.ts";
import { tempDir } from "../_harness.ts";

test("isAlive() knows this process, an ended one, a reused number, another start of the machine", () => {
  const own = ownIdentity();
  const ended = spawnSync(process.execPath, ["--version"]).pid;

  assert.equal(isAlive(own), true);
  assert.equal(isAlive({ host: own.host, pid: ended }), false);
  assert.equal(isAlive({ ...own, pid_start: 1 }), false);
  assert.equal(isAlive({ ...own, boot_id: "another" }), false);
  assert.equal(isAlive({ ...own, host: "another" }), undefined);
});

test("takeLease() lets one writer in and takes over from a dead one", () => {
  using dir = tempDir();
  const run = dir.join("r.sqlite");

  assert.equal(takeLease(run, 1000, false), undefined);
  assert.equal(takeLease(run, 1000, false)?.pid, process.pid);
  writeFileSync(leasePath(run), JSON.stringify({ ...readLease(run), pid_start: 1 }));
  assert.equal(takeLease(run, 2000, false), undefined);
  assert.equal(readLease(run)?.started_ms, 2000);
  dropLease(run);

  assert.equal(existsSync(leasePath(run)), false);
  touchLease(run, 1000); // a lease that is gone is no error
});

test("livenessOf() judges by the lease, else by what the run's monitors noted", () => {
  using dir = tempDir();
  const run = dir.join("r.sqlite");
  const started = processStartMs(process.pid);
  const facts = { hostname: hostname(), pid: process.pid };

  assert.equal(livenessOf(run), "unknown");
  assert.equal(livenessOf(run, { hostname: "another", pid: 1 }), "unknown");
  assert.equal(livenessOf(run, facts), "alive");
  if (started !== undefined) {
    assert.equal(livenessOf(run, { ...facts, createdMs: started + 1000 }), "alive");
    assert.equal(livenessOf(run, { ...facts, createdMs: started - 60_000 }), "dead");
  }
  takeLease(run, 1000, false);
  assert.equal(livenessOf(run, { hostname: hostname(), pid: 1 }), "alive");
  writeFileSync(leasePath(run), "not JSON");
  assert.equal(livenessOf(run), "unknown");
});
