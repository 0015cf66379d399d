/**
 * Parsers of the files under `/proc`; each takes a file's text and gives undefined when what it
 * wants is not there.
 *
 * @module
 */

/** Processor time since the machine started, in clock ticks over all processors. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** Memory of the machine, in bytes. */
export interface MachineMemory {
  readonly total: number;
  /** What programs can still get without swapping. */
  readonly available: number;
}

/** Bytes that went in and out since something started. */
export interface ByteCounts {
  /** Read, or received. */
  readonly into: number;
  /** Written, or sent. */
  readonly out: number;
}

/** Interfaces whose traffic is counted again on another one, or never leaves the machine. */
const INNER_INTERFACE =
  /^(lo|docker|veth|br-|virbr|vnet|tap|cni|flannel|cali|cilium|lxc|podman|kube|dummy|ifb|bond|team|tunl|nodelocaldns)|[.@]/;

/**
 * Reads the first line of `/proc/stat`. Waiting for input and output counts as idle; time of guests
 * is part of user time already.
 */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const fields = /^cpu\s+(.+)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  if (fields.length < 4 || fields.some(Number.isNaN)) return undefined;
  const total = fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return { busy: total - idle, total };
}

/** Reads `/proc/meminfo`; kernels before 3.14 give no estimate, free + caches stands in. */
export function parseMemInfo(text: string): MachineMemory | undefined {
  const total = kilobytes(text, "MemTotal");
  if (total === undefined) return undefined;
  const available = kilobytes(text, "MemAvailable") ??
    (kilobytes(text, "MemFree") ?? 0) + (kilobytes(text, "Buffers") ?? 0) +
      (kilobytes(text, "Cached") ?? 0);
  return { total, available: Math.min(available, total) };
}

/** Reads the resident memory of a process, in bytes, from `/proc/<pid>/status`. */
export function parseResidentBytes(text: string): number | undefined {
  return kilobytes(text, "VmRSS");
}

/** Reads the parent of a process from `/proc/<pid>/stat`, whose second field may hold anything. */
export function parseParentPid(text: string): number | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 1).trim().split(" ");
  return wholeNumber(fields[1]);
}

/**
 * Reads the processor time of a process and of its children that it has waited for, in clock ticks,
 * from `/proc/<pid>/stat`.
 */
export function parseProcessorTicks(text: string): number | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 1).trim().split(" ");
  const times = fields.slice(11, 15).map(wholeNumber);
  if (times.length < 4) return undefined;
  return times.reduce((sum: number, ticks) => sum + (ticks ?? 0), 0);
}

/** Reads `/proc/<pid>/task/<tid>/children`. */
export function parseChildren(text: string): number[] {
  return text.split(/\s+/).map(wholeNumber).filter((pid) => pid !== undefined);
}

/** Reads what a process really read from and wrote to disks, from `/proc/<pid>/io`. */
export function parseIo(text: string): ByteCounts | undefined {
  const into = wholeNumber(/^read_bytes:\s*(\d+)/m.exec(text)?.[1]);
  const out = wholeNumber(/^write_bytes:\s*(\d+)/m.exec(text)?.[1]);
  return into === undefined || out === undefined ? undefined : { into, out };
}

/** Sums `/proc/net/dev` over the interfaces that lead out of the machine. */
export function parseNetDev(text: string): ByteCounts | undefined {
  let into = 0, out = 0, found = false;
  for (const line of text.split("\n")) {
    const match = /^\s*([^\s:]+(?::\d+)?):\s*(.*)$/.exec(line);
    const name = match?.[1];
    const fields = match?.[2]?.trim().split(/\s+/) ?? [];
    const received = wholeNumber(fields[0]), sent = wholeNumber(fields[8]);
    if (name === undefined || INNER_INTERFACE.test(name)) continue;
    if (received === undefined || sent === undefined) continue;
    into += received;
    out += sent;
    found = true;
  }
  return found ? { into, out } : undefined;
}

function kilobytes(text: string, key: string): number | undefined {
  const value = wholeNumber(new RegExp(`^${key}:\\s*(\\d+)\\s*kB`, "m").exec(text)?.[1]);
  return value === undefined ? undefined : value * 1024;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
