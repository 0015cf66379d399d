import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { betterBy, median, percentile, showNumber, showRatio, spread } from "../../bench/_stats.ts";
import { type ResultRow, rowsJson, tableText, withFigures } from "../../bench/_table.ts";

const ROW: ResultRow = {
  id: "a",
  label: "a figure",
  unit: "ms",
  better: "lower",
  ours: spread([3, 1, 2]),
  theirs: spread([20, 10]),
};

/** Cells of the last line of a table. */
function cells(row: ResultRow): string[] {
  const line = tableText([row]).trimEnd().split("\n").at(-1)!;
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

test("median() is the middle value, or the mean of the two", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([]), NaN);
});

test("percentile() is a value that at least that share does not exceed, and the smallest such", () => {
  fc.assert(fc.property(
    fc.array(fc.integer(), { minLength: 1 }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    (values, share) => {
      const sorted = Float64Array.from(values).sort();
      const found = percentile(sorted, share);

      const upTo = sorted.filter((value) => value <= found).length;
      const below = sorted.filter((value) => value < found).length;
      assert.ok(sorted.includes(found));
      assert.ok(upTo / sorted.length >= share - 1e-12);
      assert.ok(below / sorted.length < share);
    },
  ));
});

test("betterBy() is above 1 when ours is better, whichever way is good", () => {
  assert.equal(betterBy(2, 10, "lower"), 5);
  assert.equal(betterBy(10, 2, "higher"), 5);
  assert.equal(betterBy(10, 2, "lower"), 0.2);
});

test("showNumber() gives three digits, and thousands apart", () => {
  const shown = [0, 0.01234, 0.5, 1.5, 12.34, 123.4, 1234567.8, NaN].map(showNumber);

  assert.deepEqual(shown, ["0", "0.0123", "0.500", "1.50", "12.3", "123", "1,234,568", "–"]);
  assert.deepEqual([0.2, 9.994, 466.7, NaN].map(showRatio), ["0.20 ×", "9.99 ×", "467 ×", "–"]);
});

test("tableText() shows medians, their ratio and the number of rounds", () => {
  assert.deepEqual(cells(ROW), ["a figure", "ms", "2.00", "15.0", "7.50 ×", "3"]);
  assert.deepEqual(
    cells({ ...ROW, against: "sqlite3" }),
    ["a figure", "ms", "2.00", "15.0 (sqlite3)", "7.50 ×", "3"],
  );
});

test("tableText() says what could not be measured", () => {
  const row = { ...ROW, theirs: undefined, theirsMissing: "no Python" };

  assert.deepEqual(cells(row), ["a figure", "ms", "2.00", "no Python", "–", "3"]);
  assert.deepEqual(cells({ ...ROW, ours: undefined }), [
    "a figure",
    "ms",
    "failed",
    "15.0",
    "–",
    "0",
  ]);
});

test("tableText() has lines of equal length", () => {
  const lines = tableText([ROW, { ...ROW, label: "a longer figure", unit: "points/s" }]).split(
    "\n",
  );

  assert.equal(new Set(lines.slice(0, -1).map((line) => line.length)).size, 1);
});

test("rowsJson() keeps every repetition", () => {
  const [row] = rowsJson([ROW]) as { ours: { values: number[] }; better_by: number }[];

  assert.deepEqual(row!.ours.values, [3, 1, 2]);
  assert.equal(row!.better_by, 7.5);
});

test("withFigures() replaces what is between the marks, and nothing else", () => {
  const marks = [
    "<!-- figures: npm run bench -- --page docs/performance.md -->",
    "<!-- end of figures -->",
  ];
  const page = `before\n${marks[0]}\n\nold\n\n${marks[1]}\nafter\n`;

  const written = withFigures(page, "new\n");

  assert.equal(written, `before\n${marks[0]}\n\nnew\n\n${marks[1]}\nafter\n`);
  assert.equal(withFigures(written, "new\n"), written);
  assert.throws(() => withFigures("no marks", "new\n"), /it lacks the lines/);
});
