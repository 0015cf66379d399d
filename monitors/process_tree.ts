/**
 * All processes that descend from one, and the memory they hold together.
 *
 * @module
 */
import {
  parseChildren,
  parseParentPid,
  parseProcessorTicks,
  parseResidentBytes,
} from "./proc_parse.ts";
import { readNames, readText } from "./read_text.ts";

/** More than this many processes are not followed. */
const MAX_PROCESSES = 10_000;

/** Children as the kernel lists them; undefined where it does not. */
function listedChildren(procRoot: string, pid: number): number[] | undefined {
  if (readText(`${procRoot}/${pid}/task/${pid}/children`) === undefined) return undefined;
  return readNames(`${procRoot}/${pid}/task`).flatMap((tid) =>
    parseChildren(readText(`${procRoot}/${pid}/task/${tid}/children`) ?? "")
  );
}

/** Children of every process of the machine, found by looking at all of them. */
function scannedChildren(procRoot: string): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readNames(procRoot)) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parseParentPid(readText(`${procRoot}/${name}/stat`) ?? "");
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(name)]);
    else siblings.push(Number(name));
  }
  return children;
}

/**
 * Finds a process and its descendants.
 *
 * @param pid the process on top
 * @param procRoot where the kernel's files are
 * @returns the pids, the top one first, each once
 */
export function processTree(pid: number, procRoot: string = "/proc"): number[] {
  const found = new Set([pid]);
  let scanned: Map<number, number[]> | undefined;
  if (listedChildren(procRoot, pid) === undefined) scanned = scannedChildren(procRoot);
  for (const parent of found) { // grows while it is walked
    const children = scanned === undefined
      ? listedChildren(procRoot, parent) ?? []
      : scanned.get(parent) ?? [];
    for (const child of children) if (found.size < MAX_PROCESSES) found.add(child);
  }
  return [...found];
}

/**
 * Sums the resident memory of a process and its descendants. Pages that they share count in each,
 * as in goodseed 0.4.0.
 *
 * @param pid the process on top
 * @param procRoot where the kernel's files are
 * @returns bytes; undefined where the kernel does not tell (not Linux)
 */
export function treeResidentBytes(pid: number, procRoot: string = "/proc"): number | undefined {
  const own = parseResidentBytes(readText(`${procRoot}/${pid}/status`) ?? "");
  if (own === undefined) return undefined;
  return processTree(pid, procRoot).slice(1).reduce((sum, descendant) => {
    return sum + (parseResidentBytes(readText(`${procRoot}/${descendant}/status`) ?? "") ?? 0);
  }, own);
}

/** A clock tick of `/proc`, in ms; every architecture of Linux in use has 100 a second. */
const TICK_MS = 10;

/**
 * Sums the processor time of a process, its descendants, and those of them that have ended and been
 * waited for.
 *
 * @param pid the process on top
 * @param procRoot where the kernel's files are
 * @returns ms; undefined where the kernel does not tell, or when the process has ended
 */
export function treeProcessorMs(pid: number, procRoot: string = "/proc"): number | undefined {
  const own = parseProcessorTicks(readText(`${procRoot}/${pid}/stat`) ?? "");
  if (own === undefined) return undefined;
  return TICK_MS * processTree(pid, procRoot).slice(1).reduce((sum, descendant) => {
    return sum + (parseProcessorTicks(readText(`${procRoot}/${descendant}/stat`) ?? "") ?? 0);
  }, own);
}
