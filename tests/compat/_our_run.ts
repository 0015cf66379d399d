/** Runs that our library writes for the compatibility tests. */
import { float, Run, type RunOptions } from "../../lib/mod.ts";

/** Project of all runs in these tests. */
export const PROJECT = "team-a/compat";

/** Options of a run that records nothing by itself and prints nothing. */
export function quietOptions(home: string): RunOptions {
  return {
    project: PROJECT,
    storage: "local",
    goodseedHome: home,
    quiet: true,
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    captureTraceback: false,
    gitRef: false,
  };
}

/** What {@linkcode writeRun} writes, beyond the plain values. */
export interface Content {
  /** Tags, a set and a time: values that the client's server cannot answer. */
  readonly sets?: boolean;
  /** NaN points, alone and among others. */
  readonly nans?: boolean;
}

/** Writes one closed run with configs of all types, metrics, texts and unusual steps. */
export function writeRun(home: string, runId: string, content: Content = {}): void {
  const tags = content.sets === true ? { tags: ["b", "a", "é"] } : {};
  const run = new Run({ ...quietOptions(home), runId, name: "ours ☃ 🚀", ...tags });
  run.logConfigs({
    lr: 1e-5,
    third: 1 / 3,
    whole: float(3),
    large: 1e22,
    inf: Infinity,
    nan: NaN,
    layers: 12,
    huge: 2n ** 80n,
    negative: -7,
    on: true,
    off: false,
    nothing: null,
    text: "line\nbreak ☃",
    empty: "",
    "größe/µ/雪🚀": "ünïcode ✓",
  });
  run.set("parameters", { model: { hidden: 256, heads: [4, 8] }, seed: 7 });
  if (content.sets === true) {
    run.set("set", new Set(["z", "ö", "🚀", "\uffee"]));
    run.set("when", new Date("2024-01-02T03:04:05.678Z"));
  }
  for (let step = 0; step < 200; step++) {
    run.logMetrics({ "train/loss": step === 7 ? Infinity : step * step, acc: -step / 3 }, { step });
  }
  for (const step of [-5, 0.25, 0.75, 1_000_000]) run.at("sparse").log(step * 2, { step });
  run.at("sparse").log(3, { step: 0.75 }); // the last one wins
  ["first", "", "dritte Zeile\nß", "🚀"].forEach((text, step) =>
    run.logStrings({ notes: text }, { step })
  );
  run.at("both").log(1, { step: 0 });
  run.at("both").log("one", { step: 0 });
  if (content.nans === true) {
    run.at("only-nan").log(NaN, { step: 0 });
    run.logMetrics({ "nan/a": 1, "nan/b": NaN, "nan/c": 2 }, { step: 0 });
    run.logMetrics({ "nan/a": 11, "nan/b": 12, "nan/c": 13 }, { step: 1 });
  }
  run.close();
}
