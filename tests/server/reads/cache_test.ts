import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { CacheDb } from "../../../server/reads/cache_db.ts";
import { cacheHome, projectsKey } from "../../../server/reads/cache_home.ts";
import { tempDir } from "../../_harness.ts";
import { skip } from "../../_skip.ts";

const DDL = "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, data BLOB)";

test("cacheHome() is below XDG_CACHE_HOME, one private folder for each projects folder", () => {
  using dir = tempDir();
  const env = { XDG_CACHE_HOME: dir.join("cache"), HOME: dir.path };

  const one = cacheHome(dir.join("one"), env);
  const two = cacheHome(dir.join("two"), env);
  const byDefault = cacheHome(dir.join("one"), { HOME: dir.path });

  assert.equal(one.dir, dir.join("cache", "goodseed", projectsKey(dir.join("one"))));
  assert.notEqual(two.dir, one.dir);
  assert.ok(byDefault.dir?.startsWith(dir.join(".cache", "goodseed")));
  assert.equal(statSync(one.dir!).mode & 0o777, 0o700);
  assert.equal(statSync(dir.join("cache", "goodseed")).mode & 0o777, 0o700);
});

test("projectsKey() follows links to the folder", () => {
  using dir = tempDir();
  mkdirSync(dir.join("real"));
  symlinkSync(dir.join("real"), dir.join("link"));

  assert.equal(projectsKey(dir.join("link")), projectsKey(dir.join("real")));
});

test("cacheHome() passes over what is no folder, a link, or open to others, and says so", () => {
  using dir = tempDir();
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("elsewhere"));
  mkdirSync(dir.join("run"));
  symlinkSync(dir.join("elsewhere"), dir.join("run", "goodseed"));
  mkdirSync(dir.join("tmp", `goodseed-${process.getuid?.()}`), { recursive: true });
  chmodSync(dir.join("tmp", `goodseed-${process.getuid?.()}`), 0o777);

  const home = cacheHome(dir.join("p"), {
    XDG_CACHE_HOME: dir.join("file"),
    XDG_RUNTIME_DIR: dir.join("run"),
    TMPDIR: dir.join("tmp"),
  });

  assert.equal(home.dir, undefined);
  assert.match(home.passedOver.join("\n"), /file.*\n.*not a folder\n.*others can write to it/);
});

test("cacheHome() takes XDG_RUNTIME_DIR, then the temporary folder, when the others fail", () => {
  using dir = tempDir();
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("run"));
  const broken = { XDG_CACHE_HOME: dir.join("file") };

  const runtime = cacheHome(dir.join("p"), { ...broken, XDG_RUNTIME_DIR: dir.join("run") });
  const temporary = cacheHome(dir.join("p"), { ...broken, TMPDIR: dir.path });

  assert.ok(runtime.dir?.startsWith(dir.join("run", "goodseed")));
  assert.ok(temporary.dir?.startsWith(dir.join("goodseed-")));
});

test("CacheDb keeps what was written, for others that have the same file open", () => {
  using dir = tempDir();
  using one = new CacheDb({ dir: dir.path, name: "c.sqlite", ddl: DDL });
  using two = new CacheDb({ dir: dir.path, name: "c.sqlite", ddl: DDL });

  for (let i = 0; i < 20; i++) {
    const writer = i % 2 === 0 ? one : two;
    writer.write((cache) => cache.prepare("INSERT INTO item(data) VALUES (?)").run(`${i}`));
  }
  const seen = two.attempt((cache) => cache.prepare("SELECT count(*) FROM item").get()?.[0]);

  assert.equal(seen, 20);
  assert.deepEqual([one.trouble, two.trouble], [undefined, undefined]);
});

test("CacheDb.attempt() gives nothing while another process holds the file, and works afterwards", () => {
  using dir = tempDir();
  using one = new CacheDb({ dir: dir.path, name: "c.sqlite", ddl: DDL });
  using two = new CacheDb({ dir: dir.path, name: "c.sqlite", ddl: DDL, busyTimeoutMs: 20 });
  one.attempt((cache) => cache.exec("BEGIN IMMEDIATE"));

  const during = two.write(() => "written");
  one.attempt((cache) => cache.exec("COMMIT"));
  const after = two.write(() => "written");

  assert.deepEqual([during, after], [undefined, "written"]);
  assert.match(two.trouble ?? "", /locked/);
  assert.notEqual(two.path, undefined);
});

test("CacheDb throws a file away that has grown beyond its bound", () => {
  using dir = tempDir();
  const options = { dir: dir.path, name: "c.sqlite", ddl: DDL };
  {
    using cache = new CacheDb(options);
    cache.write((c) => c.exec("INSERT INTO item(data) VALUES (zeroblob(500000))"));
  }
  using cache = new CacheDb({ ...options, maxBytes: 100_000 });

  const first = cache.attempt(() => "opened");
  const count = cache.attempt((c) => c.prepare("SELECT count(*) FROM item").get()?.[0]);

  assert.deepEqual([first, count], [undefined, 0]);
  assert.notEqual(cache.path, undefined);
});

test("CacheDb goes on in memory when the disk is full", (t) => {
  using dir = tempDir();
  mkdirSync(dir.join("small"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "none", dir.join("small")], {
      stdio: "pipe",
    });
  } catch { // not root, or a machine without mounts
    return skip(t, "a full disk is made by mount, which needs root");
  }
  try {
    using cache = new CacheDb({ dir: dir.join("small"), name: "c.sqlite", ddl: DDL });
    cache.write((c) => c.exec("INSERT INTO item(data) VALUES (zeroblob(1000))"));
    const inFile = cache.path;

    const full = cache.write((c) => c.exec("INSERT INTO item(data) VALUES (zeroblob(1000000))"));
    const after = cache.write((c) =>
      c.exec("INSERT INTO item(data) VALUES (zeroblob(1000000))") ?? 1
    );

    assert.notEqual(inFile, undefined);
    assert.deepEqual([full, after, cache.path], [undefined, 1, undefined]);
    assert.match(cache.trouble ?? "", /full/);
  } finally {
    execFileSync("umount", [dir.join("small")]);
  }
});

test("CacheDb in a folder that is not there is kept in memory", () => {
  using dir = tempDir();
  using cache = new CacheDb({ dir: dir.join("absent"), name: "c.sqlite", ddl: DDL });

  const first = cache.write(() => 1);
  const second = cache.write(() => 2);

  assert.deepEqual([first, second, cache.path], [undefined, 2, undefined]);
});
