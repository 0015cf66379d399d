import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type InputLine, LineSplitter } from "../../cli/lines.ts";

const encoder = new TextEncoder();

function split(text: string | Uint8Array, pieceBytes: number, maxBytes?: number): InputLine[] {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const splitter = new LineSplitter(maxBytes);
  const lines: InputLine[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    lines.push(...splitter.push(bytes.subarray(at, at + pieceBytes)));
  }
  return [...lines, ...splitter.end()];
}

test("LineSplitter numbers lines from 1 and leaves blank ones out", () => {
  assert.deepEqual(split("a\n\n  \nb\r\nc", 3), [
    { number: 1, text: "a" },
    { number: 4, text: "b\r" },
    { number: 5, text: "c" },
  ]);
  assert.deepEqual(split("", 3), []);
  assert.deepEqual(split("\n", 3), []);
});

test("LineSplitter gives the same lines however the bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed())),
    fc.integer({ min: 1, max: 9 }),
    (texts, pieceBytes) => {
      const lines = texts.map((text) => "x" + text.replaceAll("\n", "") + "x");
      const found = split(lines.join("\n"), pieceBytes);

      assert.deepEqual(found, lines.map((text, i) => ({ number: i + 1, text })));
    },
  ));
});

test("LineSplitter refuses a line that is too long and goes on behind it", () => {
  const lines = split(`ok\n${"x".repeat(30)}\nnext\n${"y".repeat(40)}`, 7, 20);

  assert.deepEqual(lines.map((line) => line.number), [1, 2, 3, 4]);
  assert.deepEqual(lines.map((line) => line.text), ["ok", undefined, "next", undefined]);
  assert.match(lines[1]?.problem ?? "", /a line of 30 bytes/);
});

test("LineSplitter refuses bytes that are not UTF-8 and goes on behind them", () => {
  const lines = split(new Uint8Array([97, 10, 0xff, 0xfe, 10, 98]), 2);

  assert.deepEqual(lines, [
    { number: 1, text: "a" },
    { number: 2, problem: "not UTF-8" },
    { number: 3, text: "b" },
  ]);
});

test("LineSplitter does not keep the buffer that it was given", () => {
  const splitter = new LineSplitter();
  const buffer = encoder.encode("abc");

  splitter.push(buffer);
  buffer.fill(120);

  assert.deepEqual(splitter.push(encoder.encode("d\n")), [{ number: 1, text: "abcd" }]);
});
