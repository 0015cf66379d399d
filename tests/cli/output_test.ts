import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, fdSink, painter, printable, tableLines, TextPieces } from "../../cli/output.ts";
import { world } from "./_goodseed.ts";

test("fdSink() writes on after a partial write and after a full pipe", () => {
  const written: number[] = [];
  let calls = 0;
  const sink = fdSink(1, (_fd, bytes) => {
    if (++calls === 2) throw Object.assign(new Error("full"), { code: "EAGAIN" });
    const part = bytes.subarray(0, 4);
    written.push(...part);
    return part.length;
  });

  assert.equal(sink("häuser\n"), true);
  assert.equal(new TextDecoder().decode(new Uint8Array(written)), "häuser\n");
});

test("fdSink() stops quietly when the reader is gone", () => {
  for (const problem of [{ code: "EPIPE" }, { name: "BrokenPipe" }]) {
    let calls = 0;
    const sink = fdSink(1, () => {
      calls++;
      throw Object.assign(new Error("gone"), problem);
    });

    assert.equal(sink("a"), false);
    assert.equal(sink("b"), false);
    assert.equal(calls, 1);
  }
});

test("fdSink() passes other errors on", () => {
  const sink = fdSink(1, () => {
    throw Object.assign(new Error("disk full"), { code: "ENOSPC" });
  });

  assert.throws(() => sink("a"), /disk full/);
});

test("TextPieces writes large pieces and stops when nobody reads", () => {
  const seen: number[] = [];
  const pieces = new TextPieces((text) => seen.push(text.length) < 2);

  let added = 0;
  while (pieces.add("x".repeat(1000))) added++;

  assert.deepEqual(seen, [66_000, 66_000]);
  assert.equal(added, 131);
  assert.equal(pieces.flush(), false);
});

test("painter() colours only on a terminal that wants it", () => {
  function paint(color: boolean | undefined, isTty: boolean, env: Record<string, string>): string {
    return painter({ color }, world({ isTty, env }).ctx)("red", "x");
  }

  assert.equal(paint(true, true, {}), "\u001b[31mx\u001b[0m");
  assert.equal(paint(false, true, {}), "x");
  assert.equal(paint(true, false, {}), "x");
  assert.equal(paint(true, true, { NO_COLOR: "1" }), "x");
  assert.equal(paint(true, true, { TERM: "dumb" }), "x");
});

test("printable() leaves nothing that steers a terminal", () => {
  assert.equal(printable("a\nb\tc\u001b[31m\u202e"), "a\\nb\\tc\\u001b[31m\\u202e");
  assert.equal(printable("näme ☃ 🚀"), "näme ☃ 🚀");
});

test("cut() and tableLines() keep to the width and line up", () => {
  assert.equal(cut("abcdef", 4), "abc…");
  assert.equal(cut("abcd", 4), "abcd");
  assert.equal(cut("ab🚀cd", 4), "ab…");
  assert.deepEqual(tableLines([["a", "1"], ["bbb", "22"]], 1), ["a     1", "bbb  22"]);
});
