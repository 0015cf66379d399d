/**
 * Parsers for control groups: in which groups a process is, and what a limit file says.
 *
 * @module
 */

/** The groups that may limit a process's memory, as paths below the mount points. */
export interface MemoryGroups {
  /** Path in the unified hierarchy (version 2). */
  readonly v2?: string;
  /** Path in the memory hierarchy (version 1). */
  readonly v1?: string;
}

/** Limits this high mean that there is none. */
const NO_LIMIT = 2 ** 62;

/** Reads `/proc/<pid>/cgroup`. */
export function parseMemoryGroups(text: string): MemoryGroups {
  let v1: string | undefined, v2: string | undefined;
  for (const line of text.split("\n")) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (id === "0" && controllers === "") v2 = path;
    else if (controllers?.split(",").includes("memory")) v1 = path;
  }
  return { ...(v1 === undefined ? {} : { v1 }), ...(v2 === undefined ? {} : { v2 }) };
}

/**
 * Reads `memory.max` or `memory.limit_in_bytes`.
 *
 * @returns bytes, or undefined for `max`, for 2^62 and more, and for anything else
 */
export function parseMemoryLimit(text: string): number | undefined {
  const trimmed = text.trim();
  const value = /^\d+$/.test(trimmed) ? Number(trimmed) : NaN;
  return value > 0 && value < NO_LIMIT ? value : undefined;
}

/**
 * Lists a group and all the groups above it, whose limits hold too.
 *
 * @param path path of a group, for example `/slurm/job_1/step_0`
 * @returns that path, its parents, and the empty path of the root
 */
export function groupAndParents(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return Array.from(
    { length: parts.length + 1 },
    (_, up) => parts.slice(0, parts.length - up).map((part) => "/" + part).join(""),
  );
}
