import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineAssembler, MAX_LINE_LENGTH, PARTIAL_AFTER_MS } from "../../monitors/console_lines.ts";

/** Lines of a stream that came in these cuts, the last partial line included. */
function linesOf(...cuts: string[]): string[] {
  const assembler = new LineAssembler();
  return [...cuts.flatMap((cut) => assembler.push(cut)), ...assembler.finish()];
}

const CASES: [string, string[], string[]][] = [
  ["lines end at a newline", ["a\nb\n"], ["a", "b"]],
  ["a line may come in several cuts", ["he", "llo", "\nwo", "rld\n"], ["hello", "world"]],
  ["empty lines are dropped", ["\n\na\n\n\nb\n\n"], ["a", "b"]],
  ["blanks are not empty", ["  \n\t\n"], ["  ", "\t"]],
  ["a Windows line is a line", ["a\r\nb\r\n"], ["a", "b"]],
  ["a Windows line end may be cut in two", ["a\r", "\nb\r", "\n"], ["a", "b"]],
  ["a doubled Windows line end is a line end", ["a\r\r\nb\r", "\r\n"], ["a", "b"]],
  ["of an overwritten line the last text counts", ["10%\r50%\r100%\n"], ["100%"]],
  ["a bar that returns before its text", ["\r10%", "\r50%", "\r100%", "\n"], ["100%"]],
  ["a bar that returns after its text", ["10%\r", "50%\r", "100%\r", "\n"], ["100%"]],
  ["a trailing return overwrites only when text comes", ["50%\r"], ["50%"]],
  ["a trailing return does overwrite", ["50%\r", "done\n"], ["done"]],
  ["a bar that ends in a Windows line end", ["10%\r20%\r\nnext\n"], ["20%", "next"]],
  ["a return at the start of a line changes nothing", ["\rtext\n\r", "\rmore\n"], ["text", "more"]],
  ["returns alone are empty", ["\r\r\n", "\r", "\n"], []],
  ["ANSI codes are kept", ["\x1b[31mred\x1b[0m\n\r\x1b[2Kbar\n"], [
    "\x1b[31mred\x1b[0m",
    "\x1b[2Kbar",
  ]],
  ["the last line needs no newline", ["a\nlast"], ["a", "last"]],
  ["nothing gives nothing", ["", ""], []],
];

for (const [name, cuts, expected] of CASES) {
  test(`LineAssembler: ${name}`, () => {
    assert.deepEqual(linesOf(...cuts), expected);
  });
}

test("LineAssembler gives the same lines however the stream is cut", () => {
  const text = fc.array(fc.constantFrom("a", "bc", "\r", "\n", "\r\n", "%", "🚀"), {
    maxLength: 40,
  });
  fc.assert(fc.property(text, fc.array(fc.nat(60)), (parts, cutAt) => {
    const whole = parts.join("");
    const places = [...new Set([0, ...cutAt.filter((n) => n < whole.length), whole.length])]
      .toSorted((a, b) => a - b);
    const cuts = places.slice(1).map((end, i) => whole.slice(places[i], end));

    assert.deepEqual(linesOf(...cuts), linesOf(whole));
  }));
});

test("LineAssembler keeps exactly the text that nothing overwrote", () => {
  fc.assert(fc.property(fc.array(fc.string()), (parts) => {
    const text = parts.join("").replaceAll("\r", "");
    assert.equal(linesOf(text).join(""), text.replaceAll("\n", ""));
  }));
});

test("takePartial() takes the unfinished line five seconds after the first call", () => {
  const assembler = new LineAssembler();
  assert.equal(assembler.takePartial(1_000), undefined);
  assembler.push("A");
  assert.equal(assembler.takePartial(3_000), undefined);
  assembler.push("B");

  assert.equal(assembler.takePartial(1_000 + PARTIAL_AFTER_MS), "AB");

  assert.deepEqual(assembler.push("C\n"), ["C"]);
});

test("takePartial() waits five seconds after the partial line before", () => {
  const assembler = new LineAssembler();
  assembler.takePartial(0);
  assembler.push("one");
  assert.equal(assembler.takePartial(5_000), "one");
  assembler.push("two");
  assert.equal(assembler.takePartial(9_999), undefined);
  assert.equal(assembler.takePartial(10_000), "two");
});

test("takePartial() does not repeat a bar that stands still, nor leave an empty line behind", () => {
  const assembler = new LineAssembler();
  assembler.takePartial(0);
  assembler.push("50%\r");
  assert.equal(assembler.takePartial(5_000), "50%");
  assert.equal(assembler.takePartial(10_000), undefined);
  assert.deepEqual(assembler.push("\n"), []);
  assert.deepEqual(assembler.finish(), []);
});

test("LineAssembler gives a line without an end in pieces and holds no more than one piece", () => {
  const assembler = new LineAssembler();
  const pieces: string[] = [];
  for (let i = 0; i < 40; i++) pieces.push(...assembler.push("x".repeat(10_000)));
  const rest = assembler.finish();

  assert.deepEqual(pieces.map((piece) => piece.length), Array(6).fill(MAX_LINE_LENGTH));
  assert.equal(rest[0]!.length, 400_000 - 6 * MAX_LINE_LENGTH);
});

test("LineAssembler never cuts a character in two", () => {
  const text = "x" + "🚀".repeat(MAX_LINE_LENGTH);
  const lines = linesOf(text);

  assert.equal(lines.join(""), text);
  for (const line of lines) assert.ok(line.isWellFormed(), "a piece holds half a character");
});

test("LineAssembler takes single characters at a useful rate", () => {
  const assembler = new LineAssembler();
  let lines = 0;
  const start = performance.now();
  for (let i = 0; i < 300_000; i++) lines += assembler.push(i % 100 === 99 ? "\n" : "x").length;

  assert.equal(lines, 3_000);
  assert.ok(performance.now() - start < 3_000);
});
