/**
 * How much memory this process may use: the smallest of what its control groups allow and what the
 * machine has.
 *
 * @module
 */
import { groupAndParents, parseMemoryGroups, parseMemoryLimit } from "./cgroup_parse.ts";
import { parseMemInfo } from "./proc_parse.ts";
import { readText } from "./read_text.ts";

/** Where the kernel's files are; tests put stand-ins there. */
export interface CgroupOptions {
  /** Folder of this process under `/proc`. */
  readonly processFolder: string;
  /** @default {"/proc"} */
  readonly procRoot?: string;
  /** @default {"/sys/fs/cgroup"} */
  readonly cgroupRoot?: string;
}

function groupLimits(mount: string, path: string, file: string): (number | undefined)[] {
  return groupAndParents(path).map((group) => {
    const text = readText(`${mount}${group}/${file}`);
    return text === undefined ? undefined : parseMemoryLimit(text);
  });
}

/**
 * Finds the memory limit of this process.
 *
 * @param options where to look
 * @returns bytes; undefined where nothing of this exists (not Linux)
 */
export function memoryLimitBytes(options: CgroupOptions): number | undefined {
  const { processFolder, procRoot = "/proc", cgroupRoot = "/sys/fs/cgroup" } = options;
  const { v1, v2 } = parseMemoryGroups(readText(`${processFolder}/cgroup`) ?? "");
  const machine = parseMemInfo(readText(`${procRoot}/meminfo`) ?? "")?.total;
  const limits = [machine];
  if (v2 !== undefined) {
    limits.push(...groupLimits(cgroupRoot, v2, "memory.max"));
    limits.push(...groupLimits(`${cgroupRoot}/unified`, v2, "memory.max"));
  }
  if (v1 !== undefined) {
    limits.push(...groupLimits(`${cgroupRoot}/memory`, v1, "memory.limit_in_bytes"));
  }
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
