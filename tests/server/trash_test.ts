import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openDb } from "../../lib/store/open.ts";
import { SEED_DDL, WRITER_PRAGMAS } from "../../lib/store/schema.ts";
import { setTrashed } from "../../server/trash.ts";
import { tempDir } from "../_harness.ts";

const REF = { project: "ws/proj", runId: "r1" };

/** A closed run file of the seed's form. */
function makeRun(projects: string, sql = SEED_DDL): string {
  const path = join(projects, "ws/proj/runs/r1.sqlite");
  mkdirSync(dirname(path), { recursive: true });
  const db = openDb(path, { mode: "write" });
  db.exec(WRITER_PRAGMAS);
  db.exec(sql);
  db.close();
  return path;
}

function markOf(path: string): unknown {
  const db = openDb(path, { mode: "immutable" });
  try {
    const statement = db.prepare("SELECT value FROM run_meta WHERE key = 'trashed'");
    return statement.get()?.[0];
  } finally {
    db.close();
  }
}

test("setTrashed() sets and removes the mark and leaves one file", () => {
  using dir = tempDir();
  const path = makeRun(dir.path);

  setTrashed(dir.path, REF, true);
  setTrashed(dir.path, REF, true);
  assert.equal(markOf(path), "true");
  assert.deepEqual(readdirSync(dirname(path)), ["r1.sqlite"]);

  setTrashed(dir.path, REF, false);
  setTrashed(dir.path, REF, false);
  assert.equal(markOf(path), undefined);
  assert.deepEqual(readdirSync(dirname(path)), ["r1.sqlite"]);
});

test("setTrashed() works while the run is written on this host, and says when it cannot", () => {
  using dir = tempDir();
  const path = makeRun(dir.path);
  const writer = openDb(path, { mode: "write" });

  setTrashed(dir.path, REF, true);
  writer.exec("BEGIN IMMEDIATE");
  assert.throws(() => setTrashed(dir.path, REF, false), {
    name: "ConflictError",
    message: /is being written; try again/,
  });
  writer.exec("ROLLBACK");
  setTrashed(dir.path, REF, false);

  const statement = writer.prepare("SELECT count(*) FROM run_meta WHERE key = 'trashed'");
  assert.deepEqual(statement.get(), [0]);
  writer.close();
});

test("setTrashed() does not write a file that another host writes", () => {
  using dir = tempDir();
  const path = makeRun(dir.path);
  const lease = { v: 1, writer: "elsewhere:7", host: "elsewhere", pid: 7, started_ms: 1 };
  writeFileSync(path.replace(".sqlite", ".lease"), JSON.stringify(lease));
  const before = readFileSync(path);

  assert.throws(() => setTrashed(dir.path, REF, true), {
    name: "ConflictError",
    message: /written on host "elsewhere"/,
  });
  assert.deepEqual(readFileSync(path), before);
});

test("setTrashed() makes nothing where there is nothing", () => {
  using dir = tempDir();
  mkdirSync(dir.join("ws/proj/runs"), { recursive: true });

  assert.throws(() => setTrashed(dir.path, REF, true), {
    name: "NotFoundError",
    message: "Run not found: ws/proj/r1",
  });
  assert.deepEqual(readdirSync(dir.join("ws/proj/runs")), []);
});

test("setTrashed() follows no link out of the projects folder", () => {
  using dir = tempDir();
  const outside = makeRun(dir.join("outside")), projects = dir.join("projects");
  const before = readFileSync(outside);
  mkdirSync(join(projects, "ws/proj"), { recursive: true });
  symlinkSync(dirname(outside), join(projects, "ws/proj/runs"));

  assert.throws(() => setTrashed(projects, REF, true), {
    name: "StoreError",
    message: /outside of the projects folder/,
  });
  assert.deepEqual(readFileSync(outside), before);
});

test("setTrashed() does not write through a linked file, even inside", () => {
  using dir = tempDir();
  const path = makeRun(dir.path), moved = path.replace("r1", "real");
  renameSync(path, moved);
  symlinkSync(moved, path);

  assert.throws(() => setTrashed(dir.path, REF, true), { name: "StoreError", message: /a link/ });
  assert.equal(markOf(moved), undefined);
});

test("setTrashed() works where the projects folder itself is a link", () => {
  using dir = tempDir();
  const path = makeRun(dir.join("disk"));
  symlinkSync(dir.join("disk"), dir.join("projects"));

  setTrashed(dir.join("projects"), REF, true);

  assert.equal(markOf(path), "true");
});

test("setTrashed() leaves files alone that are no run files", () => {
  const cases: [string, string][] = [
    ["another database", "CREATE TABLE other (x);"],
    ["a view", "CREATE TABLE t (key, value); CREATE VIEW run_meta AS SELECT * FROM t;"],
    [
      "a trigger",
      SEED_DDL + "CREATE TRIGGER evil AFTER INSERT ON run_meta BEGIN DELETE FROM configs; END;",
    ],
  ];
  for (const [name, sql] of cases) {
    using dir = tempDir();
    const path = makeRun(dir.path, sql), before = readFileSync(path);

    assert.throws(() => setTrashed(dir.path, REF, true), { name: "StoreError" }, name);
    assert.deepEqual(readFileSync(path), before, name);
  }
});

test("setTrashed() leaves texts, empty files and folders alone", () => {
  using dir = tempDir();
  const path = dir.join("ws/proj/runs/r1.sqlite");
  mkdirSync(dirname(path), { recursive: true });

  writeFileSync(path, "not a database, but long enough to look at".repeat(100));
  assert.throws(() => setTrashed(dir.path, REF, true), { name: "StoreError" });
  writeFileSync(path, "");
  assert.throws(() => setTrashed(dir.path, REF, true), { name: "StoreError" });
  assert.equal(readFileSync(path).length, 0);
  renameSync(path, path + ".away");
  mkdirSync(path);
  assert.throws(() => setTrashed(dir.path, REF, true), { name: "StoreError" });
  assert.equal(existsSync(path + "-wal"), false);
});
