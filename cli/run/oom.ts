/**
 * Kills for want of memory, as the kernel counts them.
 *
 * @module
 */
import { groupAndParents, parseMemoryGroups } from "../../monitors/cgroup_parse.ts";
import { readText } from "../../monitors/read_text.ts";
import { KILLED } from "./outcome.ts";

/** Where the kernel's files are; tests put stand-ins there. */
export interface OomOptions {
  /** @default {"/proc"} */
  readonly procRoot?: string;
  /** @default {"/sys/fs/cgroup"} */
  readonly cgroupRoot?: string;
}

/**
 * Reads the counter `oom_kill` of `memory.events`, `memory.oom_control` or `/proc/vmstat`.
 *
 * @returns undefined where there is none
 */
export function parseOomKills(text: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** One counter: which file, and whether it counts our control group alone. */
interface Counter {
  readonly file: string;
  readonly ours: boolean;
  readonly before: number;
}

/** Remembers the counter at the start of a command. */
export class OomWatch {
  readonly #counter: Counter | undefined;

  constructor(options: OomOptions = {}) {
    this.#counter = findCounter(options);
  }

  /**
   * Says whether the command died of it.
   *
   * A kill in our own control group counts for any failure, because the victim may have been a
   * process below the command; one anywhere on the machine only when the command itself was killed.
   *
   * @param exitCode exit status of the command
   */
  killed(exitCode: number): boolean {
    const counter = this.#counter;
    if (counter === undefined || exitCode === 0) return false;
    if (!counter.ours && exitCode !== KILLED) return false;
    const after = parseOomKills(readText(counter.file) ?? "");
    return after !== undefined && after > counter.before;
  }
}

function findCounter(options: OomOptions): Counter | undefined {
  const { procRoot = "/proc", cgroupRoot = "/sys/fs/cgroup" } = options;
  const { v1, v2 } = parseMemoryGroups(readText(`${procRoot}/self/cgroup`) ?? "");
  const files: string[] = [];
  // within a container the own group may be the mount itself, whatever path /proc tells
  for (const group of v2 === undefined ? [] : groupAndParents(v2)) {
    files.push(`${cgroupRoot}${group}/memory.events`);
    files.push(`${cgroupRoot}/unified${group}/memory.events`);
  }
  for (const group of v1 === undefined ? [] : groupAndParents(v1)) {
    files.push(`${cgroupRoot}/memory${group}/memory.oom_control`);
  }
  for (const file of files) {
    const before = parseOomKills(readText(file) ?? "");
    if (before !== undefined) return { file, ours: !isWholeMachine(file, cgroupRoot), before };
  }
  const file = `${procRoot}/vmstat`;
  const before = parseOomKills(readText(file) ?? "");
  return before === undefined ? undefined : { file, ours: false, before };
}

/** The root of the version-1 hierarchy holds every process that has no group of its own. */
function isWholeMachine(file: string, cgroupRoot: string): boolean {
  return file === `${cgroupRoot}/memory/memory.oom_control`;
}
