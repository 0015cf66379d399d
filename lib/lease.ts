/**
 * The lease: a small file beside a run that says which process writes it. Its modification time
 * is the writer's heartbeat. It is removed when the run is closed, and stays after a crash.
 *
 * @module
 */
import { closeSync, openSync, readFileSync, rmSync, utimesSync, writeSync } from "node:fs";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process_identity.ts";

/** Content of a lease file. */
export interface Lease extends ProcessIdentity {
  readonly v: 1;
  /** Name of the writer within the run. */
  readonly writer: string;
  /** When writing began, in ms since 1970. */
  readonly started_ms: number;
}

/** Time between two heartbeats, in ms. */
export const HEARTBEAT_MS = 15_000;

/** The lease file of a run file. */
export function leasePath(runFile: string): string {
  return runFile.replace(/\.sqlite$/, "") + ".lease";
}

/** What the lease beside a run says; undefined when there is none or it is not readable. */
export function readLease(runFile: string): Lease | undefined {
  try {
    const lease = JSON.parse(readFileSync(leasePath(runFile), "utf8")) as Partial<Lease>;
    const valid = typeof lease.host === "string" && Number.isSafeInteger(lease.pid);
    return valid ? lease as Lease : undefined;
  } catch { // none, or being written this moment
    return undefined;
  }
}

/**
 * Takes the lease of a run.
 *
 * @param replace take it although a file is there: its writer is known to be dead
 * @returns the lease that stands in the way when another process was first
 */
export function takeLease(runFile: string, nowMs: number, replace: boolean): Lease | undefined {
  const path = leasePath(runFile);
  const who = ownIdentity();
  const lease: Lease = { v: 1, writer: `${who.host}:${who.pid}`, ...who, started_ms: nowMs };
  if (replace) rmSync(path, { force: true });
  let fd: number;
  try {
    fd = openSync(path, "wx", 0o644);
  } catch (error) {
    const other = readLease(runFile);
    if (other !== undefined && isAlive(other) === false) return takeLease(runFile, nowMs, true);
    if (other !== undefined) return other;
    throw error;
  }
  try {
    writeSync(fd, JSON.stringify(lease) + "\n");
  } finally {
    closeSync(fd);
  }
  return undefined;
}

/** Shows that the writer lives. Never throws: a lost lease must not stop a run. */
export function touchLease(runFile: string, nowMs: number): void {
  try {
    utimesSync(leasePath(runFile), nowMs / 1000, nowMs / 1000);
  } catch { // removed by somebody, or the disk is gone: the run file itself will tell
  }
}

/** Gives the lease back. */
export function dropLease(runFile: string): void {
  try {
    rmSync(leasePath(runFile), { force: true });
  } catch { // a read-only disk: readers find the process dead
  }
}
