/**
 * Marks the end of a run in its file, and takes the mark back when the run goes on.
 *
 * @module
 */
import { isoUtc } from "./iso_time.ts";
import type { RunFile } from "./store/run_file.ts";
import type { RunEnd } from "./worker_protocol.ts";

/** Why a run did not simply finish: the exact word beside `finished` or `failed`. */
const REASON_PATH = "sys/exit_reason";

/** Writes status, times and reason. The caller has opened a transaction. */
export function markEnd(file: RunFile, end: RunEnd, nowMs: number): void {
  const now = isoUtc(nowMs);
  file.setMeta("status", end.status);
  file.setMeta("closed_at", now);
  file.putConfig("sys/state", "str", end.status, now);
  file.putConfig("sys/closed_time", "str", now, now);
  if (end.reason !== undefined) file.putConfig(REASON_PATH, "str", end.reason, now);
  else if (file.config(REASON_PATH) !== undefined) file.putConfig(REASON_PATH, "str", "", now);
}

/** The run goes on: after a resume, or after an end that did not come. */
export function markRunning(file: RunFile, nowMs: number): void {
  file.setMeta("status", "running");
  file.putConfig("sys/state", "str", "running", isoUtc(nowMs));
}
