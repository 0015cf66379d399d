import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { isoUtc } from "../../../lib/iso_time.ts";
import { floatJson, TimeWriter } from "../../../server/reads/json_rows.ts";

test("floatJson() writes floats as floats and what JSON cannot hold as strings", () => {
  const texts = [0, -0, 7, -3, 0.1, 1e16, 1e21, 5e-324, NaN, Infinity, -Infinity].map(floatJson);

  assert.deepEqual(texts, [
    "0.0",
    "0.0",
    "7.0",
    "-3.0",
    "0.1",
    "10000000000000000.0",
    "1e+21",
    "5e-324",
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
  ]);
});

test("floatJson() of a finite number reads back as the same number (property)", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
    assert.equal(JSON.parse(floatJson(x)), x === 0 ? 0 : x);
    assert.match(floatJson(x), /[.e]/);
  }));
});

test("TimeWriter writes what isoUtc() writes, in any order of times (property)", () => {
  const time = fc.oneof(
    fc.integer({ min: -62_135_596_800_000, max: 253_402_300_700_000 }),
    fc.integer({ min: 0, max: 4e9 }).map((micros) => micros / 1000),
    fc.integer({ min: 0, max: 3 }).map((s) => s * 1000 + 999.9996),
  );
  fc.assert(fc.property(fc.array(time, { maxLength: 20 }), (times) => {
    const writer = new TimeWriter();
    for (const ms of times) assert.equal(JSON.parse(writer.json(ms)), isoUtc(ms));
  }));
});

test("TimeWriter gives null for what is no time", () => {
  const writer = new TimeWriter();

  for (const ms of [NaN, Infinity, -Infinity, 1e300, -1e15]) assert.equal(writer.json(ms), "null");
});
