/**
 * The list of all runs, 1,000 of them with 20 series each, asked of a server; see _serve_times.ts
 * for the options.
 *
 * @module
 */
import { reportTimes } from "./_serve_times.ts";

await reportTimes({
  target: "/api/runs?project=bench",
  expected: (answer) => {
    const { runs = [] } = answer as { readonly runs?: readonly { readonly run_id?: string }[] };
    return runs.length > 1 && new Set(runs.map((run) => run.run_id)).size === runs.length;
  },
});
