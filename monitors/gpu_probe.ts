/**
 * Asks a vendor's tool about its GPUs.
 *
 * @module
 */
import { type ProbeOptions, type ProbeResult, runProbe } from "../lib/runtime/spawn.ts";
import type { GpuReading } from "./gpu_values.ts";
import { ProbeSwitch } from "./probe_switch.ts";

/** Runs a program; tests put a stand-in in its place. */
export type ProbeRunner = (
  command: string,
  args: string[],
  options: ProbeOptions,
) => Promise<ProbeResult>;

/** A tool, its arguments and the way to read it. */
export interface GpuTool {
  readonly command: string;
  readonly args: readonly string[];
  readonly parse: (text: string) => GpuReading[];
}

/** What a probe works with. */
export interface GpuProbeOptions {
  /** @default {runProbe} */
  readonly run?: ProbeRunner;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1_048_576;

/** Runs one tool, and leaves it alone while it is absent or failing. */
export class GpuProbe {
  readonly #tool: GpuTool;
  readonly #run: ProbeRunner;
  readonly #switch = new ProbeSwitch();

  constructor(tool: GpuTool, options: GpuProbeOptions = {}) {
    this.#tool = tool;
    this.#run = options.run ?? runProbe;
  }

  /**
   * Takes a sample.
   *
   * @param nowMs monotonic clock in ms
   * @param signal ends it early
   * @returns one reading a GPU; empty when there is none, and without trying when the tool is
   * switched off
   */
  async sample(nowMs: number, signal?: AbortSignal): Promise<GpuReading[]> {
    if (!this.#switch.isDue(nowMs)) return [];
    const result = await this.#run(this.#tool.command, [...this.#tool.args], {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      env: { LC_ALL: "C" }, // numbers with a point
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.missing) {
      this.#switch.note("absent", nowMs);
      return [];
    }
    const gpus = result.timedOut ? [] : this.#tool.parse(result.stdout);
    this.#switch.note(gpus.length === 0 ? "failed" : "worked", nowMs);
    return gpus;
  }
}
