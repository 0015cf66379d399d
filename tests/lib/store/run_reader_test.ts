import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { type MetricCursor, RunReader } from "../../../lib/store/run_reader.ts";
import { nextUp } from "../../../lib/store/read_values.ts";
import { openDb } from "../../../lib/store/open.ts";
import { OWN_DDL } from "../../../lib/store/schema.ts";
import { tempDir } from "../../_harness.ts";
import { fillRun, makeRun, openForWriting, putPoints, type TestPoint } from "./_files.ts";

function openRun(path: string, run: Parameters<typeof makeRun>[1]): RunReader {
  makeRun(path, run);
  return RunReader.open(path);
}

test("RunReader.summary() and meta() give what the file says", () => {
  using dir = tempDir();
  using run = openRun(dir.join("file.sqlite"), {
    meta: {
      run_id: "r1",
      project: "w/p",
      name: "näme",
      status: "finished",
      trashed: "true",
      created_at: "2026-01-01T00:00:00+00:00",
      closed_at: "c",
      modified_at: "m",
    },
    metrics: { b: [[0, 1]], "\u{1f680}": [[0, 1]], "\uffee": [[0, 1]], onlynan: [[0, NaN]] },
    texts: { t: [[0, "x"]] },
    sql:
      "INSERT INTO metric_series(path) VALUES ('empty'); INSERT INTO string_series(path) VALUES ('e')",
  });

  assert.deepEqual(run.summary(), {
    runId: "r1",
    project: "w/p",
    name: "näme",
    status: "finished",
    trashed: true,
    createdAt: "2026-01-01T00:00:00+00:00",
    closedAt: "c",
    modifiedAt: "m",
    metricPaths: ["b", "onlynan", "\uffee", "\u{1f680}"],
    stringPaths: ["t"],
  });
  assert.equal(run.meta().get("schema_version"), "1");
  assert.deepEqual(run.metricSeries().map((s) => s.path).includes("empty"), true);
  assert.deepEqual(run.stringSeries().map((s) => s.path), ["t", "e"]);
});

test("RunReader reads a file of 0.2: no string tables, integer steps, old meta keys", () => {
  using dir = tempDir();
  const db = openDb(dir.join("calm-dolphin.sqlite"), { mode: "write" });
  db.exec(`CREATE TABLE run_meta (key TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE configs (path TEXT PRIMARY KEY, type_tag TEXT NOT NULL, value TEXT, updated_at TEXT NOT NULL);
    CREATE TABLE metric_series (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE);
    CREATE TABLE metric_points (series_id INTEGER NOT NULL, step INTEGER NOT NULL, y REAL NOT NULL,
      ts INTEGER NOT NULL, PRIMARY KEY (series_id, step));
    INSERT INTO run_meta VALUES ('run_name','calm-dolphin'),('project','ws/proj'),('experiment_name','x');
    INSERT INTO configs VALUES ('lr','float','1e-05','2026');
    INSERT INTO metric_series VALUES (1,'loss');
    INSERT INTO metric_points VALUES (1,0,0.5,1795270532),(1,1,0.25,1795270533),
      (1,9223372036854775806,1,5),(1,9223372036854775807,2,5)`);
  db.close();

  using run = RunReader.open(dir.join("calm-dolphin.sqlite"));

  assert.deepEqual([run.summary().runId, run.summary().name], ["calm-dolphin", "x"]);
  assert.equal(run.summary().status, "unknown");
  assert.deepEqual([run.metricPaths(), run.stringPaths()], [["loss"], []]);
  assert.deepEqual([...run.points("loss", { limit: 2 }).tsMs], [1795270532000, 1795270533000]);
  assert.deepEqual([...run.points("loss").step.slice(0, 3)], [0, 1, 2 ** 63]);
  assert.deepEqual(run.configs(), [{
    path: "lr",
    tag: "float",
    value: "1e-05",
    updatedAt: "2026",
  }]);
  assert.deepEqual(run.strings(), { rows: [], total: 0 });
  for (let cursor: MetricCursor | undefined, pages = 0;; pages++) {
    assert.ok(pages < 5, "paging over steps that are one float64 comes to an end");
    const page = run.allMetricRows(cursor, 1);
    if ((cursor = page.next) === undefined) break;
  }
});

test("RunReader.points() merges NaN rows by step and keeps infinities", () => {
  using dir = tempDir();
  using run = openRun(dir.join("r.sqlite"), {
    metrics: {
      m: [[2, NaN, 3], [-1, -Infinity, 1], [0.5, 1, 2.25], [Infinity, 7, 4], [-Infinity, NaN, 0]],
    },
  });

  const points = run.points("m");

  assert.deepEqual([...points.step], [-Infinity, -1, 0.5, 2, Infinity]);
  assert.deepEqual([...points.y], [NaN, -Infinity, 1, NaN, 7]);
  assert.deepEqual([...points.tsMs], [0, 1000, 2250, 3000, 4000]);
  assert.equal(run.pointCount("m"), 5);
  assert.deepEqual([run.pointCount("none"), run.points("none").step.length], [0, 0]);
});

test("RunReader.points() cuts by stepMin, stepMax, afterStep and limit", () => {
  using dir = tempDir();
  const points = Array.from({ length: 10 }, (_, i): TestPoint => [i, i % 3 === 0 ? NaN : i]);
  using run = openRun(dir.join("r.sqlite"), { metrics: { m: points } });
  const steps = (options: Parameters<RunReader["points"]>[1]) => [...run.points("m", options).step];

  assert.deepEqual(steps({ stepMin: 2, stepMax: 4 }), [2, 3, 4]);
  assert.deepEqual(steps({ afterStep: 7 }), [8, 9]);
  assert.deepEqual(steps({ stepMin: 5, afterStep: 3, limit: 2 }), [5, 6]);
  assert.deepEqual(steps({ afterStep: Infinity }), []);
  assert.deepEqual(steps({ stepMin: 6, stepMax: 5 }), []);
});

test("RunReader: a number that another program wrote over a NaN wins", () => {
  using dir = tempDir();
  using run = openRun(dir.join("r.sqlite"), {
    metrics: { m: [[0, NaN], [1, NaN]] },
    sql: "INSERT INTO metric_points(series_id, step, y, ts) VALUES (1, 1, 5, 9)",
  });

  assert.deepEqual([...run.points("m").y], [NaN, 5]);
  assert.equal(run.pointCount("m"), 2);
});

test("RunReader passes over values of foreign types, and counts them", () => {
  using dir = tempDir();
  using run = openRun(dir.join("r.sqlite"), {
    metrics: { m: [[0, 1]] },
    sql: `DROP TABLE metric_points;
      CREATE TABLE metric_points (series_id, step, y, ts, PRIMARY KEY (series_id, step));
      INSERT INTO metric_points VALUES (1, 0, 1.5, 'soon'), (1, 1, NULL, 2), (1, 2, 'text', 2),
        (1, 3, x'00ff', 2), (1, 'four', 4, 2), (1, NULL, 5, 2), (1, 6, 9223372036854775807, NULL),
        (1, x'07', 7, 2)`,
  });

  const points = run.points("m");

  assert.deepEqual([[...points.step], [...points.y]], [[0, 6], [1.5, 2 ** 63]]);
  assert.deepEqual([...points.tsMs], [0, NaN]);
  assert.equal(run.pointCount("m"), 2);
  assert.equal(run.foreignRows(), 6);
});

test("RunReader gives texts whole: NUL, lone surrogates, invalid UTF-8, blobs, 1 MB", () => {
  using dir = tempDir();
  const long = "é".repeat(500_000);
  using run = openRun(dir.join("r.sqlite"), {
    meta: { odd: "a\0b" },
    configs: [["k\0ey", "str", "v\0w"], ["null", "null", null], ["sur", "str", "\ud800"]],
    metrics: { "m\0n": [[0, 1]] },
    texts: { t: [[0, "x\0y"], [1, long], [2, "p\ud800q"]] },
    sql: `INSERT INTO string_points(series_id, step, value, ts)
      VALUES (1, 3, CAST(x'41ff' AS TEXT), 1), (1, 4, x'6162', 1), (1, 5, 12, 1)`,
  });

  assert.equal(run.meta().get("odd"), "a\0b");
  assert.deepEqual(run.configs().map((c) => [c.path, c.value]), [
    ["k\0ey", "v\0w"],
    ["null", null],
    ["sur", "\ufffd"],
  ]);
  assert.deepEqual(run.metricPaths(), ["m\0n"]);
  assert.equal(run.pointCount("m\0n"), 1);
  assert.deepEqual(run.strings().rows.map((r) => r.value), [
    "x\0y",
    long,
    "p\ufffdq",
    "A\ufffd",
    "ab",
    "12",
  ]);
});

test("RunReader.strings() counts, cuts and orders as documented", () => {
  using dir = tempDir();
  using run = openRun(dir.join("r.sqlite"), {
    texts: {
      b: [[0, "b0"], [1, "b1"], [2, "b2"]],
      a: [[5, "a5"], [1, "a1"]],
    },
    sql: "INSERT OR REPLACE INTO string_points(series_id, step, value, ts) VALUES (1, 0, 'B0', 1)",
  });
  const values = (options: Parameters<RunReader["strings"]>[0]) =>
    run.strings(options).rows.map((row) => row.value).join(" ");

  assert.equal(values({}), "a1 a5 B0 b1 b2");
  assert.equal(values({ path: "b" }), "B0 b1 b2");
  assert.equal(values({ path: "none" }), "");
  assert.equal(values({ limit: 2 }), "a1 a5");
  assert.equal(values({ limit: 0 }), "");
  assert.equal(values({ limit: -1, offset: 3 }), "b1 b2");
  assert.equal(values({ offset: 1, limit: 2 }), "a5 B0");
  assert.equal(values({ offset: 99 }), "");
  assert.equal(values({ path: "b", tail: 2 }), "b1 b2");
  assert.equal(values({ path: "b", tail: 9, limit: 1 }), "B0 b1 b2");
  assert.equal(values({ tail: 2 }), "a1 B0", "the ones written last, oldest first");
  assert.equal(values({ tail: -1 }), "b1 b2 a5 a1 B0");
  assert.equal(values({ tail: 0 }), "");
  assert.equal(values({ path: "b", afterStep: 0 }), "b1 b2");
  assert.equal(values({ path: "b", afterStep: 0, limit: 1 }), "b1");
  assert.deepEqual([run.strings({ tail: 1 }).total, run.strings({ path: "a", limit: 1 }).total], [
    5,
    2,
  ]);
});

test("StringReader.page() bounds a page by rows and by size, and loses nothing", () => {
  using dir = tempDir();
  const texts = Object.fromEntries(["a", "b", "c"].map((path) => [
    path,
    Array.from({ length: 40 }, (_, i): [number, string] => [i, path.repeat(1 + (i * 37) % 50)]),
  ]));
  using run = openRun(dir.join("r.sqlite"), { texts });
  const expected = run.strings().rows;

  for (const start of [undefined, run.texts.lastWritten(120)]) {
    const seen = [];
    for (let cursor = start, first = true; first || cursor !== undefined; first = false) {
      const page = run.texts.page(cursor, { maxRows: 7, maxChars: 90 });
      const chars = page.rows.reduce((sum, row) => sum + row.value.length, 0);
      assert.ok(page.rows.length <= 7 && (chars <= 90 || page.rows.length === 1), `${chars}`);
      seen.push(...page.rows);
      cursor = page.next;
    }
    assert.deepEqual(seen, expected);
  }
});

test("RunReader.allMetricRows() pages through every point of every series once (property)", () => {
  using dir = tempDir();
  const points = fc.uniqueArray(
    fc.tuple(fc.integer({ min: -20, max: 20 }), fc.oneof(fc.constant(NaN), fc.integer())),
    { selector: (p) => p[0], maxLength: 15 },
  );
  let file = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 3 }), points),
      fc.integer({ min: 1, max: 9 }),
      (metrics, limit) => {
        using run = openRun(dir.join(`${file++}.sqlite`), { metrics });
        const expected = run.metricPaths().map((path) =>
          [path, [...run.points(path).step]] as const
        );
        const seen = new Map<string, number[]>();
        for (let cursor: MetricCursor | undefined, first = true; first || cursor; first = false) {
          const page = run.allMetricRows(cursor, limit);
          assert.ok(page.parts.reduce((sum, p) => sum + p.points.step.length, 0) <= limit);
          for (const { path, points } of page.parts) {
            seen.set(path, [...seen.get(path) ?? [], ...points.step]);
          }
          cursor = page.next;
        }
        assert.deepEqual([...seen], expected);
      },
    ),
    { numRuns: 30 },
  );
});

test("RunReader reads our own tables in pages; absent ones are empty", () => {
  using dir = tempDir();
  using plain = openRun(dir.join("plain.sqlite"), {});
  using run = openRun(dir.join("r.sqlite"), {
    sql: Object.values(OWN_DDL).join(";") + `;
      INSERT INTO gs_log_lines(ts, level, message, stream, writer, seq, extra)
        VALUES (1.5, 'info', 'one', 'stdout', 'w:0', 7, '{"a":1}'), (NULL, NULL, 'two', NULL, NULL, NULL, NULL);
      INSERT INTO gs_events(ts, kind, body) VALUES (2, 'alert', '{}');
      INSERT INTO gs_records(kind, ts, body) VALUES ('span', 3, '{"x":1}');
      INSERT INTO gs_extras VALUES ('metric', 'm', 0.5, '{"context":1}')`,
  });

  assert.deepEqual(run.logLines(), [
    {
      id: 1,
      tsMs: 1.5,
      level: "info",
      message: "one",
      stream: "stdout",
      writer: "w:0",
      seq: 7,
      extra: '{"a":1}',
    },
    {
      id: 2,
      tsMs: null,
      level: null,
      message: "two",
      stream: null,
      writer: null,
      seq: null,
      extra: null,
    },
  ]);
  assert.deepEqual(run.logLines({ afterId: 1, limit: 1 }).map((l) => l.message), ["two"]);
  assert.deepEqual(run.events(), [{ id: 1, kind: "alert", tsMs: 2, body: "{}" }]);
  assert.deepEqual(run.records(), [{ id: 1, kind: "span", tsMs: 3, body: '{"x":1}' }]);
  assert.deepEqual(run.extras(), [{
    id: 1,
    kind: "metric",
    path: "m",
    step: 0.5,
    body: '{"context":1}',
  }]);
  assert.deepEqual([plain.logLines(), plain.events(), plain.records(), plain.extras()], [
    [],
    [],
    [],
    [],
  ]);
});

test("RunReader.writerHint() finds host and process of the last writer", () => {
  using dir = tempDir();
  using run = openRun(dir.join("r.sqlite"), {
    configs: [["monitoring/aa/hostname", "str", "old"], ["monitoring/aa/pid", "int", "1"]],
    sql: `INSERT INTO configs(path, type_tag, value, updated_at) VALUES
      ('monitoring/bb/hostname','str','vm','u'), ('monitoring/bb/pid','int','42','u')`,
  });
  using none = openRun(dir.join("n.sqlite"), {});

  assert.deepEqual(run.writerHint(), { hostname: "vm", pid: 42 });
  assert.equal(none.writerHint(), undefined);
});

test("RunReader lists 10,000 metric names", () => {
  using dir = tempDir();
  const db = openForWriting(dir.join("r.sqlite"));
  db.exec(`WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000)
    INSERT INTO metric_series(id, path) SELECT i, 'm/' || i FROM c`);
  db.exec(
    "INSERT INTO metric_points(series_id, step, y, ts) SELECT id, 0, 1, 1 FROM metric_series",
  );
  fillRun(db, {});
  putPoints(db, "m/1", [[1, NaN]]);
  db.close();

  using run = RunReader.open(dir.join("r.sqlite"));

  assert.equal(run.metricPaths().length, 10_000);
  assert.equal(run.metricPaths()[1], "m/10");
  assert.equal(run.allMetricRows(undefined, 20_000).parts.length, 10_000);
});

test("nextUp() gives the next number", () => {
  for (const x of [0, -0, 1, -1, Number.MIN_VALUE, -Number.MIN_VALUE, 1e300, -Infinity, 0.1]) {
    const next = nextUp(x);
    assert.ok(next > x, `${x}`);
    assert.ok(x === -Infinity || !((x + next) / 2 > x && (x + next) / 2 < next), `${x}`);
  }
  assert.equal(nextUp(Number.MAX_VALUE), Infinity);
  assert.equal(nextUp(-Infinity), -Number.MAX_VALUE);
  assert.equal(nextUp(Infinity), Infinity);
});
