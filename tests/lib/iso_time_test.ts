import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { UsageError } from "../../lib/errors.ts";
import { END_TIME_MS, isoUtc, MIN_TIME_MS, parseIso } from "../../lib/iso_time.ts";
import { ROOT } from "../_harness.ts";

const vectors = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/python_values.json"), "utf8"));

test("isoUtc() equals Python's isoformat() byte for byte on all vectors", () => {
  for (const [text, iso] of vectors.times) {
    const micros = ((BigInt(text) % 1000n) + 1000n) % 1000n;
    const ms = Number((BigInt(text) - micros) / 1000n);
    assert.equal(isoUtc(ms, Number(micros)), iso);
  }
});

test("isoUtc() takes microseconds as a fraction of the milliseconds", () => {
  assert.equal(isoUtc(1795196532800.329), "2026-11-20T17:42:12.800329+00:00");
  assert.equal(isoUtc(1795196532000), "2026-11-20T17:42:12+00:00");
  assert.equal(isoUtc(0.001), "1970-01-01T00:00:00.000001+00:00");
  assert.equal(isoUtc(-0.001), "1969-12-31T23:59:59.999999+00:00");
  assert.equal(isoUtc(999.9999), "1970-01-01T00:00:01+00:00", "rounds up into the next second");
  assert.equal(isoUtc(0, 1500), "1970-01-01T00:00:00.001500+00:00");
  assert.equal(isoUtc(0, -1), "1969-12-31T23:59:59.999999+00:00");
});

test("isoUtc() refuses what Python has no text for", () => {
  for (const ms of [NaN, Infinity, -Infinity, MIN_TIME_MS - 1, END_TIME_MS, 1.8e18]) {
    assert.throws(() => isoUtc(ms), UsageError, String(ms));
  }
  assert.equal(isoUtc(MIN_TIME_MS), "0001-01-01T00:00:00+00:00");
  assert.equal(isoUtc(END_TIME_MS - 1), "9999-12-31T23:59:59.999000+00:00");
});

test("parseIso() reads every form Python writes", () => {
  const times = vectors.times.map((row: string[]) => row.toReversed());
  for (const [text, digits] of [...vectors.datetimes, ...times]) {
    const micros = Number(digits);
    const expected = micros / 1000;
    if (Number.isSafeInteger(micros)) assert.equal(parseIso(text), expected, text);
    else assert.ok(Math.abs((parseIso(text) ?? NaN) - expected) < 0.1, text);
  }
});

test("parseIso() reads the other usual forms", () => {
  const table: [string, number][] = [
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01t00:00:00z", 0],
    ["1970-01-02", 86_400_000],
    ["1970-01-01T00:01", 60_000],
    ["1970-01-01T01:00:00+01", 0],
    ["1970-01-01T01:00:00+0100", 0],
    ["1970-01-01 00:00:00-00:30", 1_800_000],
    ["1970-01-01T00:00:30+00:00:30", 0],
    ["1970-01-01T00:00:00.5", 500],
    ["1970-01-01T00:00:00,5Z", 500],
    ["1970-01-01T00:00:00.1234567Z", 123.456],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000],
    ["0001-01-01T00:00:00", MIN_TIME_MS],
  ];
  for (const [text, ms] of table) assert.equal(parseIso(text), ms, text);
});

test("parseIso() answers undefined for what is no time", () => {
  const bad = [
    "",
    "now",
    "2024",
    "2024-13-01",
    "2023-02-29",
    "2024-00-10",
    "2024-01-00",
    "0000-01-01",
    "2024-01-01T24:00:00",
    "2024-01-01T00:60:00",
    "2024-01-01T00:00:60",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00.Z",
    "2024-01-01Z",
    "2024-01-01T00:00:00Z ",
    "+002024-01-01T00:00:00Z",
    "1795196532800",
  ];
  for (const text of bad) assert.equal(parseIso(text), undefined, text);
});

test("parseIso() is the inverse of isoUtc() to the microsecond", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4 * 10 ** 15 }), (micros) => {
    const ms = micros / 1000;
    assert.equal(parseIso(isoUtc(ms)), ms);
  }));
  fc.assert(fc.property(fc.integer({ min: MIN_TIME_MS, max: END_TIME_MS - 1 }), (ms) => {
    assert.equal(parseIso(isoUtc(ms)), ms);
  }));
});
