/**
 * How much memory this run takes, of what it may take, and how full the machine is.
 *
 * @module
 */
import process from "node:process";
import { memoryLimitBytes } from "./cgroup.ts";
import { parseMemInfo } from "./proc_parse.ts";
import { treeResidentBytes } from "./process_tree.ts";
import { rounded } from "./rate.ts";
import { readText } from "./read_text.ts";

/** Bytes of the GB in which memory and disk space are recorded (as goodseed 0.4.0 does). */
export const GB = 1024 ** 3;

/** Where to look; tests put stand-ins there. */
export interface MemoryMeterOptions {
  /** The process on top of the tree. @default this process */
  readonly pid?: number;
  /** @default {"/proc"} */
  readonly procRoot?: string;
  /** @default {"/sys/fs/cgroup"} */
  readonly cgroupRoot?: string;
}

function ownResidentBytes(pid: number): number | undefined {
  if (pid !== process.pid) return undefined;
  try {
    return process.memoryUsage().rss;
  } catch { // not offered, or not allowed
    return undefined;
  }
}

/** Measures `memory`, `memory_percent` and `memory_system`. */
export class MemoryMeter {
  readonly #pid: number;
  readonly #procRoot: string;
  /** What this process may use, in bytes, as it was at the start; undefined off Linux. */
  readonly limitBytes: number | undefined;

  constructor(options: MemoryMeterOptions = {}) {
    this.#pid = options.pid ?? process.pid;
    this.#procRoot = options.procRoot ?? "/proc";
    this.limitBytes = memoryLimitBytes({
      processFolder: `${this.#procRoot}/${this.#pid}`,
      procRoot: this.#procRoot,
      ...(options.cgroupRoot === undefined ? {} : { cgroupRoot: options.cgroupRoot }),
    });
  }

  /**
   * Takes a sample.
   *
   * @returns `memory`: GB of this process and its descendants; `memory_percent`: the same as percent
   * of the limit; `memory_system`: percent of the machine's memory in use
   */
  sample(): Record<string, number> {
    const values: Record<string, number> = {};
    const resident = treeResidentBytes(this.#pid, this.#procRoot) ??
      ownResidentBytes(this.#pid);
    if (resident !== undefined) {
      values["memory"] = rounded(resident / GB, 2);
      if (this.limitBytes !== undefined) {
        values["memory_percent"] = rounded(100 * resident / this.limitBytes, 1);
      }
    }
    const machine = parseMemInfo(readText(`${this.#procRoot}/meminfo`) ?? "");
    if (machine !== undefined && machine.total > 0) {
      const used = machine.total - machine.available;
      values["memory_system"] = rounded(100 * used / machine.total, 1);
    }
    return values;
  }
}
