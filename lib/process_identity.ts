/**
 * Who a process is, beyond its number: host, start of the machine, start of the process.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";

/** A process that can be told from any other, before or after it. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Clock ticks since the machine started, as the kernel counts them; absent off Linux. */
  readonly pid_start?: number;
  /** Changes with every start of the machine; absent off Linux. */
  readonly boot_id?: string;
}

/** Start of a process that has ended and waits to be collected by its parent. */
const ENDED = -1;

/** The running process. */
export function ownIdentity(): ProcessIdentity {
  const pidStart = pidStartTicks(process.pid), bootId = currentBootId();
  return {
    host: hostName(),
    pid: process.pid,
    ...(pidStart === undefined ? {} : { pid_start: pidStart }),
    ...(bootId === undefined ? {} : { boot_id: bootId }),
  };
}

/** Whether that process still runs; undefined when it ran on another host. */
export function isAlive(who: ProcessIdentity): boolean | undefined {
  if (who.host !== hostName()) return undefined;
  const bootId = currentBootId();
  if (who.boot_id !== undefined && bootId !== undefined && who.boot_id !== bootId) return false;
  if (!pidExists(who.pid)) return false;
  const start = pidStartTicks(who.pid);
  if (start === ENDED) return false;
  return who.pid_start === undefined || start === undefined || start === who.pid_start;
}

/** Name of this host; a fixed word where the program may not ask for it. */
export function hostName(): string {
  try {
    return hostname();
  } catch { // Deno without --allow-sys
    return "unknown-host";
  }
}

/** When a process of this host started, in ms since 1970; undefined when that cannot be told. */
export function processStartMs(pid: number): number | undefined {
  const ticks = pidStartTicks(pid);
  if (ticks === undefined) return undefined;
  const boot = readText("/proc/stat")?.match(/^btime (\d+)$/m)?.[1];
  return boot === undefined ? undefined : Number(boot) * 1000 + ticks * 10; // 100 ticks a second
}

function currentBootId(): string | undefined {
  return readText("/proc/sys/kernel/random/boot_id")?.trim();
}

/** Field 22 of `/proc/<pid>/stat`; the name in field 2 may hold blanks and brackets. */
function pidStartTicks(pid: number): number | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return ENDED;
  const ticks = Number(fields[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM" ||
      (error as Error).name === "PermissionDenied";
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch { // not Linux, or the process has gone
    return undefined;
  }
}
