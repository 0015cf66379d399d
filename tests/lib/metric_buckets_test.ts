import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { metricBuckets, metricData, type StepColumns } from "../../lib/metric_buckets.ts";

function columns(points: readonly (readonly [number, number])[]): StepColumns {
  return {
    step: Float64Array.from(points, (p) => p[0]),
    y: Float64Array.from(points, (p) => p[1]),
  };
}

test("metricData() gives the points themselves when there are few enough", () => {
  const data = metricData("m", columns([[0, 1], [1, NaN]]), { maxPoints: 2 });

  assert.deepEqual(data, {
    path: "m",
    downsampled: false,
    rawPoints: [{ step: 0, y: 1 }, { step: 1, y: NaN }],
  });
});

test("metricData() takes both step bounds as inclusive", () => {
  const points = columns([[0, 0], [1, 1], [2, 2], [3, 3]]);

  const data = metricData("m", points, { stepMin: 1, stepMax: 2 });

  assert.ok(!data.downsampled);
  assert.deepEqual(data.rawPoints?.map((p) => p.step), [1, 2]);
});

test("metricData() with an empty range or no points gives no points", () => {
  for (const options of [{ stepMin: 5, stepMax: 1 }, { stepMin: 10 }, { stepMax: -1 }]) {
    const data = metricData("m", columns([[0, 0], [1, 1]]), { ...options, maxPoints: 1 });
    assert.deepEqual(data, { path: "m", downsampled: false, rawPoints: [] });
  }
});

test("metricData() refuses a maxPoints below one or no whole number", () => {
  for (const maxPoints of [0, -1, 1.5, NaN]) {
    assert.throws(() => metricData("m", columns([]), { maxPoints }), /maxPoints is .*at least 1/);
  }
});

test("metricBuckets() sums up each bucket over its finite values", () => {
  const buckets = metricBuckets(columns([[0, 4], [1, NaN], [2, 6], [9, Infinity]]), 2);

  assert.deepEqual(buckets, [
    { stepMin: 0, stepMax: 2, count: 3, min: 4, max: 6, avg: 5, first: 4, last: 6 },
    {
      stepMin: 9,
      stepMax: 9,
      count: 1,
      min: NaN,
      max: NaN,
      avg: NaN,
      first: Infinity,
      last: Infinity,
    },
  ]);
});

test("metricBuckets() puts infinite steps into the outer buckets", () => {
  const points = columns([[-Infinity, 1], [0, 2], [10, 3], [Infinity, 4]]);

  const buckets = metricBuckets(points, 2);

  assert.deepEqual(buckets.map((b) => [b.first, b.last]), [[1, 2], [3, 4]]);
  assert.equal(metricBuckets(columns([[-Infinity, 1], [Infinity, 2]]), 1).length, 1);
});

test("metricBuckets() keeps the mean of values whose sum is too large for a number", () => {
  const [bucket] = metricBuckets(columns([[0, 1.5e308], [1, 1.5e308]]), 1);

  assert.equal(bucket?.avg, 1.5e308);
});

test("metricBuckets() never gives more than asked for and covers every point once (property)", () => {
  const step = fc.oneof(
    fc.integer({ min: -50, max: 50 }),
    fc.double({ noNaN: true }),
  );
  const y = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(step, y), { selector: (p) => p[0], comparator: "SameValueZero" }),
      fc.integer({ min: 1, max: 12 }),
      (points, maxPoints) => {
        points.sort((a, b) => (a[0] < b[0] ? -1 : 1));
        const buckets = metricBuckets(columns(points), maxPoints);

        assert.ok(buckets.length <= maxPoints);
        assert.equal(buckets.reduce((sum, b) => sum + b.count, 0), points.length);
        let at = 0;
        for (const b of buckets) {
          const part = points.slice(at, at += b.count);
          const finite = part.map((p) => p[1]).filter(Number.isFinite);
          assert.deepEqual([b.stepMin, b.stepMax], [part[0]![0], part.at(-1)![0]]);
          assert.equal(b.min, finite.length === 0 ? NaN : Math.min(...finite));
          assert.equal(b.max, finite.length === 0 ? NaN : Math.max(...finite));
        }
      },
    ),
  );
});
