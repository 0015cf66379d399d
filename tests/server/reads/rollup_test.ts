import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { RunReader } from "../../../lib/store/run_reader.ts";
import type { Db } from "../../../lib/store/driver.ts";
import {
  downsample,
  type Downsampled,
  planWindow,
  rowsSource,
} from "../../../server/reads/downsample.ts";
import { downsampleSeries } from "../../../server/reads/rollup.ts";
import { FIELDS } from "../../../server/reads/blocks.ts";
import { CHUNK_ENTRIES } from "../../../server/reads/rollup_levels.ts";
import { RollupStore } from "../../../server/reads/rollup_store.ts";
import { tempDir } from "../../_harness.ts";
import { openForWriting, putPoints, type TestPoint } from "../../lib/store/_files.ts";

/** The answer without any cache: all rows, read and summed up here and now. */
function plain(
  run: RunReader,
  path: string,
  request: Parameters<typeof planWindow>[1],
): Downsampled {
  const rows = run.points(path);
  return downsample(rowsSource(rows), planWindow(rows.step.length, request));
}

function ask(file: string, store: RollupStore, request: Parameters<typeof planWindow>[1]): void {
  using run = RunReader.open(file);
  const got = downsampleSeries(store, run, "m", request);
  assert.deepEqual(got, plain(run, "m", request));
}

/** A small generator of numbers, so that a failing case can be told by its seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

function points(from: number, count: number, y: (i: number) => number): TestPoint[] {
  return Array.from({ length: count }, (_, i) => [from + i, y(from + i), 1e9 + i / 7]);
}

/** Writes to the series under test, with writes to another one in between. */
function write(db: Db, list: readonly TestPoint[]): void {
  const half = list.length >>> 1;
  putPoints(db, "m", list.slice(0, half));
  putPoints(db, "other", [[0, half], [half, NaN]]);
  putPoints(db, "m", list.slice(half));
}

test("downsampleSeries() answers the same with and without a cache, bit for bit (property)", () => {
  using dir = tempDir();
  let file = 0;
  fc.assert(
    fc.property(fc.nat(2 ** 31), (seed) => {
      const random = randomOf(seed);
      const int = (n: number) => Math.floor(random() * n);
      const value =
        () => (random() < 0.05 ? [NaN, Infinity, -Infinity][int(3)]! : random() * 2e3 - 1e3);
      const path = dir.join(`${file++}.sqlite`);
      const cacheDir = dir.join("cache" + file);
      mkdirSync(cacheDir);
      const tuning = { smallRows: int(3) * 300, worthStoring: int(200), worthStoringScanned: 500 };
      let store = new RollupStore(undefined, tuning);
      const db = openForWriting(path);
      try {
        let end = int(3) === 0 ? 8100 + int(300) : int(900);
        write(db, points(0, end, value));
        for (let round = 0; round < 8; round++) {
          switch (int(6)) {
            case 0: // append
              write(db, points(end, 1 + int(500), value));
              end += 500;
              break;
            case 1: // overwrite some, NaN <-> number
              write(db, Array.from({ length: 1 + int(60) }, () => [int(end), value()]));
              break;
            case 2: // steps between, in front of and behind the others
              write(
                db,
                Array.from(
                  { length: 1 + int(20) },
                  () => [random() * end * 1.2 - end / 10, value()],
                ),
              );
              break;
            case 3: // overwrite the newest rows again and again
              write(db, points(end - 1 - int(5), 5, value));
              end += 5;
              break;
            case 4: // flip the newest rows to NaN and write others
              write(db, points(end - 3, 3, () => NaN));
              write(db, points(end + int(3) - 3, 4, () => random()));
              end += 4;
              break;
            case 5: // the cache goes
              store.cache.close();
              rmSync(cacheDir, { recursive: true, force: true });
              mkdirSync(cacheDir);
              store = new RollupStore(random() < 0.5 ? cacheDir : undefined, tuning);
              break;
          }
          const first = random() < 0.5 ? undefined : int(end);
          const last = random() < 0.5 ? undefined : int(end * 1.1);
          ask(path, store, { pointCount: 1 + int(random() < 0.7 ? 12 : 3000), first, last });
        }
        assert.equal(store.cache.trouble, undefined);
      } finally {
        db.close();
        store.cache.close();
      }
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

test("downsampleSeries() does not depend on the order in which points came", () => {
  using dir = tempDir();
  const list = points(0, 20_000, (i) => Math.sin(i) * 1e3 / 7);
  const results = [
    list,
    list.toReversed(),
    list.toSorted((a, b) => Math.sin(a[0]) - Math.sin(b[0])),
  ]
    .map((order, i) => {
      const path = dir.join(`${i}.sqlite`);
      const db = openForWriting(path);
      using store = new RollupStore(undefined);
      for (let at = 0; at < order.length; at += 7000) {
        putPoints(db, "m", order.slice(at, at + 7000));
        using run = RunReader.open(path);
        downsampleSeries(store, run, "m", { pointCount: 50 });
      }
      db.close();
      using run = RunReader.open(path);
      return downsampleSeries(store, run, "m", { pointCount: 100 });
    });

  assert.deepEqual([...results[1]!.value], [...results[0]!.value]);
  assert.deepEqual([...results[2]!.value], [...results[0]!.value]);
});

test("downsampleSeries() reads only what it needs once a rollup is stored", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  putPoints(db, "m", points(0, 40_000, (i) => i));
  db.close();
  using store = new RollupStore(dir.path);
  ask(path, store, { pointCount: 100 });

  // values changed without new row numbers, which nothing may do, are not seen: nothing was read
  const other = openForWriting(path);
  other.exec("UPDATE metric_points SET y = 0 WHERE step BETWEEN 1 AND 39998");
  other.close();
  using run = RunReader.open(path);
  const warm = downsampleSeries(store, run, "m", { pointCount: 100 });

  assert.equal(warm.value[1], 255.5);
  assert.equal(store.cache.trouble, undefined);
});

test("downsampleSeries() brings the upper levels up to date", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  putPoints(db, "m", [[0, 1]]);
  db.exec(`WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 262200)
    INSERT INTO metric_points(series_id, step, y, ts) SELECT 1, i, 1.0 / i, i FROM c`);
  using store = new RollupStore(undefined, { worthStoring: 1, worthStoringScanned: 1 });
  const counts = [1, 2, 3, 10, 60];
  const askAll = (): void => {
    using run = RunReader.open(path);
    const rows = run.points("m");
    for (const pointCount of counts) {
      const expected = downsample(rowsSource(rows), planWindow(rows.step.length, { pointCount }));
      assert.deepEqual(downsampleSeries(store, run, "m", { pointCount }), expected);
    }
  };

  askAll();
  putPoints(db, "m", points(262_201, 70, (i) => i)); // only the last block grows
  askAll();
  putPoints(db, "m", [[5, 7], [4096, NaN], [200_000, -3]]); // values, not their number
  askAll();
  putPoints(db, "m", [[131_000.5, 1e6]]); // all rows behind it move
  askAll();
  db.close();
  assert.equal(store.cache.trouble, undefined);
});

test("RollupStore.put() of a rollup that another process has stored meanwhile changes nothing", () => {
  using dir = tempDir();
  using one = new RollupStore(dir.path);
  using two = new RollupStore(dir.path);
  const update = (rowCount: number) => ({
    rowCount,
    anchors: { points: Float64Array.of(rowCount), nans: new Float64Array(0) },
    chunks: [{ level: 1, chunk: 0, data: new Float64Array(CHUNK_ENTRIES * FIELDS).fill(rowCount) }],
  });
  one.put("file", 1, update(100));
  const read = (store: RollupStore) => {
    const rollup = store.begin("file", 1)!;
    const seen = { ...rollup, first: rollup.load(1, 0)?.[0] };
    store.end();
    return seen;
  };
  const [seenByOne, seenByTwo] = [read(one), read(two)];

  two.put("file", 1, update(300), seenByTwo);
  one.put("file", 1, update(200), seenByOne);
  const after = read(one);
  one.put("file", 1, update(400), after);

  assert.deepEqual([after.rowCount, after.first], [300, 300]);
  assert.deepEqual([read(two).rowCount, read(two).first], [400, 400]);
});

test("downsampleSeries() notices that the newest rows are gone", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  using store = new RollupStore(undefined, { smallRows: 100 });
  putPoints(db, "m", points(0, 3000, (i) => i));
  putPoints(db, "m", points(100, 10, (i) => -i));
  ask(path, store, { pointCount: 7 });

  db.exec("DELETE FROM metric_points WHERE rowid > (SELECT max(rowid) FROM metric_points) - 5");
  ask(path, store, { pointCount: 7 });
  db.exec("DELETE FROM metric_points WHERE rowid > (SELECT max(rowid) FROM metric_points) - 900");
  putPoints(db, "m", points(5000, 1000, (i) => i / 3));
  ask(path, store, { pointCount: 7 });
  db.exec("DELETE FROM metric_points");
  ask(path, store, { pointCount: 7 });
  db.close();
});

test("downsampleSeries() works with a broken, a garbled and an emptied cache", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  putPoints(db, "m", points(0, 30_000, (i) => Math.cos(i)));
  const cacheFile = dir.join("c", "rollups-1.sqlite");
  openForWriting(dir.join("c", "x.sqlite")).close();
  const damages: readonly (() => void)[] = [
    () => writeFileSync(cacheFile, "garbage".repeat(1000)),
    () => truncateSync(cacheFile, 4096 * 3),
    () => rmSync(cacheFile),
    () => {
      const cache = openForWriting(cacheFile);
      cache.exec("DELETE FROM chunk WHERE chunk = 1; PRAGMA wal_checkpoint(TRUNCATE)");
      cache.close();
    },
    () => {
      const cache = openForWriting(cacheFile);
      cache.exec("DROP TABLE chunk; CREATE TABLE chunk(other)");
      cache.close();
    },
  ];

  for (const damage of damages) {
    {
      using store = new RollupStore(dir.join("c"));
      ask(path, store, { pointCount: 64 });
      assert.equal(store.cache.path, cacheFile);
    }
    damage();
    using store = new RollupStore(dir.join("c"));
    ask(path, store, { pointCount: 64 });
    ask(path, store, { pointCount: 64 });
    assert.equal(store.cache.path, cacheFile, String(store.cache.trouble));
  }
  db.close();
  assert.ok(readdirSync(dir.join("c")).includes("rollups-1.sqlite"));
});

test("downsampleSeries() with two caches open on one file keeps both right", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  putPoints(db, "m", points(0, 10_000, (i) => i % 17));
  using one = new RollupStore(dir.path);
  using two = new RollupStore(dir.path);
  const random = randomOf(7);

  for (let round = 0; round < 12; round++) {
    const step = Math.floor(random() * 9000) + (round % 3 === 0 ? 0.5 : 0);
    putPoints(db, "m", [[step, round], [20_000 + round, 1]]);
    if (round % 4 === 3) putPoints(db, "m", points(30_000 + round * 2000, 1500, (i) => i));
    ask(path, round % 2 === 0 ? one : two, { pointCount: 40 });
    if (round % 5 === 4) ask(path, one, { pointCount: 7 });
  }
  db.close();

  assert.deepEqual([one.cache.trouble, two.cache.trouble], [undefined, undefined]);
});

test("downsampleSeries() of a path without series is empty", () => {
  using dir = tempDir();
  openForWriting(dir.join("r.sqlite")).close();
  using run = RunReader.open(dir.join("r.sqlite"));
  using store = new RollupStore(undefined);

  const result = downsampleSeries(store, run, "none", { pointCount: 3 });

  assert.deepEqual([result.step.length, result.window.total, result.downsampled], [0, 0, false]);
});

test("downsampleSeries() of a table without row numbers works without a cache", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const db = openForWriting(path);
  db.exec(`DROP TABLE metric_points;
    CREATE TABLE metric_points (series_id INTEGER NOT NULL, step REAL NOT NULL, y REAL NOT NULL,
      ts INTEGER NOT NULL, uploaded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series_id, step)) WITHOUT ROWID`);
  putPoints(db, "m", points(0, 10_000, (i) => i));
  db.close();
  using store = new RollupStore(undefined);

  ask(path, store, { pointCount: 10 });
  ask(path, store, { pointCount: 10 });

  assert.equal(store.cache.trouble, undefined);
});
