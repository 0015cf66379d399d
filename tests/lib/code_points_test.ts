import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { asciiJson, compareCodePoints } from "../../lib/code_points.ts";

test("compareCodePoints() puts emoji behind U+E000 to U+FFFF, unlike the default order", () => {
  const texts = ["🚀", "\uffff", "a", "", "\ue000", "\ud7ff", "ab"];

  const sorted = texts.toSorted(compareCodePoints);

  assert.deepEqual(sorted, ["", "a", "ab", "\ud7ff", "\ue000", "\uffff", "🚀"]);
  assert.notDeepEqual(sorted, texts.toSorted());
});

test("compareCodePoints() orders as the UTF-8 bytes do", () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareCodePoints(a, b)), expected);
    }),
    { numRuns: 1000 },
  );
});

test("asciiJson() is ASCII and parses back", () => {
  assert.equal(
    asciiJson('é☃🚀"\u007f\u0001\n'),
    '"\\u00e9\\u2603\\ud83d\\ude80\\"\\u007f\\u0001\\n"',
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const json = asciiJson(text);
    assert.match(json, /^[ -~]*$/);
    assert.equal(JSON.parse(json), text);
  }));
});
