import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { openForReading } from "../../../lib/store/open_reader.ts";
import { RunReader } from "../../../lib/store/run_reader.ts";
import { headerProblem } from "../../../lib/store/sqlite_header.ts";
import { tempDir } from "../../_harness.ts";
import { skip } from "../../_skip.ts";
import { folderState, makeRun, openForWriting, putPoints } from "./_files.ts";

const SMALL = { meta: { run_id: "r" }, metrics: { m: [[0, 1], [1, NaN]] } } as const;

test("openForReading() of a closed run changes nothing and leaves nothing beside it", () => {
  using dir = tempDir();
  makeRun(dir.join("r.sqlite"), SMALL);
  const before = folderState(dir.path);

  using run = RunReader.open(dir.join("r.sqlite"));
  const points = run.points("m");
  const during = folderState(dir.path);
  run.close();

  assert.equal(run.how, "immutable");
  assert.deepEqual([...points.y], [1, NaN]);
  assert.deepEqual(during, before);
  assert.deepEqual(folderState(dir.path), before);
  assert.deepEqual(Object.keys(before), ["r.sqlite"]);
});

test("openForReading() reads beside a writer what it has committed", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const writer = openForWriting(path);
  try {
    putPoints(writer, "m", [[0, 1]]);
    using run = RunReader.open(path);
    const first = run.pointCount("m");
    putPoints(writer, "m", [[1, 2]]);

    assert.equal(run.how, "live");
    assert.equal(first, 1);
    assert.equal(run.pointCount("m"), 2);
    assert.equal(run.changed(), false);
  } finally {
    writer.close();
  }
});

test("RunReader.changed() tells that a writer came to a file that was read without locks", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeRun(path, SMALL);
  using run = RunReader.open(path);
  const before = run.changed();

  const writer = openForWriting(path);
  putPoints(writer, "m", [[5, 5]]);
  const during = run.changed();
  writer.close();

  assert.deepEqual([before, during, run.changed()], [false, true, true]);
});

test("RunReader.snapshot() keeps one state while a writer goes on", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const writer = openForWriting(path);
  try {
    putPoints(writer, "m", [[0, 1]]);
    using run = RunReader.open(path);

    const counts = run.snapshot(() => {
      const first = run.pointCount("m");
      putPoints(writer, "m", [[1, 2]]);
      return [first, run.pointCount("m")];
    });

    assert.deepEqual(counts, [1, 1]);
    assert.equal(run.pointCount("m"), 2);
  } finally {
    writer.close();
  }
});

test("openForReading() reads a read-only folder with a log from a copy, and removes the copy", (t) => {
  using dir = tempDir();
  mkdirSync(dir.join("disk"));
  mkdirSync(dir.join("ro"));
  mkdirSync(dir.join("scratch"));
  const path = dir.join("disk", "r.sqlite");
  const writer = openForWriting(path);
  putPoints(writer, "m", [[0, 1], [1, 2]]);
  for (const end of ["", "-wal"]) {
    copyFileSync(path + end, dir.join("disk", "crashed.sqlite") + end);
  }
  writer.close();
  const bind = (...args: string[]): void => void execFileSync("mount", args, { stdio: "pipe" });
  try {
    bind("--bind", dir.join("disk"), dir.join("ro"));
  } catch { // not root, or a machine without mounts
    return skip(t, "a read-only folder is made by mount, which needs root");
  }
  try {
    bind("-o", "remount,bind,ro", dir.join("ro"));
    const before = folderState(dir.join("ro"));

    using closed = RunReader.open(dir.join("ro", "r.sqlite"));
    using crashed = RunReader.open(dir.join("ro", "crashed.sqlite"), {
      scratchDir: dir.join("scratch"),
    });

    assert.deepEqual([closed.how, crashed.how], ["immutable", "copy"]);
    assert.deepEqual([closed.pointCount("m"), crashed.pointCount("m")], [2, 2]);
    assert.equal(readdirSync(dir.join("scratch")).length, 1);
    crashed.close();
    assert.deepEqual(readdirSync(dir.join("scratch")), []);
    assert.deepEqual(folderState(dir.join("ro")), before);
  } finally {
    execFileSync("umount", [dir.join("ro")]);
  }
});

test("openForReading() refuses what is no run file, each with its own words", () => {
  using dir = tempDir();
  writeFileSync(dir.join("empty.sqlite"), "");
  writeFileSync(dir.join("text.sqlite"), "hello\n".repeat(100));
  writeFileSync(dir.join("short.sqlite"), "SQLite format 3\0");
  mkdirSync(dir.join("folder.sqlite"));
  execFileSync("mkfifo", [dir.join("pipe.sqlite")]);
  makeRun(dir.join("cut.sqlite"), SMALL);
  truncateSync(dir.join("cut.sqlite"), 8192);
  makeRun(dir.join("newer.sqlite"), { meta: { schema_version: "2" } });
  makeRun(dir.join("other.sqlite"), { sql: "DROP TABLE run_meta" });
  const expected: Record<string, RegExp> = {
    empty: /is empty \(0 bytes\)/,
    text: /is not a SQLite database/,
    short: /is cut off after 16 bytes/,
    folder: /is a directory, not a regular file/,
    pipe: /is a named pipe, not a regular file/,
    cut: /is cut off: 8192 bytes of \d+/,
    newer: /schema version "2".*newer version/,
    other: /without a table run_meta/,
  };

  for (const [name, message] of Object.entries(expected)) {
    const open = () => RunReader.open(dir.join(`${name}.sqlite`));
    assert.throws(open, { name: "StoreError", message, path: dir.join(`${name}.sqlite`) }, name);
  }
  const absent = () => RunReader.open(dir.join("absent.sqlite"));
  assert.throws(absent, { name: "NotFoundError" });
});

test("openForReading() names damage inside the file", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeRun(path, SMALL);
  const bytes = readFileSync(path);
  bytes.fill(0xff, 100, 4096);
  writeFileSync(path, bytes);

  assert.throws(() => RunReader.open(path), { name: "StoreError", message: /malformed.*damaged/ });
});

test("openForReading() says that a file is locked, after the time it was given", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const writer = openForWriting(path);
  try {
    writer.exec("PRAGMA locking_mode=EXCLUSIVE");
    putPoints(writer, "m", [[0, 1]]);

    assert.throws(() => openForReading(path, { busyTimeoutMs: 20 }), {
      name: "StoreError",
      message: /locked.*another process holds it/,
    });
  } finally {
    writer.close();
  }
});

test("RunReader never reads views, virtual tables or computed columns under known names", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeRun(path, {
    sql: `DROP TABLE metric_points; DROP TABLE string_points; DROP TABLE configs;
      CREATE VIEW metric_points AS SELECT 1 series_id, 2 step, 3 y, 4 ts;
      CREATE TABLE string_points (series_id, step, ts, value AS (zeroblob(1000000000)));
      CREATE VIRTUAL TABLE configs USING fts5(path, type_tag, value, updated_at);
      INSERT INTO metric_series(id, path) VALUES (1, 'm');
      INSERT INTO string_series(id, path) VALUES (1, 's')`,
  });

  using run = RunReader.open(path);

  assert.deepEqual([run.metricPaths(), run.stringPaths(), run.configs()], [[], [], []]);
  assert.deepEqual(run.strings(), { rows: [], total: 0 });
  assert.throws(() => run.db.exec("CREATE TABLE x(y)"), /readonly|attempt to write/);
});

test("headerProblem() sees UTF-16 and takes a stale page count for no damage", () => {
  const header = new Uint8Array(100);
  header.set(new TextEncoder().encode("SQLite format 3\0"));
  const view = new DataView(header.buffer);
  view.setUint16(16, 4096);
  view.setUint32(28, 10);
  const stale = new Uint8Array(header);
  new DataView(stale.buffer).setUint32(24, 7);
  const utf16 = new Uint8Array(header);
  new DataView(utf16.buffer).setUint32(56, 2);

  assert.match(headerProblem(header, 4096, true) ?? "", /cut off: 4096 bytes of 40960/);
  assert.equal(headerProblem(header, 4096, false), undefined);
  assert.equal(headerProblem(stale, 4096, true), undefined);
  assert.match(headerProblem(utf16, 40960, true) ?? "", /UTF-16/);
});
