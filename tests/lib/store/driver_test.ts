// One suite over every SQLite driver: what a store may rely on.
import { Buffer } from "node:buffer";
import { test } from "node:test";
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { StoreError } from "../../../lib/errors.ts";
import type { Db, Driver, SqlValue } from "../../../lib/store/driver.ts";
import { ffiDriver, ffiDriverProblem } from "../../../lib/store/driver_ffi.ts";
import { nodeDriver } from "../../../lib/store/driver_node.ts";
import { sqliteFileUri } from "../../../lib/store/file_uri.ts";
import { skip } from "../../_skip.ts";
import { tempDir } from "../../_harness.ts";

/** Runs `work` with a private database in memory. */
function inMemory<T>(driver: Driver, work: (db: Db) => T): T {
  const db = driver.open(":memory:", { mode: "write" });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Registers one test a driver. */
function conformance(what: string, work: (driver: Driver) => void | Promise<void>): void {
  test(`node:sqlite driver ${what}`, () => work(nodeDriver));
  test(`ffi driver ${what}`, (t) => {
    const problem = ffiDriverProblem();
    if (problem !== undefined) return skip(t, `no SQLite library: ${problem}`);
    return work(ffiDriver);
  });
}

const one = (db: Db, sql: string, ...params: SqlValue[]): SqlValue | undefined =>
  db.prepare(sql).get(...params)?.[0];

const TYPED = "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB)";

conformance("gives back every type as it was bound", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    const insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    const rows: SqlValue[][] = [
      [0, 0.5, "", new Uint8Array(0)],
      [-1, -1e300, "näme ☃ 🚀", new Uint8Array([0, 1, 255])],
      [2 ** 31, 5e-324, "\ufeffwith a byte order mark", new Uint8Array([0])],
      [Number.MAX_SAFE_INTEGER, Infinity, "x", new Uint8Array(1000).fill(7)],
      [Number.MIN_SAFE_INTEGER, -Infinity, "line\nbreak", new Uint8Array(3).subarray(1, 2)],
      [null, null, null, null],
    ];

    for (const row of rows) insert.run(...row);

    const back = db.prepare("SELECT i, r, s, b FROM t ORDER BY rowid").all();
    assert.deepEqual(back.map(plain), rows.map(plain));
  });
});

/** Bytes as arrays: a runtime may hand out a Buffer. */
function plain(row: SqlValue[]): unknown[] {
  return row.map((value) => value instanceof Uint8Array ? [...value] : value);
}

conformance("takes minus zero, which SQLite makes zero in a column of reals", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    db.prepare("INSERT INTO t (i, r) VALUES (?, ?)").run(-0, -0);

    const row = db.prepare("SELECT i, r FROM t").get() ?? [];

    assert.deepEqual(row.map((value) => value === 0), [true, true]);
  });
});

conformance("writes the part of an array that a view shows", (driver) => {
  inMemory(driver, (db) => {
    const bytes = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);

    assert.equal(one(db, "SELECT hex(?)", bytes), "0203");
  });
});

conformance("keeps integers of 64 bits exact as bigint", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    const insert = db.prepare("INSERT INTO t (i) VALUES (?)");
    const values = [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 0n, -1n];

    for (const value of values) insert.run(value);

    const read = db.prepare("SELECT i FROM t ORDER BY rowid", { bigints: true }).all();
    assert.deepEqual(read.map((row) => row[0]), values);
  });
});

conformance("refuses to read a large integer as a number", (driver) => {
  inMemory(driver, (db) => {
    const read = db.prepare("SELECT 9007199254740993");

    assert.throws(() => read.get(), /9007199254740993|too large/);
    assert.equal(one(db, "SELECT 9007199254740991"), Number.MAX_SAFE_INTEGER);
    assert.equal(one(db, "SELECT -9007199254740991"), Number.MIN_SAFE_INTEGER);
  });
});

conformance("refuses a bigint of more than 64 bits", (driver) => {
  inMemory(driver, (db) => {
    const statement = db.prepare("SELECT ?");

    assert.throws(() => statement.get(2n ** 63n));
  });
});

conformance("stores a text with a NUL whole", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    db.prepare("INSERT INTO t (s) VALUES (?)").run("a\0b");

    assert.equal(one(db, "SELECT hex(CAST(s AS BLOB)) FROM t"), "610062");
  });
});

conformance("stores NaN as NULL and an unpaired surrogate as U+FFFD", (driver) => {
  inMemory(driver, (db) => {
    assert.equal(one(db, "SELECT typeof(?)", NaN), "null");
    assert.equal(one(db, "SELECT ?", "a\ud800b"), "a\ufffdb");
  });
});

conformance("carries a text and bytes of 4 MB", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    const text = "ä".repeat(2_000_000);
    const bytes = new Uint8Array(4_000_000).map((_, i) => i % 251);
    db.prepare("INSERT INTO t (s, b) VALUES (?, ?)").run(text, bytes);

    const [s, b] = db.prepare("SELECT s, b FROM t").get() ?? [];

    assert.ok(s === text);
    assert.ok(b instanceof Uint8Array && Buffer.compare(b, bytes) === 0);
  });
});

conformance("gives back any row of values (property)", (driver) => {
  inMemory(driver, (db) => {
    db.exec(TYPED);
    const write = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    const read = db.prepare("SELECT i, r, s, b FROM t WHERE rowid = last_insert_rowid()", {
      bigints: true,
    });
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
        text,
        fc.uint8Array(),
        (...row) => {
          write.run(...row);
          assert.deepEqual(plain(read.get() ?? []), plain(row));
        },
      ),
      { numRuns: 200 },
    );
  });
});

conformance("clears the parameters of the call before", (driver) => {
  inMemory(driver, (db) => {
    const statement = db.prepare("SELECT ? AS a, ? AS b");

    assert.deepEqual(statement.get(1, "two"), [1, "two"]);
    assert.deepEqual(statement.get(3), [3, null]);
    assert.throws(() => statement.get(1, 2, 3));
  });
});

conformance("returns rows in the columns' order, and undefined for no row", (driver) => {
  inMemory(driver, (db) => {
    db.exec("CREATE TABLE p (k TEXT, v INTEGER); INSERT INTO p VALUES ('b', 2), ('a', 1)");

    assert.deepEqual(db.prepare("SELECT v, k FROM p ORDER BY k").all(), [[1, "a"], [2, "b"]]);
    assert.deepEqual(db.prepare("SELECT k, v FROM p WHERE k = ?").get("b"), ["b", 2]);
    assert.equal(db.prepare("SELECT k FROM p WHERE k = ?").get("z"), undefined);
    assert.deepEqual(db.prepare("SELECT k FROM p WHERE k = ?").all("z"), []);
    assert.deepEqual(db.prepare("INSERT INTO p VALUES ('c', 3) RETURNING v").get(), [3]);
  });
});

conformance("reports bad SQL, a missing table and a broken constraint", (driver) => {
  inMemory(driver, (db) => {
    db.exec("CREATE TABLE p (k TEXT PRIMARY KEY NOT NULL)");
    const insert = db.prepare("INSERT INTO p VALUES (?)");
    insert.run("a");

    assert.throws(() => db.exec("SELEC 1"), (error: unknown) => {
      assert.ok(error instanceof Error && !(error instanceof StoreError)); // callers add the file
      assert.match(error.message, /syntax error/);
      return true;
    });
    assert.throws(() => db.prepare("SELECT * FROM nowhere"), /no such table: nowhere/);
    assert.throws(() => insert.run("a"), /UNIQUE constraint failed: p.k/);
    assert.throws(() => insert.run(null), /NOT NULL constraint failed: p.k/);
    insert.run("b"); // the statement works on
    assert.equal(one(db, "SELECT count(*) FROM p"), 2);
  });
});

conformance("commits and rolls back", (driver) => {
  inMemory(driver, (db) => {
    db.exec("CREATE TABLE p (v INTEGER)");
    const insert = db.prepare("INSERT INTO p VALUES (?)");

    db.exec("BEGIN IMMEDIATE");
    insert.run(1);
    db.exec("COMMIT");
    db.exec("BEGIN IMMEDIATE");
    insert.run(2);
    db.exec("ROLLBACK");

    assert.deepEqual(db.prepare("SELECT v FROM p").all(), [[1]]);
  });
});

conformance("waits for a lock as long as it was told, then says so", (driver) => {
  using dir = tempDir();
  const path = dir.join("a.sqlite");
  const holder = driver.open(path, { mode: "write" });
  const waiter = driver.open(path, { mode: "write", busyTimeoutMs: 60 });
  try {
    holder.exec("CREATE TABLE p (v); BEGIN IMMEDIATE");
    const start = performance.now();

    assert.throws(() => waiter.exec("BEGIN IMMEDIATE"), /database is locked/);

    const waitedMs = performance.now() - start;
    assert.ok(waitedMs >= 40 && waitedMs < 4000, `waited ${waitedMs} ms`);
    holder.exec("COMMIT");
    waiter.exec("BEGIN IMMEDIATE; COMMIT");
  } finally {
    waiter.close();
    holder.close();
  }
});

conformance("lets go of the file after get() and all()", (driver) => {
  using dir = tempDir();
  const path = dir.join("a.sqlite");
  const writer = driver.open(path, { mode: "write", busyTimeoutMs: 0 });
  writer.exec("CREATE TABLE p (v); INSERT INTO p VALUES (1), (2), (3)");
  const reader = driver.open(path, { mode: "read" });
  try {
    const statement = reader.prepare("SELECT v FROM p");

    assert.deepEqual(statement.get(), [1]);
    writer.exec("INSERT INTO p VALUES (4)"); // a read left open would hold this up
    assert.equal(statement.all().length, 4);
    writer.exec("INSERT INTO p VALUES (5)");
  } finally {
    reader.close();
    writer.close();
  }
});

conformance("does not write in mode read, and makes no file", (driver) => {
  using dir = tempDir();
  const path = dir.join("a.sqlite");
  const writer = driver.open(path, { mode: "write" });
  writer.exec("CREATE TABLE p (v)");
  writer.close();
  const reader = driver.open(path, { mode: "read" });
  try {
    assert.throws(() => reader.exec("INSERT INTO p VALUES (1)"), /readonly/);
    assert.deepEqual(reader.prepare("SELECT * FROM p").all(), []);
  } finally {
    reader.close();
  }

  const absent = dir.join("absent.sqlite");
  assert.throws(() => driver.open(absent, { mode: "read" }), (error: unknown) => {
    assert.ok(error instanceof StoreError);
    assert.equal(error.path, absent);
    assert.match(error.message, /cannot open ".*absent\.sqlite": /);
    return true;
  });
  assert.ok(!existsSync(absent));
});

conformance("names the file that cannot be made", (driver) => {
  using dir = tempDir();
  const path = dir.join("no", "such", "folder.sqlite");

  assert.throws(() => driver.open(path, { mode: "write" }), StoreError);
});

conformance("reads a closed WAL file in mode immutable and leaves nothing beside it", (driver) => {
  using dir = tempDir();
  const path = dir.join("50% a?b#c.sqlite");
  const writer = driver.open(path, { mode: "write" });
  writer.exec("PRAGMA journal_mode=WAL; CREATE TABLE p (v); INSERT INTO p VALUES (1)");
  writer.close();
  chmodSync(path, 0o444);

  const db = driver.open(path, { mode: "immutable" });
  try {
    assert.deepEqual(db.prepare("SELECT v FROM p").all(), [[1]]);
    assert.throws(() => db.exec("INSERT INTO p VALUES (2)"), /readonly/);
  } finally {
    db.close();
  }
  assert.deepEqual(readdirSync(dir.path), ["50% a?b#c.sqlite"]);
});

conformance("closes with statements open: one file is left", (driver) => {
  using dir = tempDir();
  const db = driver.open(dir.join("a.sqlite"), { mode: "write" });
  db.exec("PRAGMA journal_mode=WAL; CREATE TABLE p (v); INSERT INTO p VALUES (1), (2)");
  const statement = db.prepare("SELECT v FROM p");
  statement.get();
  assert.ok(readdirSync(dir.path).length > 1);

  db.close();

  assert.deepEqual(readdirSync(dir.path), ["a.sqlite"]);
  assert.throws(() => statement.get());
  assert.throws(() => db.exec("SELECT 1"));
  assert.throws(() => db.prepare("SELECT 1"));
});

conformance("says that a file is not a database", (driver) => {
  using dir = tempDir();
  writeFileSync(
    dir.join("a.sqlite"),
    "this is plain text, more than one hundred bytes ".repeat(20),
  );
  const db = driver.open(dir.join("a.sqlite"), { mode: "read" });
  try {
    assert.throws(
      () => db.prepare("SELECT * FROM sqlite_master").all(),
      /not a database/,
    );
  } finally {
    db.close();
  }
});

conformance("reads what the other driver wrote", (driver) => {
  using dir = tempDir();
  const path = dir.join("a.sqlite");
  const writer = nodeDriver.open(path, { mode: "write" });
  writer.exec(`PRAGMA journal_mode=WAL; ${TYPED}`);
  writer.prepare("INSERT INTO t VALUES (?, ?, ?, ?)").run(1, 2.5, "s", new Uint8Array([9]));

  const reader = driver.open(path, { mode: "read" }); // while the other is open
  try {
    assert.deepEqual(plain(reader.prepare("SELECT * FROM t").get() ?? []), [1, 2.5, "s", [9]]);
  } finally {
    reader.close();
    writer.close();
  }
});

conformance("prepares very many statements without holding them", (driver) => {
  inMemory(driver, (db) => {
    for (let i = 0; i < 20_000; i++) assert.equal(db.prepare("SELECT 1").get()?.[0], 1);
  });
});

test("ffi driver reads a text with a NUL whole", (t) => {
  const problem = ffiDriverProblem();
  if (problem !== undefined) return skip(t, `no SQLite library: ${problem}`);
  inMemory(ffiDriver, (db) => {
    assert.equal(one(db, "SELECT ?", "a\0b"), "a\0b");
  });
});

test("ffi driver refuses a path with a NUL and SQL without a statement", (t) => {
  const problem = ffiDriverProblem();
  if (problem !== undefined) return skip(t, `no SQLite library: ${problem}`);
  assert.throws(() => ffiDriver.open("a\0b", { mode: "write" }), /a NUL in it/);
  inMemory(ffiDriver, (db) => {
    assert.throws(() => db.prepare("-- nothing"), /no SQL statement/);
  });
});

test("sqliteFileUri() keeps special characters of a path and names no host", () => {
  assert.equal(sqliteFileUri("/a/50%?#.db", "immutable=1"), "file:///a/50%25%3f%23.db?immutable=1");
  assert.equal(sqliteFileUri("//a/b.db", "mode=ro"), "file:////a/b.db?mode=ro");
  assert.equal(sqliteFileUri("a.db", "mode=ro"), "file:a.db?mode=ro");
});
