/** docs/run-file.md must say what the code writes: tables, columns, keys, tags, frames, lease. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeConfig, float } from "../../lib/config_value.ts";
import * as frames from "../../lib/frames.ts";
import { readLease } from "../../lib/lease.ts";
import { Run } from "../../lib/mod.ts";
import type { Db } from "../../lib/store/driver.ts";
import { openDb } from "../../lib/store/open.ts";
import { OWN_DDL, SEED_DDL } from "../../lib/store/schema.ts";
import { ROOT, tempDir } from "../_harness.ts";

const page = readFileSync(join(ROOT, "docs/run-file.md"), "utf8");
const [pageDdl = "", ...examples] = [...page.matchAll(/```sql\n([^]*?)```/g)].map((block) =>
  block[1] as string
);

/** Every column of every table: name, type, not null, default, place in the primary key. */
function columnsOf(db: Db): Record<string, unknown[][]> {
  const tables = db.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'",
  );
  return Object.fromEntries(
    tables.all().map(([name]) => {
      const info = db.prepare(`PRAGMA table_info(${String(name)})`);
      return [name, info.all().map((row) => row.slice(1))];
    }),
  );
}

function withDb<T>(ddl: string, work: (db: Db) => T): T {
  const db = openDb(":memory:", { mode: "write" });
  try {
    db.exec(ddl);
    return work(db);
  } finally {
    db.close();
  }
}

/** All sources that may write to a run file. */
function sources(): string[] {
  return ["lib", "server", "cli", "monitors"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(ROOT, folder, name), "utf8"))
  );
}

/** Keys of `run_meta` that a source writes: literal ones, and those behind a constant of the file. */
function writtenKeys(source: string): string[] {
  const calls = [...source.matchAll(/\bsetMeta\(\s*(?:"(\w+)"|([A-Z][A-Z_]+))/g)];
  const named = calls.map(([, literal, constant]) =>
    literal ?? new RegExp(`const ${constant} = "(\\w+)"`).exec(source)?.[1] ?? `?${constant}`
  );
  const sql = [...source.matchAll(/INTO run_meta\s*\(key, value\)\s*VALUES\s*\('(\w+)'/g)];
  return [...named, ...sql.map((match) => match[1]!)];
}

test("docs/run-file.md gives every table and column of a run file, to the letter", () => {
  const ours = withDb(SEED_DDL + Object.values(OWN_DDL).join(";"), columnsOf);

  const described = withDb(pageDdl, columnsOf);

  assert.deepEqual(described, ours);
  assert.ok(Object.keys(ours).length >= 11, "the schema has its tables");
});

test("docs/run-file.md names every key of run_meta that the code writes", () => {
  const keys = new Set(sources().flatMap(writtenKeys));

  const missing = [...keys].filter((key) => !page.includes(`\`${key}\``));

  assert.deepEqual(missing, []);
  for (const key of ["schema_version", "status", "trashed", "gs_journal", "kind"]) {
    assert.ok(keys.has(key), `${key} was found in the sources`);
  }
});

test("docs/run-file.md names every type tag that encodeConfig gives", () => {
  const values = [null, true, 1, 1n, float(3), 0.5, "a", new Date(0), new Set(["é"]), [1]];

  const missing = values.map((value) => encodeConfig(value).tag)
    .filter((tag) => !page.includes(`| \`${tag}\``));

  assert.deepEqual(missing, []);
  assert.equal(encodeConfig(new Set(["é", "a"])).text, '["a", "\\u00e9"]'); // as the page shows it
});

test("docs/run-file.md has examples that run on a run file", () => {
  for (const example of examples) {
    withDb(SEED_DDL + OWN_DDL.gs_metric_nans, (db) => {
      const statements = example.split(/;\s*$/m).filter((sql) => sql.trim() !== "");
      for (const sql of statements) db.exec(`EXPLAIN ${sql}`);
    });
  }
  assert.equal(examples.length, 2);
});

test("docs/run-file.md gives a series with its NaN points by the query it shows", () => {
  const query = examples.find((sql) => sql.startsWith("SELECT")) ?? "";

  const rows = withDb(
    SEED_DDL + OWN_DDL.gs_metric_nans + `;
    INSERT INTO metric_series(id, path) VALUES (1, 'a'), (2, 'b');
    INSERT INTO metric_points(series_id, step, y, ts) VALUES (1, 0, 5, 10), (1, 2, 7, 10.5), (2, 1, 1, 1);
    INSERT INTO gs_metric_nans(series_id, step, ts) VALUES (1, 1, 10.25), (1, 2, 10);`,
    (db) => {
      const all = db.prepare(query.replaceAll(":series", "1"));
      return all.all();
    },
  );

  assert.deepEqual(rows, [[0, 5, 10], [1, null, 10.25], [2, 7, 10.5]]);
});

test("docs/run-file.md names every field of a lease, and every file beside a live run", () => {
  using dir = tempDir();
  const run = new Run({
    storage: "local",
    logDir: dir.path,
    runId: "live",
    quiet: true,
    durability: "kill",
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    gitRef: false,
  });
  try {
    run.logMetrics({ loss: 1 });
    run.sync();

    const fields = Object.keys(readLease(run.path!)!);
    const files = readdirSync(dir.path).map((name) => name.replace(/^live/, "<run_id>"));

    for (const field of fields) assert.ok(page.includes(`\`${field}\``), `lease field ${field}`);
    for (const file of files) {
      const name = file.endsWith("-shm") ? "…-shm" : file;
      assert.ok(page.includes(`${name}\``), `file ${file}`);
    }
    assert.ok(files.length >= 4);
  } finally {
    run.close();
  }
  assert.deepEqual(readdirSync(dir.path), ["live.sqlite"]); // as the page says
});

test("docs/run-file.md numbers the kinds of frames as the code does", () => {
  assert.deepEqual(
    [
      frames.FRAME_METRIC_SERIES,
      frames.FRAME_STRING_SERIES,
      frames.FRAME_TEXT,
      frames.FRAME_CONSOLE,
      frames.FRAME_RECORD,
      frames.FRAME_POINTS,
      frames.FLAG_MORE,
      frames.FRAME_HEADER_BYTES,
      frames.FRAME_NUMBERS_BYTES,
    ],
    [1, 2, 3, 4, 5, 6, 1, 8, 24],
  );
});
