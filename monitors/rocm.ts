/**
 * AMD GPUs, through `rocm-smi`, which comes with the driver (contract: goodseed §4.2).
 *
 * @module
 */
import { GpuProbe, type GpuProbeOptions } from "./gpu_probe.ts";
import { parseRocm } from "./rocm_parse.ts";

/**
 * Makes the probe for AMD GPUs.
 *
 * @param options stand-ins for tests
 * @returns a probe of all cards of the machine
 */
export function rocmProbe(options: GpuProbeOptions = {}): GpuProbe {
  return new GpuProbe({
    command: "rocm-smi",
    args: ["--showuse", "--showmemuse", "--showpower", "--json"],
    parse: parseRocm,
  }, options);
}
