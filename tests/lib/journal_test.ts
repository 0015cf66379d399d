import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { FRAME_METRIC_SERIES, FRAME_STRING_SERIES, FRAME_TEXT } from "../../lib/frames.ts";
import { journalPath, JournalReader, JournalTransport } from "../../lib/journal.ts";
import { recoverJournal } from "../../lib/journal_recovery.ts";
import { leasePath } from "../../lib/lease.ts";
import { ownIdentity } from "../../lib/process_identity.ts";
import { createRings } from "../../lib/ring.ts";
import { RunWriter } from "../../lib/run_writer.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunFile } from "../../lib/store/run_file.ts";
import { RunReader } from "../../lib/store/run_reader.ts";
import { tempDir } from "../_harness.ts";

function points(path: string): unknown[][] {
  const db = openDb(path, { mode: "read" });
  const statement = db.prepare("SELECT step, y FROM metric_points ORDER BY step");
  const result = statement.all();
  db.close();
  return result;
}

function setUp(path: string) {
  RunFile.create(path).close();
  const rings = createRings(2, 1024);
  return { transport: new JournalTransport(rings, path), ctl: new Int32Array(rings.ctl) };
}

function logPoints(transport: JournalTransport, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    transport.point(0, NaN, i, 0);
    transport.publish();
  }
}

test("recoverJournal() brings back everything when the writer never ran", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const { transport } = setUp(path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  transport.frame(FRAME_STRING_SERIES, 1, 0, 0, "notes");
  logPoints(transport, 0, 100);
  transport.frame(FRAME_TEXT, 1, 3, 0, "é".repeat(100_000));
  transport.close();

  const file = RunFile.open(path);
  assert.equal(recoverJournal(file, 0), true);
  file.close();

  assert.deepEqual(points(path), Array.from({ length: 100 }, (_, i) => [i, i]));
  assert.equal(existsSync(journalPath(path)), false);
});

test("recoverJournal() takes each frame exactly once, after the writer took a part", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const { transport } = setUp(path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  logPoints(transport, 0, 50);
  const writer = new RunWriter(path, { now: () => 0 });
  const reader = new JournalReader(path, writer);
  assert.ok(reader.read(1 << 20) > 0);
  writer.do((file) => reader.remember(file));
  assert.ok(writer.commit());
  writer.close();
  reader.close();
  logPoints(transport, 50, 80);
  transport.close();

  const file = RunFile.open(path);
  recoverJournal(file, 0);
  file.close();

  assert.deepEqual(points(path), Array.from({ length: 80 }, (_, i) => [i, i]));
});

test("recoverJournal() leaves out a frame that was torn by the end of its process", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const { transport } = setUp(path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  logPoints(transport, 0, 10);
  transport.close();
  truncateSync(journalPath(path), statSync(journalPath(path)).size - 5);
  appendFileSync(journalPath(path), "");

  const file = RunFile.open(path);
  recoverJournal(file, 0);
  file.close();

  assert.deepEqual(points(path), Array.from({ length: 9 }, (_, i) => [i, i]));
});

test("JournalTransport starts anew when everything has been taken, and nothing is lost", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const { transport, ctl } = setUp(path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  const writer = new RunWriter(path, { now: () => 0 });
  const reader = new JournalReader(path, writer);
  const total = 24_000, width = 40;

  let largest = 0;
  for (let i = 0; i < total; i += width) {
    for (let k = 0; k < width; k++) transport.point(0, NaN, i + k, 0);
    transport.publish();
    transport.frame(FRAME_TEXT, 1, 0, 0, "x".repeat(60_000)); // makes the journal grow
    while (reader.read(1 << 26) > 0);
    writer.do((file) => reader.remember(file));
    assert.ok(writer.commit());
    reader.acknowledge(ctl);
    largest = Math.max(largest, statSync(journalPath(path)).size);
  }
  transport.close();
  reader.close();
  writer.close();

  assert.ok(largest < 64 * 1024 * 1024, `the journal grew to ${largest} bytes`);
  assert.equal(points(path).length, total);
});

test("RunReader shows what a dead writer left in its journal, and changes nothing", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const { transport } = setUp(path);
  transport.frame(FRAME_METRIC_SERIES, 0, 0, 0, "m");
  logPoints(transport, 0, 20);
  transport.close();
  const dead = { v: 1, writer: "w", started_ms: 1, ...ownIdentity(), pid_start: 1 };
  writeFileSync(leasePath(path), JSON.stringify(dead));
  const before = readdirSync(dir.path).sort();

  using reader = RunReader.open(path);

  assert.equal(reader.points("m").step.length, 20);
  assert.deepEqual(readdirSync(dir.path).sort(), before);
});
