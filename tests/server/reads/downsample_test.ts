import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bucketSize,
  downsample,
  type Downsampled,
  planWindow,
  rowsSource,
} from "../../../server/reads/downsample.ts";
import type { PointColumns } from "../../../lib/store/run_reader.ts";

function columns(y: readonly number[]): PointColumns {
  return {
    step: Float64Array.from(y, (_, i) => i),
    y: Float64Array.from(y),
    tsMs: Float64Array.from(y, (_, i) => i * 10),
  };
}

function run(points: PointColumns, pointCount: number, first?: number, last?: number): Downsampled {
  const window = planWindow(points.step.length, { pointCount, first, last });
  return downsample(rowsSource(points), window);
}

function table(d: Downsampled): number[][] {
  return Array.from(
    d.step,
    (step, i) => [step, d.value[i]!, d.minY[i]!, d.maxY[i]!, d.isBucket[i]!],
  );
}

/** The example of the contract: y = i², y[7] = Infinity. */
const SQUARES = columns(Array.from({ length: 20 }, (_, i) => (i === 7 ? Infinity : i * i)));

test("downsample() gives the contract's example", () => {
  const result = run(SQUARES, 4);

  assert.deepEqual(table(result), [
    [0, 0, 0, 0, 0],
    [3.5, 13, 0, 36, 1],
    [11.5, 137.5, 64, 225, 1],
    [17.5, 307.5, 256, 361, 1],
    [19, 361, 361, 361, 0],
  ]);
  assert.deepEqual([...result.tsMs], [0, 40, 120, 180, 190]);
  assert.equal(result.downsampled, true);
});

test("downsample() to one bucket, and of a window whose last bucket is one row", () => {
  assert.deepEqual(table(run(SQUARES, 1))[1], [9.5, 2421 / 19, 0, 361, 1]);
  assert.deepEqual(table(run(SQUARES, 2, 3, 11)), [
    [3, 9, 9, 9, 0],
    [6.5, 331 / 7, 9, 100, 1],
    [11, 121, 121, 121, 1],
  ]);
});

test("downsample() gives NaN for buckets without finite values, and the exact ends as they are", () => {
  const result = run(columns([Infinity, NaN, -Infinity, Infinity]), 1);

  assert.deepEqual(table(result), [
    [0, Infinity, Infinity, Infinity, 0],
    [1.5, NaN, NaN, NaN, 1],
    [3, Infinity, Infinity, Infinity, 0],
  ]);
});

test("downsample() gives the points themselves when there are few enough", () => {
  const result = run(SQUARES, 18, 1, 18);

  assert.equal(result.downsampled, false);
  assert.deepEqual([...result.step], Array.from({ length: 18 }, (_, i) => i + 1));
  assert.ok(result.isBucket.every((flag) => flag === 0));
});

test("planWindow() bounds and echoes the indices as goodseed 0.4.0 does", () => {
  const window = (first?: number, last?: number) => {
    const w = planWindow(20, { pointCount: 4, first, last });
    return [w.first, w.last, w.rows];
  };

  assert.deepEqual(window(), [0, 19, 20]);
  assert.deepEqual(window(50), [50, 19, 0]);
  assert.deepEqual(window(50, 60), [50, 19, 0]);
  assert.deepEqual(window(5, 2), [5, 2, 0]);
  assert.deepEqual(window(-3, 2), [0, 2, 3]);
  assert.deepEqual(window(undefined, -5), [0, -5, 0]);
  assert.deepEqual(planWindow(0, { pointCount: 3 }), {
    first: 0,
    last: 0,
    total: 0,
    rows: 0,
    bucketRows: 1,
  });
});

test("planWindow() refuses a pointCount below one and what is no whole number", () => {
  for (const pointCount of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => planWindow(5, { pointCount }), {
      name: "UsageError",
      message: /at least 1/,
    });
  }
  assert.throws(() => planWindow(5, { pointCount: 1, first: 0.5 }), { name: "UsageError" });
});

test("bucketSize() is the smallest power of two that suffices (property)", () => {
  fc.assert(fc.property(fc.nat(1e7), fc.integer({ min: 1, max: 5000 }), (rows, pointCount) => {
    const size = bucketSize(rows, pointCount);

    assert.equal(Math.log2(size) % 1, 0);
    assert.ok(Math.ceil(rows / size) <= pointCount);
    assert.ok(size === 1 || Math.ceil(rows / (size / 2)) > pointCount);
  }));
});

test("downsample() agrees with a plain reading of the rules (property)", () => {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
    fc.constantFrom(NaN, Infinity, -Infinity),
  );
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 400 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: -5, max: 420 }),
      fc.integer({ min: -5, max: 420 }),
      (y, pointCount, first, last) => {
        const result = run(columns(y), pointCount, first, last);

        const expected: number[][] = [];
        const { first: a, last: b, rows } = result.window;
        const k = bucketSize(rows, pointCount);
        const row = (i: number) => [i, y[i]!, y[i]!, y[i]!, 0];
        for (let i = a; rows > 0 && i <= b; i += k) {
          if (k === 1) {
            expected.push(row(i));
            continue;
          }
          const n = Math.min(k, b - i + 1);
          const part = y.slice(i, i + n);
          const finite = part.filter(Number.isFinite);
          const sum = finite.reduce((s, v) => s + v, 0);
          const of = (v: number) => (finite.length === 0 ? NaN : v);
          const step = i + (n - 1) / 2;
          if (i === a && step !== a) expected.push(row(a));
          expected.push([
            step,
            of(sum / finite.length),
            of(Math.min(...finite)),
            of(Math.max(...finite)),
            1,
          ]);
          if (i + n > b && step !== b) expected.push(row(b));
        }
        assert.deepEqual(table(result), expected);
      },
    ),
    { numRuns: 300 },
  );
});
