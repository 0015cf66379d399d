import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../lib/json_parse.ts";

test("parseJson() reads the bare tokens Python writes", () => {
  const table: [string, unknown][] = [
    ["NaN", NaN],
    ["-Infinity", -Infinity],
    [' {"a": NaN, "b":[Infinity,-Infinity , NaN]} ', { a: NaN, b: [Infinity, -Infinity, NaN] }],
    ['{"NaN": 1, "x": Infinity}', { NaN: 1, x: Infinity }],
    ['["NaN", "a\\"Infinity, NaN", NaN, "\\\\", NaN]', ["NaN", 'a"Infinity, NaN', NaN, "\\", NaN]],
    ["[1e999, -0]", [Infinity, -0]],
  ];
  for (const [text, value] of table) assert.deepEqual(parseJson(text), value, text);
});

test("parseJson() refuses everything else that JSON refuses", () => {
  const bad = [
    "",
    "nan",
    "NaNa",
    "1NaN",
    "-NaN",
    "- Infinity",
    "+Infinity",
    "1Infinity",
    "Infinity5",
    "Infinity.0",
    "{NaN: 1}",
    '{Infinity : 1, "a": NaN}',
    '["NaN',
    '[NaN, "a]',
    "[NaN, NaN",
    "[N, I, NaN]",
    "[undefined, NaN]",
  ];
  for (const text of bad) assert.throws(() => parseJson(text), SyntaxError, text);
});

test("parseJson() equals JSON.parse() on JSON, also when tokens stand beside it", () => {
  fc.assert(fc.property(fc.json(), (json) => {
    const value = JSON.parse(json);
    assert.deepEqual(parseJson(json), value);
    assert.deepEqual(parseJson(`[${json}, NaN, "Infinity", ${json}]`), [
      value,
      NaN,
      "Infinity",
      value,
    ]);
  }));
});

test("parseJson() takes time in proportion to the text", () => {
  const started = performance.now();
  const open = '"' + '\\"'.repeat(500_000) + " NaN";
  assert.throws(() => parseJson(open), SyntaxError);
  assert.equal((parseJson(`[${"NaN,".repeat(200_000)}0]`) as number[]).length, 200_001);
  assert.throws(() => parseJson("NaN" + " ".repeat(500_000) + "NaN"), SyntaxError);
  assert.ok(performance.now() - started < 5000);
});
