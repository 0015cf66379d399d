/**
 * What is read of one GPU, whoever made it, and the names under which it is recorded. Pure.
 *
 * @module
 */
import { rounded } from "./rate.ts";

/** What could be read of one GPU; a field that the tool did not tell is absent. */
export interface GpuReading {
  /** Utilisation in percent. */
  readonly use?: number;
  /** Used memory in percent of the device's. */
  readonly memory?: number;
  /** Power draw in watts. */
  readonly power?: number;
}

/**
 * Names the values of all GPUs: `gpu`, `gpu_memory`, `gpu_power` for a single one, else with the
 * position appended (`gpu_0`, `gpu_memory_0`, …).
 *
 * @param gpus in the order of the tool; one without any value still counts
 * @returns metrics by name
 */
export function gpuValues(gpus: readonly GpuReading[]): Record<string, number> {
  const values: Record<string, number> = {};
  gpus.forEach((gpu, index) => {
    const suffix = gpus.length === 1 ? "" : `_${index}`;
    if (gpu.use !== undefined) values[`gpu${suffix}`] = gpu.use;
    if (gpu.memory !== undefined) values[`gpu_memory${suffix}`] = rounded(gpu.memory, 1);
    if (gpu.power !== undefined) values[`gpu_power${suffix}`] = rounded(gpu.power, 1);
  });
  return values;
}
