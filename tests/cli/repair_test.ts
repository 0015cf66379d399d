import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { RangeSet } from "../../cli/repair/ranges.ts";
import { ownIdentity } from "../../lib/process_identity.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunFile } from "../../lib/store/run_file.ts";
import { RunReader } from "../../lib/store/run_reader.ts";
import { tempDir } from "../_harness.ts";
import { folderState } from "../lib/store/_files.ts";
import {
  allRows,
  damage,
  fillRun,
  makeLargeRun,
  pageCount,
  type Rows,
  rowsByPage,
  seeded,
  zeroPages,
} from "./_damage.ts";
import { run } from "./_goodseed.ts";

/** A damaged file and what was in it. */
interface Patient {
  readonly path: string;
  readonly output: string;
  readonly before: Rows;
}

/** Repairs, and checks what holds for every repair. @returns rows of the new file */
async function repaired({ path, output }: Patient): Promise<Rows> {
  const state = folderState(path.replace(/\/[^/]*$/, ""));
  const outcome = await run(["repair", path, "-o", output]);

  assert.deepEqual([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
  assert.match(outcome.stdout, /^Recovered \d+ row/);
  const { [output.replace(/.*\//, "")]: made, ...rest } = folderState(path.replace(/\/[^/]*$/, ""));
  assert.ok(made);
  assert.deepEqual(rest, state);
  using reader = RunReader.open(output);
  assert.equal(reader.how, "immutable");
  const check = reader.db.prepare("PRAGMA integrity_check");
  assert.deepEqual(check.all(), [["ok"]]);
  return allRows(output);
}

/**
 * Everything on whole pages is there, and nothing that was not in the file, but for rows of damaged
 * pages, whose values nobody can check.
 *
 * @returns share of all rows that came back
 */
function compare(
  before: Rows,
  after: Rows,
  damagedRows: ReadonlySet<string>,
  exact: boolean,
): number {
  let right = 0;
  for (const [key, row] of before) {
    const same = after.get(key) === row;
    if (same) right++;
    assert.ok(same || damagedRows.has(key), `${key} is on a whole page and did not come back`);
  }
  for (const [key, row] of after) {
    if (before.get(key) === row) continue;
    if (key.startsWith("run_meta:") && /"(run_id|schema_version)"/.test(row)) continue;
    if (key.includes("_series:") && row.includes("recovered/")) continue;
    assert.ok(!exact && damagedRows.has(key), `${key} was not in the file: ${row.slice(0, 200)}`);
  }
  return right / before.size;
}

function rowsOn(pages: Iterable<number>, map: ReadonlyMap<number, readonly string[]>): Set<string> {
  return new Set([...pages].flatMap((page) => map.get(page) ?? []));
}

test("goodseed repair says of a healthy file that it is healthy, and writes nothing", async () => {
  using dir = tempDir();
  makeLargeRun(dir.join("r.sqlite"), 500);
  const state = folderState(dir.path);

  const outcome = await run(["repair", dir.join("r.sqlite")]);

  assert.equal(outcome.code, 0);
  assert.match(outcome.stdout, /r\.sqlite is healthy: there is nothing to repair\n$/);
  assert.deepEqual(folderState(dir.path), state);
});

test("goodseed repair brings back every row of whole pages when pages are zeroed", async () => {
  using dir = tempDir();
  const source = dir.join("source.sqlite");
  makeLargeRun(source);
  const before = allRows(source), map = rowsByPage(source, before), pages = pageCount(source);
  let share = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed), path = dir.join(`${seed}.sqlite`);
    const zeroed = Array.from({ length: 1 + random(8) }, () => 1 + random(pages));
    copyFileSync(source, path);
    damage(path, (bytes) => zeroPages(bytes, zeroed));

    const after = await repaired({ path, output: dir.join(`${seed}.new.sqlite`), before });

    share += compare(before, after, rowsOn(zeroed, map), true) / 12;
  }
  assert.ok(share > 0.9, `only ${share} of the rows came back`);
});

test("goodseed repair finds every row though all pages but leaves are destroyed", async () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeLargeRun(path);
  const before = allRows(path), map = rowsByPage(path, before);
  const inner: number[] = [];
  for (let page = 1; page <= pageCount(path); page++) if (!map.has(page)) inner.push(page);
  damage(path, (bytes) => zeroPages(bytes, inner));

  const after = await repaired({ path, output: dir.join("new.sqlite"), before });

  assert.equal(compare(before, after, new Set(), true), 1);
});

test("goodseed repair reads a file whose header is destroyed", async () => {
  using dir = tempDir();
  for (const [name, bytesGone] of [["head", 100], ["page", 4096]] as const) {
    const path = dir.join(`${name}.sqlite`);
    makeLargeRun(path);
    const before = allRows(path);
    damage(path, (bytes) => bytes.fill(0xa5, 0, bytesGone));

    const after = await repaired({ path, output: dir.join(`${name}.new.sqlite`), before });

    assert.equal(compare(before, after, new Set(), true), 1);
  }
});

test("goodseed repair brings back every row before the cut of a truncated file", async () => {
  using dir = tempDir();
  const source = dir.join("source.sqlite");
  makeLargeRun(source);
  const before = allRows(source), map = rowsByPage(source, before), pages = pageCount(source);
  for (const [i, kept] of [0.9, 0.5, 0.13].entries()) {
    const path = dir.join(`${i}.sqlite`), bytesKept = Math.floor(kept * pages * 4096) - i * 7;
    copyFileSync(source, path);
    damage(path, (bytes) => bytes.subarray(0, bytesKept));
    const gone: number[] = [];
    for (let page = Math.floor(bytesKept / 4096) + 1; page <= pages; page++) gone.push(page);

    const after = await repaired({ path, output: dir.join(`${i}.new.sqlite`), before });

    compare(before, after, rowsOn(gone, map), true);
  }
});

test("goodseed repair keeps every row of pages without flipped bits", async () => {
  using dir = tempDir();
  const source = dir.join("source.sqlite");
  makeLargeRun(source);
  const before = allRows(source), map = rowsByPage(source, before), pages = pageCount(source);
  let repairs = 0, share = 0;
  for (let seed = 1; seed <= 15; seed++) {
    const random = seeded(seed * 7919), path = dir.join(`${seed}.sqlite`);
    const hit = new Set<number>();
    copyFileSync(source, path);
    damage(path, (bytes) => {
      for (let i = 0; i < 40; i++) {
        // Half of them at the beginning of a page, where all of its structure is.
        const page = random(pages), at = page * 4096 + random(i % 2 === 0 ? 4096 : 64);
        bytes[at]! ^= 1 << random(8);
        hit.add(page + 1);
      }
      return bytes;
    });
    const output = dir.join(`${seed}.new.sqlite`);
    const after = await repaired({ path, output, before });

    share += compare(before, after, rowsOn(hit, map), false);
    repairs++;
  }
  assert.ok(share / repairs > 0.75, `only ${share / repairs} of the rows came back unchanged`);
});

test("goodseed repair finds every row whatever bits flip in pages above the leaves", async () => {
  using dir = tempDir();
  const source = dir.join("source.sqlite");
  makeLargeRun(source);
  const before = allRows(source), map = rowsByPage(source, before);
  const inner: number[] = [];
  for (let page = 1; page <= pageCount(source); page++) if (!map.has(page)) inner.push(page);
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed * 65537), path = dir.join(`${seed}.sqlite`);
    copyFileSync(source, path);
    damage(path, (bytes) => {
      bytes[0]! ^= 1; // so that SQLite does not take it
      for (const page of inner) {
        const at = (page - 1) * 4096;
        for (let i = 0; i < 4; i++) bytes[at + random(i < 2 ? 4096 : 160)]! ^= 1 << random(8);
      }
      return bytes;
    });
    const after = await repaired({ path, output: dir.join(`${seed}.new.sqlite`), before });

    assert.equal(compare(before, after, new Set(), true), 1);
  }
});

test("goodseed repair uses the log up to its last whole commit", async () => {
  using dir = tempDir();
  for (const [name, keep] of [["whole", 1], ["torn", 0.6]] as const) {
    const live = dir.join(`${name}.live.sqlite`), path = dir.join(`${name}.sqlite`);
    makeLargeRun(live, 1000);
    const file = RunFile.open(live);
    let before: Rows;
    try {
      fillRun(file, 3000, 1000);
      before = allRows(live);
      copyFileSync(live, path);
      const wal = readFileSync(`${live}-wal`);
      writeFileSync(`${path}-wal`, wal.subarray(0, Math.floor(wal.length * keep)));
    } finally {
      file.close();
    }
    const expected = committed(path, dir.join(`${name}.check.sqlite`));
    damage(path, (bytes) => bytes.fill(0, 0, 100)); // SQLite opens it no more
    const after = await repaired({ path, output: dir.join(`${name}.new.sqlite`), before });

    assert.ok(expected.size > 1000);
    assert.equal(compare(expected, after, new Set(), true), 1);
    if (keep === 1) assert.equal(expected.size, before.size);
  }
});

test("goodseed repair says that the log of a healthy file is lost", async () => {
  using dir = tempDir();
  makeLargeRun(dir.join("r.sqlite"), 500);
  writeFileSync(dir.join("r.sqlite-wal"), new Uint8Array(9000).fill(7));
  const state = folderState(dir.path);

  const outcome = await run(["repair", dir.join("r.sqlite")]);

  assert.equal(outcome.code, 0);
  assert.match(outcome.stdout, /is healthy: .*; but the log \(-wal\) is damaged at its beginning/);
  assert.deepEqual(folderState(dir.path), state);
});

/** What SQLite itself makes of a file and its log. */
function committed(path: string, copy: string): Rows {
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  openDb(copy, { mode: "write" }).close();
  return allRows(copy);
}

test("goodseed repair gives a name to series that lost theirs", async () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeLargeRun(path);
  const before = allRows(path), map = rowsByPage(path, before);
  const names = [...map].filter(([, rows]) => rows.some((row) => row.startsWith("metric_series")));
  const db = openDb(path, { mode: "read" });
  const find = db.prepare(
    "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'metric_series'",
  );
  const index = Number(find.get()![0]);
  db.close();
  damage(path, (bytes) => zeroPages(bytes, [names[0]![0]]));
  const withIndex = await repaired({ path, output: dir.join("a.sqlite"), before });
  damage(path, (bytes) => zeroPages(bytes, [index]));
  const without = await repaired({ path, output: dir.join("b.sqlite"), before });

  assert.equal(compare(before, withIndex, new Set(), true), 1);
  assert.equal(without.get("metric_series:1"), '[1,1,"recovered/metric-1"]');
  assert.equal(without.size, before.size);
});

test("goodseed repair says what is lost of each table", async () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeLargeRun(path);
  const before = allRows(path), map = rowsByPage(path, before);
  const [page, rows] = [...map].find(([, rows]) => rows.includes("metric_points:3000"))!;
  const rowids = rows.map((row) => Number(row.split(":")[1]));
  damage(path, (bytes) => zeroPages(bytes, [page]));

  const { stdout } = await run(["repair", path]);

  const total = [...before.keys()].filter((key) => key.startsWith("metric_points:")).length;
  assert.ok(
    stdout.includes(
      `  metric_points: ${total - rows.length} row(s) recovered; ${rows.length} lost; ` +
        `unreadable row numbers: ${Math.min(...rowids)} to ${Math.max(...rowids)}\n`,
    ),
    stdout,
  );
  assert.match(stdout, /\n {2}string_series: 2 row\(s\) recovered\n/);
  assert.match(stdout, /Written to .*r\.repaired\.sqlite; the damaged file is as it was\.\n$/);
});

test("RangeSet keeps what was added and not removed", () => {
  const random = seeded(5), set = new RangeSet(), model = new Set<number>();
  for (let i = 0; i < 2000; i++) {
    const from = random(300), to = from + random(20) - 3;
    if (i % 3 === 0) set.remove(from, to);
    else set.add(from, to);
    for (let n = from; n <= to; n++) i % 3 === 0 ? model.delete(n) : model.add(n);
    const probe = random(320);
    assert.equal(set.has(probe), model.has(probe));
    if (i % 50 === 0) { for (let n = 0; n < 320; n += 40) model.delete(n), set.remove(n, n); }
  }
  const all = set.ranges.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i)
  );
  assert.deepEqual(all, [...model].sort((a, b) => a - b));
});

test("goodseed repair reports 1 where there is nothing, and makes no file", async () => {
  using dir = tempDir();
  writeFileSync(dir.join("text.sqlite"), "this is no database\n".repeat(1000));
  writeFileSync(dir.join("zero.sqlite"), new Uint8Array(100_000));
  writeFileSync(dir.join("empty.sqlite"), "");
  const state = folderState(dir.path);
  for (const name of ["text", "zero", "empty"]) {
    const outcome = await run(["repair", dir.join(`${name}.sqlite`)]);

    assert.equal(outcome.code, 1);
    assert.equal(outcome.stdout, "");
    assert.match(outcome.stderr, /Error: repairing .* no row of a run was found/);
  }
  assert.deepEqual(folderState(dir.path), state);
});

test("goodseed repair never ends in anything but a result or an error of ours", async () => {
  using dir = tempDir();
  const source = dir.join("source.sqlite");
  makeLargeRun(source, 500);
  for (let seed = 1; seed <= 25; seed++) {
    const random = seeded(seed * 104729), path = dir.join(`${seed}.sqlite`);
    copyFileSync(source, path);
    damage(path, (bytes) => {
      for (let i = 0; i < 3000; i++) bytes[random(bytes.length)] = random(256);
      return bytes;
    });
    const outcome = await run(["repair", path, "-o", dir.join(`${seed}.new.sqlite`)]);

    assert.ok(outcome.code === 0 || /^Error: repairing/m.test(outcome.stderr), outcome.stderr);
    if (outcome.code === 0) RunReader.open(dir.join(`${seed}.new.sqlite`)).close();
  }
  assert.deepEqual(readdirSync(dir.path).filter((name) => name.startsWith(".")), []);
});

test("goodseed repair leaves existing files and running runs alone", async () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  makeLargeRun(path, 500);
  damage(path, (bytes) => bytes.fill(0, 0, 100));
  writeFileSync(dir.join("r.repaired.sqlite"), "mine");
  const taken = await run(["repair", path]);
  writeFileSync(dir.join("r.lease"), JSON.stringify({ v: 1, ...ownIdentity() }));
  const alive = await run(["repair", path, "-o", dir.join("new.sqlite")]);

  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /the file exists; choose another with -o/);
  assert.equal(readFileSync(dir.join("r.repaired.sqlite"), "utf8"), "mine");
  assert.equal(alive.code, 1);
  assert.match(alive.stderr, /a process is writing it; end it first/);
  assert.equal(existsSync(dir.join("new.sqlite")), false);
});
