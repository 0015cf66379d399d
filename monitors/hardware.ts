/**
 * The monitor of the machine: processors, memory, disks, network and GPUs in one round of metrics.
 *
 * @module
 */
import { CpuMeter, type CpuMeterOptions } from "./cpu.ts";
import { DiskSpaceMeter, TrafficMeter, type TrafficMeterOptions } from "./disk_net.ts";
import type { GpuProbeOptions } from "./gpu_probe.ts";
import { gpuValues } from "./gpu_values.ts";
import { GB, MemoryMeter, type MemoryMeterOptions } from "./memory.ts";
import type { Monitor, MonitorSink } from "./monitor.ts";
import { nvidiaProbe } from "./nvidia.ts";
import { rounded } from "./rate.ts";
import { rocmProbe } from "./rocm.ts";

/** Settings of {@linkcode hardwareMonitor}; all have defaults, most are for tests. */
export interface HardwareMonitorOptions
  extends CpuMeterOptions, MemoryMeterOptions, TrafficMeterOptions, GpuProbeOptions {
  /** Time between two rounds, in ms. @default {10_000} */
  readonly intervalMs?: number;
  /** Folder where runs are kept: `disk_free` tells the space left there. @default none */
  readonly home?: string;
  /** Asks the vendors' tools about GPUs. @default {true} */
  readonly gpus?: boolean;
  /** Monotonic clock in ms. @default {performance.now} */
  readonly now?: () => number;
}

/** A round at the end is worth taking this long after the one before, in ms. */
const LAST_ROUND_AFTER_MS = 1_000;

/**
 * Makes the monitor of the machine. Names and units: `docs/monitoring.md`.
 *
 * A round that waits for a GPU tool when the monitor is stopped is recorded without the GPUs.
 *
 * @param options where and how often to look
 * @returns a monitor that calls `sink.metrics` once a round
 */
export function hardwareMonitor(options: HardwareMonitorOptions = {}): Monitor {
  return new HardwareMonitor(options);
}

class HardwareMonitor implements Monitor {
  readonly name = "hardware";
  readonly intervalMs: number;
  readonly #now: () => number;
  readonly #cpu: CpuMeter;
  readonly #memory: MemoryMeter;
  readonly #traffic: TrafficMeter;
  readonly #space: DiskSpaceMeter | undefined;
  readonly #probes: readonly ReturnType<typeof nvidiaProbe>[];
  readonly #stop = new AbortController();
  /** Values of a round that is still waiting for slower ones. */
  #pending: Record<string, number> | undefined;
  #lastRoundMs: number | undefined;

  constructor(options: HardwareMonitorOptions) {
    this.intervalMs = options.intervalMs ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
    this.#cpu = new CpuMeter(options);
    this.#memory = new MemoryMeter(options);
    this.#traffic = new TrafficMeter(options);
    this.#space = options.home === undefined ? undefined : new DiskSpaceMeter(options.home);
    this.#probes = options.gpus === false ? [] : [nvidiaProbe(options), rocmProbe(options)];
  }

  async sample(sink: MonitorSink): Promise<void> {
    if (this.#lastRoundMs === undefined) this.#recordLimit(sink);
    const nowMs = this.#now();
    this.#lastRoundMs = nowMs;
    const values = this.#pending = this.#quickValues(nowMs);
    const [space, gpus] = await Promise.all([this.#space?.sample(), this.#gpus(nowMs)]);
    if (this.#pending !== values) return; // stopped meanwhile, and recorded then
    this.#pending = undefined;
    sink.metrics({ ...values, ...space, ...gpus });
  }

  stop(sink: MonitorSink): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#stop.abort();
    if (pending !== undefined) return sink.metrics(pending);
    const nowMs = this.#now();
    if (this.#lastRoundMs === undefined) return;
    if (nowMs - this.#lastRoundMs >= LAST_ROUND_AFTER_MS) sink.metrics(this.#quickValues(nowMs));
  }

  #recordLimit(sink: MonitorSink): void {
    const { limitBytes } = this.#memory;
    if (limitBytes !== undefined) sink.config("memory_limit", rounded(limitBytes / GB, 2));
  }

  #quickValues(nowMs: number): Record<string, number> {
    return {
      ...this.#cpu.sample(nowMs),
      ...this.#memory.sample(),
      ...this.#traffic.sample(nowMs),
    };
  }

  /** The next vendor is asked only when the one before gave nothing. */
  async #gpus(nowMs: number): Promise<Record<string, number>> {
    for (const probe of this.#probes) {
      if (this.#stop.signal.aborted) break;
      const values = gpuValues(await probe.sample(nowMs, this.#stop.signal));
      if (Object.keys(values).length > 0) return values;
    }
    return {};
  }
}
