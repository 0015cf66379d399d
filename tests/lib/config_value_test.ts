import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  configJson,
  type ConfigValue,
  decodeConfig,
  encodeConfig,
  float,
} from "../../lib/config_value.ts";
import { UsageError } from "../../lib/errors.ts";
import { ROOT } from "../_harness.ts";

const vectors = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/python_values.json"), "utf8"));

class Point {
  x = 1;
}
class Named {
  toString(): string {
    return "named!";
  }
}

test("encodeConfig() gives each kind of value its tag and text", () => {
  const table: [unknown, string, string][] = [
    [null, "null", ""],
    [undefined, "null", ""],
    [true, "bool", "true"],
    [false, "bool", "false"],
    [float(3), "float", "3.0"],
    [float(1e-5), "float", "1e-05"],
    [float(NaN), "float", "nan"],
    [2n ** 80n, "int", "1208925819614629174706176"],
    [-1n, "int", "-1"],
    [42, "int", "42"],
    [-0, "int", "0"],
    [2 ** 53, "int", "9007199254740992"],
    [-(2 ** 53), "int", "-9007199254740992"],
    [2 ** 53 + 2, "float", "9007199254740994.0"],
    [1e22, "float", "1e+22"],
    [0.5, "float", "0.5"],
    [-Infinity, "float", "-inf"],
    ["", "str", ""],
    ["a\u0000b", "str", "a\u0000b"],
    ["a\ud800", "str", "a\ufffd"],
    [new Date(Date.UTC(2024, 0, 2, 3, 4, 5)), "datetime", "2024-01-02T03:04:05+00:00"],
    [new Date(5), "datetime", "1970-01-01T00:00:00.005000+00:00"],
    [new Set(["y", "x", "été"]), "string_set", '["x", "y", "\\u00e9t\\u00e9"]'],
    [new Set([1, 0.5, true, null, 2n, "1"]), "string_set", '["0.5", "1", "2", "None", "True"]'],
    [new Set(), "string_set", "[]"],
    [[1, 2], "str", "[1, 2]"],
    [[1, { a: "b" }, [null, 0.00001]], "str", '[1, {"a": "b"}, [null, 1e-05]]'],
    [{ a: [float(1)] }, "str", '{"a": [1.0]}'],
    [new Map([["k", 1]]), "str", '{"k": 1}'],
    [new Uint8Array([1, 2]), "str", "[1, 2]"],
    [new URL("http://x.example/a"), "str", "http://x.example/a"],
    [new Error("no"), "str", "Error: no"],
    [/a+/g, "str", "/a+/g"],
    [new Point(), "str", '{"x": 1}'],
    [new Named(), "str", "named!"],
    [new ArrayBuffer(2), "str", "[object ArrayBuffer]"],
    [Symbol("s"), "str", "Symbol(s)"],
    [Math.max, "str", String(Math.max)],
  ];
  for (const [value, tag, text] of table) assert.deepEqual(encodeConfig(value), { tag, text });
});

test("encodeConfig() refuses invalid dates, cycles and floats that are none", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  assert.throws(() => encodeConfig(new Date(NaN)), /^UsageError: config value is an invalid Date/);
  assert.throws(() => encodeConfig(new Date(8.64e15)), UsageError);
  assert.throws(() => encodeConfig(cyclic), /^UsageError: config value contains itself/);
  assert.throws(
    () => float("3" as unknown as number),
    /^UsageError: float\(\) takes a number, got "3"/,
  );
});

test("float() marks work in arithmetic and JSON", () => {
  assert.equal(Number(float(3)) + 1, 4);
  assert.equal(JSON.stringify({ lr: float(3) }), '{"lr":3}');
});

test("encodeConfig() writes string sets byte for byte as Python does", () => {
  for (const [items, text] of vectors.string_sets) {
    assert.deepEqual(encodeConfig(new Set(items)), { tag: "string_set", text });
  }
});

test("encodeConfig() writes lists of numbers as Python's str() does", () => {
  for (const [json, text] of vectors.lists) {
    assert.deepEqual(encodeConfig(JSON.parse(json)), { tag: "str", text });
  }
});

test("configJson() answers byte for byte what Python's json.dumps does", () => {
  for (const [tag, text, json] of vectors.configs) assert.equal(configJson(tag, text), json, tag);
  for (const [items, json] of vectors.string_sets) {
    assert.equal(configJson("string_set", JSON.stringify(items)), json);
  }
});

test("decodeConfig() reads each tag, and gives back the text where it cannot", () => {
  const table: [string, string | null, ConfigValue][] = [
    ["null", "", null],
    ["str", null, null],
    ["bool", "true", true],
    ["bool", "TRUE", true],
    ["bool", "false", false],
    ["bool", "1", false],
    ["int", "42", 42],
    ["int", " +1_000 ", 1000],
    ["int", "9007199254740991", 9007199254740991],
    ["int", "9007199254740993", 9007199254740993n],
    ["int", "-1208925819614629174706176", -(2n ** 80n)],
    ["int", "-0", 0],
    ["int", "4.5", "4.5"],
    ["int", "9".repeat(5000), "9".repeat(5000)],
    ["float", "1e-05", 1e-5],
    ["float", "3.0", 3],
    ["float", " 1_0.5_0 ", 10.5],
    ["float", ".5", 0.5],
    ["float", "5.", 5],
    ["float", "inf", Infinity],
    ["float", "-Infinity", -Infinity],
    ["float", "nan", NaN],
    ["float", "-nan", NaN],
    ["float", "0x10", "0x10"],
    ["float", "", ""],
    ["str", "x", "x"],
    ["datetime", "2024-01-02T03:04:05", new Date(Date.UTC(2024, 0, 2, 3, 4, 5))],
    ["datetime", "2024-01-02T03:04:05.999999+01:00", new Date(Date.UTC(2024, 0, 2, 2, 4, 5, 999))],
    ["datetime", "yesterday", "yesterday"],
    ["string_set", '["a", "\\u00e9"]', new Set(["a", "é"])],
    ["string_set", '[1, null, "a"]', new Set(["1", "None", "a"])],
    ["string_set", "{}", "{}"],
    ["string_set", "[", "["],
    ["colour", "red", "red"],
  ];
  for (const [tag, text, value] of table) {
    assert.deepEqual(decodeConfig(tag, text), value, `${tag} ${text}`);
  }
});

test("configJson() is valid JSON for any tag and text", () => {
  const tags = fc.constantFrom(
    "null",
    "bool",
    "int",
    "float",
    "str",
    "datetime",
    "string_set",
    "x",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(...'0123456789+-._eE "[],infa') }),
    fc.double().map(String),
    fc.bigInt().map(String),
    fc.json(),
  );
  fc.assert(
    fc.property(tags, fc.option(texts), (tag, text) => {
      assert.doesNotThrow(() => JSON.parse(configJson(tag, text)));
      assert.doesNotThrow(() => decodeConfig(tag, text));
    }),
    { numRuns: 2000 },
  );
  assert.equal(configJson("int", "-000"), "0");
  assert.equal(configJson("int", "007"), "7");
  assert.equal(configJson("int", "9".repeat(5000)), "9".repeat(5000));
  assert.equal(configJson("float", "NaN"), '"NaN"');
  assert.equal(configJson("int", "x"), '"x"');
  assert.equal(configJson("datetime", "2024-01-02T03:04:05.5"), '"2024-01-02T03:04:05.5"');
});

test("decodeConfig() is the inverse of encodeConfig()", () => {
  const values = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().filter((x) => !Object.is(x, -0)),
    fc.double().filter((x) => !Number.isInteger(x)),
    fc.bigInt().filter((x) => x > 2n ** 53n || x < -(2n ** 53n)),
    fc.string({ unit: "binary" }),
    fc.date({
      min: new Date(-62135596800000),
      max: new Date(253402300799999),
      noInvalidDate: true,
    }),
    fc.array(fc.string({ unit: "binary" })).map((items) => new Set(items)),
  );
  fc.assert(
    fc.property(values, (value) => {
      const { tag, text } = encodeConfig(value);
      assert.deepEqual(decodeConfig(tag, text), value);
    }),
    { numRuns: 2000 },
  );
});

test("decodeConfig() and configJson() take time in proportion to the text", () => {
  const started = performance.now();
  for (
    const text of ["1".repeat(1_000_000) + "x", "_".repeat(1_000_000), " ".repeat(1_000_000) + "x"]
  ) {
    for (const tag of ["int", "float", "datetime"]) {
      decodeConfig(tag, text);
      configJson(tag, text);
    }
  }
  assert.ok(performance.now() - started < 5000);
});
