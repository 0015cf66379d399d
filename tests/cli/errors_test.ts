import assert from "node:assert/strict";
import { test } from "node:test";
import { reportError } from "../../cli/errors.ts";
import { AuthError, NotFoundError, StoreError, UsageError } from "../../lib/errors.ts";
import { world } from "./_goodseed.ts";

function report(error: unknown, env: Record<string, string> = {}): [number, string] {
  const { ctx, stdout, stderr } = world({ env });
  const code = reportError(error, ctx);
  assert.deepEqual(stdout, []);
  return [code, stderr.join("")];
}

test("reportError() prints an error of ours as one line", () => {
  assert.deepEqual(report(new UsageError("reading x: found y; do z")), [
    1,
    "Error: reading x: found y; do z\n",
  ]);
  assert.deepEqual(report(new StoreError("two\n  lines\r\nmore", "/p")), [
    1,
    "Error: two lines more\n",
  ]);
});

test("reportError() gives 2 where access was refused, else 1", () => {
  assert.equal(report(new AuthError("no"))[0], 2);
  assert.equal(report(new NotFoundError("no"))[0], 1);
  assert.equal(report("a thrown text")[0], 1);
});

test("reportError() gives a hint for what nobody expected", () => {
  const [code, stderr] = report(new TypeError("x is not a function"));

  assert.equal(code, 1);
  assert.equal(
    stderr,
    "Error: x is not a function\n" +
      "This was not expected; set GOODSEED_DEBUG=1 to see where it came from.\n",
  );
});

test("reportError() prints the stack and its causes with GOODSEED_DEBUG=1", () => {
  const error = new StoreError("outer", "/p", { cause: new Error("inner") });

  const [code, stderr] = report(error, { GOODSEED_DEBUG: "1" });

  assert.equal(code, 1);
  assert.match(stderr, /^Error: outer\n/);
  assert.match(stderr, /errors_test\.ts/);
  assert.match(stderr, /\ncaused by: Error: inner\n/);
});
