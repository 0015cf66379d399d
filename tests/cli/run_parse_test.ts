import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  foundMetrics,
  linePattern,
  MAX_PARSED_LENGTH,
  parsedPart,
  printedNumber,
} from "../../cli/run/parse_lines.ts";
import { runHome } from "./_run_home.ts";

function find(given: string, line: string): unknown[] {
  const pattern = linePattern(given);
  const match = new RegExp(pattern.source).exec(line);
  return match === null ? [] : foundMetrics(pattern, match.groups ?? {});
}

test("linePattern() takes paths as names of groups, and leaves the rest of the expression alone", () => {
  assert.deepEqual(find(String.raw`loss=(?<train/loss>[\d.]+)`, "loss=0.25 x"), [
    { path: "train/loss", value: 0.25, step: undefined },
  ]);
  assert.deepEqual(find(String.raw`(?<step>\d+): (?<a>\S+) (?<b b>\S+)`, "7: 1e-3, nan"), [
    { path: "a", value: 0.001, step: 7 },
    { path: "b b", value: NaN, step: 7 },
  ]);
  assert.deepEqual(find(String.raw`(?<=x)(?<a>\d)(?<!9)[(?<b>]`, "x1<"), [
    { path: "a", value: 1, step: undefined },
  ]);
  assert.deepEqual(find(String.raw`\(?<(?<v>\d)> \k<v>`, "<3> 3"), [
    { path: "v", value: 3, step: undefined },
  ]);
  assert.deepEqual(find(String.raw`a=(?<v>\d)|b=(?<v>\d)`, "b=4"), [
    { path: "v", value: 4, step: undefined },
  ]);
});

test("printedNumber() reads every finite number back as it is printed", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      assert.equal(printedNumber(String(value)), value === 0 ? Number(String(value)) : value);
    }),
  );
  assert.equal(printedNumber("1,234.5"), 1234.5);
  assert.equal(printedNumber("50%"), 50);
  assert.equal(printedNumber("-inf"), -Infinity);
  for (const text of ["", undefined, "abc", "1.2.3", "0x10", "--1"]) {
    assert.equal(printedNumber(text), undefined);
  }
});

test("parsedPart() takes terminal codes out and is bounded", () => {
  assert.equal(parsedPart("\u001b[1;32mloss\u001b[0m=1"), "loss=1");
  assert.equal(parsedPart("x".repeat(100_000)).length, MAX_PARSED_LENGTH);
});

test("run --parse charts what is printed, with several patterns and both streams", async () => {
  using home = runHome();

  const { code, stdout } = await home.exec(
    [
      ...["-q", "--parse", String.raw`step (?<step>\d+) loss=(?<train/loss>[\d.]+)`],
      ...["--parse", String.raw`acc: (?<val/acc>\S+)`],
    ],
    [
      ...["sh", "-c"],
      "for i in 1 2 3; do echo step $i loss=0.$i; echo acc: $i% >&2; done; printf 'acc: 9'",
    ],
  );

  assert.equal(code, 0);
  assert.equal(stdout, "step 1 loss=0.1\nstep 2 loss=0.2\nstep 3 loss=0.3\nacc: 9");
  assert.deepEqual(home.points("train/loss"), [[1, 0.1], [2, 0.2], [3, 0.3]]);
  assert.deepEqual(home.points("val/acc"), [[0, 1], [1, 2], [2, 3], [3, 9]]);
});

test("run --parse switches a pattern off that takes for ever; capture and other patterns go on", async () => {
  using home = runHome();
  const bad = "a".repeat(60) + "!";

  const started = performance.now();
  const { code, stdout, stderr } = await home.exec(
    ["-q", "--parse", "^(?<evil>(a+)+)$", "--parse", String.raw`x=(?<x>\d+)`],
    ["sh", "-c", `echo x=1; echo ${bad}; for i in 2 3 4; do echo x=$i; done`],
  );

  assert.equal(code, 0);
  assert.equal(
    stderr,
    "goodseed: --parse '^(?<evil>(a+)+)$' is switched off: it does not come to an end on a line\n",
  );
  assert.equal(stdout, `x=1\n${bad}\nx=2\nx=3\nx=4\n`);
  assert.deepEqual(home.points("x").map(([, value]) => value), [1, 2, 3, 4]);
  assert.ok(performance.now() - started < 15_000);
});
