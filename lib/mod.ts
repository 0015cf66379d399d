/**
 * GoodSeed records machine-learning runs: one SQLite file a run, never slowing the training.
 *
 * @example
 * ```ts
 * import { withRun } from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * await withRun({ name: "quick start", storage: "local", goodseedHome: home }, (run) => {
 *   run.set("parameters", { lr: 1e-3 });
 *   for (let step = 0; step < 10; step++) run.at("train/loss").log(1 / (step + 1), { step });
 * });
 * ```
 *
 * @module
 */
// does nothing here; from a registry, the Worker finds its modules in the cache, not on the network
import "./worker_main.ts";
export { type CloseOptions, Run } from "./run.ts";
export type { StepOptions } from "./values.ts";
export { type FieldOwner, RunField } from "./run_field.ts";
export { withRun } from "./with_run.ts";
export { asObject, type RunObject } from "./run_object.ts";
export { GitRef, type RunOptions, Storage, type StorageMode } from "./settings.ts";
export { type ConfigValue, float, FloatValue } from "./config_value.ts";
export type { Diagnostics } from "./recorder.ts";
export type {
  ConfigEntry,
  MetricBucket,
  MetricData,
  MetricDataOptions,
  StringData,
  StringDataOptions,
} from "./run_reads.ts";
export * from "./errors.ts";
export type * from "./records.ts";
