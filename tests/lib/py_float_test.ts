import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { pyFloat } from "../../lib/py_float.ts";
import { ROOT } from "../_harness.ts";

const vectors = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/python_values.json"), "utf8"));

function fromBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

test("pyFloat() writes the contract's examples", () => {
  const table: [number, string][] = [
    [3, "3.0"],
    [0.00001, "1e-05"],
    [0.0001, "0.0001"],
    [1e16, "1e+16"],
    [9999999999999998, "9999999999999998.0"],
    [1e22, "1e+22"],
    [5e-324, "5e-324"],
    [-1.5e300, "-1.5e+300"],
    [0, "0.0"],
    [-0, "-0.0"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
  ];
  for (const [x, text] of table) assert.equal(pyFloat(x), text);
});

test("pyFloat() equals Python's str() byte for byte on all vectors", () => {
  assert.ok(vectors.floats.length >= 500);
  for (const [hex, text] of vectors.floats) assert.equal(pyFloat(fromBits(hex)), text, hex);
});

test("pyFloat() reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const text = pyFloat(x);
      assert.ok(Object.is(Number(text), x), text);
      assert.match(text, /^-?(\d+\.\d+|\d(\.\d+)?e[+-]\d{2,3})$/);
    }),
    { numRuns: 2000 },
  );
});
