import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatTraceback, MAX_TRACEBACK_LENGTH } from "../../lib/traceback.ts";

test("formatTraceback() begins with the name and the message, then the stack", () => {
  function failing(): never {
    throw new TypeError("wrong shape");
  }
  let text = "";
  try {
    failing();
  } catch (error) {
    text = formatTraceback(error);
  }

  const [head, frame] = text.split("\n");
  assert.equal(head, "TypeError: wrong shape");
  assert.match(frame!, /failing/);
  assert.match(text, /traceback_test\.ts:\d+:\d+/);
});

test("formatTraceback() keeps a message of several lines whole", () => {
  const text = formatTraceback(new Error("first\nsecond"));

  assert.ok(text.startsWith("Error: first\nsecond\n"), text);
  assert.equal(text.split("second").length, 2);
});

test("formatTraceback() shows a name and a message that were changed later", () => {
  const error = new Error("early");
  error.name = "TrainingError";
  error.message = "late";

  assert.ok(formatTraceback(error).startsWith("TrainingError: late\n"));
});

test("formatTraceback() follows the causes", () => {
  const root = new RangeError("disk is full");
  const error = new Error("cannot save", { cause: new Error("cannot write", { cause: root }) });

  const lines = formatTraceback(error).split("\n").filter((line) => /^\S/.test(line));

  assert.deepEqual(lines, [
    "Error: cannot save",
    "Caused by: Error: cannot write",
    "Caused by: RangeError: disk is full",
  ]);
});

test("formatTraceback() shows the members of an AggregateError", () => {
  const text = formatTraceback(
    new AggregateError([new Error("one", { cause: "deep" }), "two"], "both failed"),
  );

  assert.match(text, /^AggregateError: both failed\n/);
  assert.match(text, /\n {2}\[1 of 2\] Error: one\n/);
  assert.match(text, /\n {4}Caused by: deep\n/);
  assert.match(text, /\n {2}\[2 of 2\] two$/);
});

test("formatTraceback() takes errors that cause themselves", () => {
  const error = new Error("loop") as Error & { cause: unknown };
  error.cause = error;

  assert.match(formatTraceback(error), /Caused by: \[the same error again: Error: loop\]$/);
});

test("formatTraceback() bounds the number of causes and members", () => {
  let chain = new Error("0");
  for (let i = 1; i < 100; i++) chain = new Error(String(i), { cause: chain });
  const crowd = new AggregateError(Array.from({ length: 100 }, (_, i) => `member ${i}`));

  assert.match(formatTraceback(chain), /more causes left out/);
  assert.equal(formatTraceback(chain).match(/Caused by/g)!.length, 16);
  assert.match(formatTraceback(crowd), /\[80 more\]$/);
});

test("formatTraceback() bounds the length and keeps both ends", () => {
  const error = new Error("x".repeat(1_000_000), { cause: new Error("the cause") });
  const text = formatTraceback(error);

  assert.ok(text.length <= MAX_TRACEBACK_LENGTH, `${text.length}`);
  assert.match(text, /^Error: xxx/);
  assert.match(text, /characters left out/);
  assert.match(text, /Caused by: Error: the cause/);
});

test("formatTraceback() takes anything that can be thrown", () => {
  const hostile = {
    get message(): string {
      throw new Error("no");
    },
    toJSON(): never {
      throw new Error("no");
    },
  };
  assert.equal(formatTraceback("text"), "text");
  assert.equal(formatTraceback(undefined), "undefined");
  assert.equal(formatTraceback(null), "null");
  assert.equal(formatTraceback(12n), "12");
  assert.equal(formatTraceback(Symbol("s")), "Symbol(s)");
  assert.equal(formatTraceback({ code: 7 }), '{"code":7}');
  assert.equal(formatTraceback({ message: "like an error" }), "Error: like an error");
  assert.equal(formatTraceback(hostile), "[a value that cannot be shown]");
  fc.assert(fc.property(fc.anything(), (value) => {
    assert.equal(typeof formatTraceback(value), "string");
  }));
});
