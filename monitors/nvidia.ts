/**
 * NVIDIA GPUs, through `nvidia-smi`, which comes with the driver (contract: goodseed §4.2).
 *
 * @module
 */
import { GpuProbe, type GpuProbeOptions } from "./gpu_probe.ts";
import { parseNvidia } from "./nvidia_parse.ts";

/**
 * Makes the probe for NVIDIA GPUs.
 *
 * @param options stand-ins for tests
 * @returns a probe of all GPUs of the machine, whatever `CUDA_VISIBLE_DEVICES` says
 */
export function nvidiaProbe(options: GpuProbeOptions = {}): GpuProbe {
  return new GpuProbe({
    command: "nvidia-smi",
    args: [
      "--query-gpu=utilization.gpu,memory.used,memory.total,power.draw",
      "--format=csv,noheader,nounits",
    ],
    parse: parseNvidia,
  }, options);
}
