import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FRAME_METRIC_SERIES } from "../../lib/frames.ts";
import { groupPoints } from "../../lib/point_groups.ts";
import { RunWriter } from "../../lib/run_writer.ts";
import { RunFile } from "../../lib/store/run_file.ts";
import { tempDir } from "../_harness.ts";
import { rows } from "./_runs.ts";

const point = fc.record({
  slot: fc.integer({ min: 0, max: 3 }),
  step: fc.integer({ min: 0, max: 600 }),
  y: fc.oneof({ weight: 9, arbitrary: fc.integer() }, { weight: 1, arbitrary: fc.constant(NaN) }),
});

test("groupPoints() puts each group in step order and keeps the order of equal steps", () => {
  fc.assert(fc.property(fc.array(point), (list) => {
    const points = Float64Array.from(list.flatMap(({ slot, step, y }) => [slot, step, y, 0]));
    const groupOf = Int32Array.from(list, ({ slot }) => slot === 3 ? -1 : slot);

    const { order, starts } = groupPoints(points, groupOf, 3);

    for (let g = 0; g < 3; g++) {
      const expected = list.flatMap(({ slot }, i) => slot === g ? [i] : [])
        .sort((a, b) => list[a]!.step - list[b]!.step || a - b);
      assert.deepEqual([...order.subarray(starts[g]!, starts[g + 1]!)], expected);
    }
  }));
});

test("RunWriter keeps what a plain map keeps, whatever is written in one turn", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(point, { minLength: 300, maxLength: 900, size: "max" }), {
        minLength: 1,
        maxLength: 3,
      }),
      (turns) => {
        using dir = tempDir();
        const path = dir.join("r.sqlite");
        RunFile.create(path).close();
        const writer = new RunWriter(path, { now: () => 0 });
        const model = new Map<string, string>();
        for (let slot = 0; slot < 4; slot++) {
          writer.frame({ kind: FRAME_METRIC_SERIES, a: slot, step: 0, ts: 0, text: `m${slot}` });
        }

        for (const turn of turns) {
          for (const { slot, step, y } of turn) {
            writer.addPoint(slot, step, y, 0);
            model.set(`m${slot} ${step}`, String(y));
          }
          assert.ok(writer.commit());
        }
        writer.close();

        const stored = rows(
          path,
          "SELECT path || ' ' || CAST(step AS INTEGER), y FROM metric_points JOIN metric_series s ON s.id = series_id",
        );
        const [[hasNans]] = rows(
          path,
          "SELECT count(*) FROM sqlite_master WHERE name = 'gs_metric_nans'",
        ) as [[number]];
        const nans = hasNans === 0 ? [] : rows(
          path,
          "SELECT path || ' ' || CAST(step AS INTEGER), 'NaN' FROM gs_metric_nans JOIN metric_series s ON s.id = series_id",
        );
        const found = [...stored, ...nans].map(([key, y]) => [key, String(y)]);
        assert.deepEqual(found.sort(), [...model].sort());
      },
    ),
    { numRuns: 15 },
  );
});
