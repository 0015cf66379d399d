/**
 * A series of a million points as a chart of 1,000 buckets, asked of a server; see
 * _serve_times.ts for the options.
 *
 * @module
 */
import { reportTimes } from "./_serve_times.ts";

interface Chart {
  readonly points?: readonly unknown[];
  readonly downsampled?: boolean;
}

await reportTimes({
  target: "/api/runs/bench/run-0/metrics?path=train%2Fmetric_0&pointCount=1000",
  expected: (answer) => {
    const { points = [], downsampled } = answer as Chart;
    return downsampled === true && points.length > 400 && points.length <= 1002;
  },
});
