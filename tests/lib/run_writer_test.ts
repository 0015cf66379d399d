import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmdirSync } from "node:fs";
import { test } from "node:test";
import { FRAME_METRIC_SERIES, FRAME_STRING_SERIES, FRAME_TEXT } from "../../lib/frames.ts";
import { RunWriter } from "../../lib/run_writer.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunFile } from "../../lib/store/run_file.ts";
import { tempDir } from "../_harness.ts";

function rows(path: string, sql: string): unknown[][] {
  const db = openDb(path, { mode: "read" });
  const statement = db.prepare(sql);
  const result = statement.all();
  db.close();
  return result;
}

function newWriter(path: string, problems: string[] = []): RunWriter {
  RunFile.create(path).close();
  return new RunWriter(path, { now: () => 1000, onProblem: (text) => void problems.push(text) });
}

const series = (a: number, text: string, kind = FRAME_METRIC_SERIES) => ({
  kind,
  a,
  step: 0,
  ts: 0,
  text,
});

test("RunWriter keeps NaN apart and never mixes series", () => {
  using dir = tempDir();
  const writer = newWriter(dir.join("r.sqlite"));
  ["loss", "acc", "c"].forEach((path, slot) => writer.frame(series(slot, path)));

  writer.addPoint(0, 0, NaN, 1000);
  writer.addPoint(1, 0, 0.8, 1000);
  writer.addPoint(0, 1, 5, 1000);
  writer.addPoint(2, 1, 2, 1000);
  assert.ok(writer.commit());
  writer.close();

  const points = rows(
    dir.join("r.sqlite"),
    "SELECT path, step, y FROM metric_points JOIN metric_series s ON s.id = series_id ORDER BY path, step",
  );
  const nans = rows(
    dir.join("r.sqlite"),
    "SELECT path, step FROM gs_metric_nans JOIN metric_series s ON s.id = series_id",
  );
  assert.deepEqual(points, [["acc", 0, 0.8], ["c", 1, 2], ["loss", 1, 5]]);
  assert.deepEqual(nans, [["loss", 0]]);
});

test("RunWriter holds a step once: the last of number and NaN", () => {
  using dir = tempDir();
  const writer = newWriter(dir.join("r.sqlite"));
  writer.frame(series(0, "m"));

  for (const [step, y] of [[0, 1], [0, NaN], [1, NaN], [1, 2], [2, 3], [2, 4]]) {
    writer.addPoint(0, step!, y!, 0);
    assert.ok(writer.commit());
  }
  writer.close();

  const path = dir.join("r.sqlite");
  assert.deepEqual(rows(path, "SELECT step, y FROM metric_points ORDER BY step"), [[1, 2], [2, 4]]);
  assert.deepEqual(rows(path, "SELECT step FROM gs_metric_nans"), [[0]]);
});

test("RunWriter counts automatic steps on, over both kinds of series and over a resume", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const first = newWriter(path);
  first.frame(series(0, "m"));
  first.frame(series(1, "m", FRAME_STRING_SERIES));
  first.addPoint(0, NaN, 10, 0);
  first.commit();
  first.frame({ kind: FRAME_TEXT, a: 1, step: NaN, ts: 0, text: "one" });
  first.commit();
  first.addPoint(0, 7, 11, 0);
  first.addPoint(0, NaN, 12, 0);
  first.commit();
  first.close();

  const second = new RunWriter(path, { now: () => 0 });
  second.frame(series(0, "m"));
  second.addPoint(0, NaN, 13, 0);
  second.commit();
  second.close();

  assert.deepEqual(rows(path, "SELECT step, y FROM metric_points ORDER BY step"), [
    [0, 10],
    [7, 11],
    [8, 12],
    [9, 13],
  ]);
  assert.deepEqual(rows(path, "SELECT step, value FROM string_points"), [[1, "one"]]);
});

test("RunWriter keeps what could not be written and writes it when the file is back", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite"), away = dir.join("elsewhere");
  const problems: string[] = [];
  const writer = newWriter(path, problems);
  writer.frame(series(0, "m"));
  renameSync(path, away);
  mkdirSync(path); // a folder in its place cannot be opened, whoever asks

  writer.addPoint(0, NaN, 1, 0);
  assert.equal(writer.commit(), false);
  assert.equal(writer.commit(), false);
  assert.ok(writer.broken);
  assert.equal(problems.length, 1, "the same trouble is told once");
  rmdirSync(path);
  renameSync(away, path);
  writer.addPoint(0, NaN, 2, 0);
  assert.ok(writer.commit());
  writer.close();

  assert.ok(existsSync(path));
  assert.deepEqual(rows(path, "SELECT step, y FROM metric_points"), [[0, 1], [1, 2]]);
});

test("RunWriter.close() leaves one file, and a later commit opens it again", () => {
  using dir = tempDir();
  const path = dir.join("r.sqlite");
  const writer = newWriter(path);
  writer.frame(series(0, "m"));
  writer.addPoint(0, 0, 1, 0);
  writer.commit();

  writer.close();
  assert.equal(existsSync(path + "-wal"), false);
  writer.addPoint(0, 1, 2, 0);
  assert.ok(writer.commit());
  writer.close();

  assert.deepEqual(rows(path, "SELECT step, y FROM metric_points"), [[0, 1], [1, 2]]);
});
