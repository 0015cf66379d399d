import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/errors.ts";
import { float } from "../../lib/float_value.ts";
import { isPlainObject, jsonText, MAX_DEPTH } from "../../lib/json_text.ts";

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

test("jsonText() equals JSON.stringify() on plain JSON values", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const noMinusZero = JSON.parse(JSON.stringify(value));
    assert.equal(jsonText(noMinusZero), JSON.stringify(noMinusZero));
  }));
});

test("jsonText() keeps what JSON.stringify() loses", () => {
  const table: [unknown, string][] = [
    [2n ** 80n, "1208925819614629174706176"],
    [-0, "-0"],
    [[NaN, Infinity, -Infinity], '["NaN","Infinity","-Infinity"]'],
    [new Map<unknown, unknown>([["a", 1], [2, new Set(["b"])]]), '{"a":1,"2":["b"]}'],
    [new Float32Array([1, 0.5]), "[1,0.5]"],
    [new BigInt64Array([5n]), "[5]"],
    ["a\ud800b", '"a\ufffdb"'],
    [{ a: undefined, b: () => 1, c: [undefined] }, '{"c":[null]}'],
    [undefined, "null"],
    [[float(3), new Number(2), new String("x"), new Boolean(true)], '[3,2,"x",true]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ];
  for (const [value, text] of table) assert.equal(jsonText(value), text);
});

test("jsonText({python}) writes Python's separators and floats", () => {
  const text = jsonText({ a: [1, 0.00001, float(3), 1e16, float(NaN)], b: "x" }, { python: true });

  assert.equal(text, '{"a": [1, 1e-05, 3.0, 1e+16, "NaN"], "b": "x"}');
});

test("jsonText() refuses cycles and endless depth, but not a value used twice", () => {
  const cyclic: Record<string, unknown> = { a: {} };
  (cyclic["a"] as Record<string, unknown>)["b"] = cyclic;
  const shared = { x: 1 };

  assert.throws(() => jsonText(cyclic, { what: "thing" }), /^UsageError: thing contains itself/);
  assert.throws(() => jsonText(nested(MAX_DEPTH + 1)), UsageError);
  assert.throws(() => jsonText(nested(100_000)), UsageError);
  assert.doesNotThrow(() => jsonText(nested(MAX_DEPTH)));
  assert.equal(jsonText([shared, shared]), '[{"x":1},{"x":1}]');
});

test("isPlainObject() tells objects from arrays and instances", () => {
  assert.ok(isPlainObject({}));
  assert.ok(isPlainObject(Object.create(null)));
  for (const other of [null, 1, "a", [], new Date(), new Map(), new Set(), float(1), () => 1]) {
    assert.ok(!isPlainObject(other));
  }
});
