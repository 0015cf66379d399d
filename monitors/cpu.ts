/**
 * How busy the processors are: the whole machine, and this process.
 *
 * @module
 */
import { cpus } from "node:os";
import process from "node:process";
import { mayReadSystem } from "../lib/runtime/permissions.ts";
import { type CpuTimes, parseCpuTimes } from "./proc_parse.ts";
import { RateMeter, rounded } from "./rate.ts";
import { readText } from "./read_text.ts";

/** Where and when to look; tests put stand-ins there. */
export interface CpuMeterOptions {
  /** @default {"/proc"} */
  readonly procRoot?: string;
  /** Processor time of this process so far, in ms. @default from `process.cpuUsage()` */
  readonly ownTimeMs?: () => number | undefined;
}

function timesOfSystem(): CpuTimes | undefined {
  if (!mayReadSystem("cpus")) return undefined;
  let busy = 0, total = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    total += sum;
    busy += sum - times.idle;
  }
  return total === 0 ? undefined : { busy, total };
}

function ownCpuTimeMs(): number | undefined {
  try {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  } catch { // not offered by this runtime
    return undefined;
  }
}

/** Measures `cpu` and `cpu_process` between two samples. */
export class CpuMeter {
  readonly #procRoot: string;
  readonly #ownTimeMs: () => number | undefined;
  readonly #own = new RateMeter();
  #last: CpuTimes | undefined;

  constructor(options: CpuMeterOptions = {}) {
    this.#procRoot = options.procRoot ?? "/proc";
    this.#ownTimeMs = options.ownTimeMs ?? ownCpuTimeMs;
  }

  /**
   * Takes a sample.
   *
   * @param nowMs monotonic clock in ms
   * @returns `cpu`: percent of the whole machine since the sample before (0 at the first one);
   * `cpu_process`: percent of one processor, from the second sample on
   */
  sample(nowMs: number): Record<string, number> {
    const values: Record<string, number> = {};
    const text = readText(`${this.#procRoot}/stat`);
    const times = text === undefined ? timesOfSystem() : parseCpuTimes(text);
    if (times !== undefined) {
      const total = times.total - (this.#last?.total ?? times.total);
      const busy = times.busy - (this.#last?.busy ?? times.busy);
      this.#last = times;
      const percent = total > 0 ? 100 * busy / total : 0;
      values["cpu"] = rounded(Math.min(100, Math.max(0, percent)), 1);
    }
    const own = this.#ownTimeMs();
    const rate = own === undefined ? undefined : this.#own.update(own, nowMs);
    if (rate !== undefined) values["cpu_process"] = rounded(rate / 10, 1); // ms per s -> percent
    return values;
  }
}
