/**
 * What a run is made of in each storage mode: a session to write, a file to read, both, or neither.
 *
 * @module
 */
import process from "node:process";
import { encodeConfig } from "./config_value.ts";
import { ConflictError } from "./errors.ts";
import { isoUtc } from "./iso_time.ts";
import type { RunRecord } from "./records.ts";
import { RunReads } from "./run_reads.ts";
import { needRunId, runPath } from "./run_setup.ts";
import { Session } from "./session.ts";
import { type RunSettings, Storage } from "./settings.ts";

/** The parts of a run. */
export interface RunParts {
  /** Empty where there is none. */
  readonly runId: string;
  readonly path?: string;
  readonly session?: Session;
  readonly reads?: RunReads;
  readonly status: string;
}

/**
 * Opens what the settings ask for.
 *
 * @throws {ConflictError | NotFoundError | StoreError} see `Run`
 */
export function openParts(settings: RunSettings): RunParts {
  if (settings.storage === Storage.disabled) return { runId: "", status: "running" };
  if (!settings.readOnly) {
    const session = new Session(settings);
    const { runId, path } = session.run;
    return { runId, path, session, reads: new RunReads(path, runId), status: "running" };
  }
  if (settings.storage === Storage.cloud) return { runId: settings.runId ?? "", status: "unknown" };
  const runId = needRunId(settings), path = runPath(settings, process.env, runId);
  const reads = new RunReads(path, runId);
  return { runId, path, reads, status: reads.status() };
}

/**
 * The file to read from, with everything that was logged so far in it.
 *
 * @throws {ConflictError} there is none
 */
export function readsOf(parts: RunParts, settings: RunSettings): RunReads {
  if (parts.session?.closed === false) parts.session.recorder.flush();
  if (parts.reads !== undefined) return parts.reads;
  throw new ConflictError(
    settings.storage === Storage.disabled
      ? 'Run has no local storage (storage: "disabled")'
      : 'Run has no local storage: a read-only run with storage "cloud" reads from the server, ' +
        'which this version does not; use storage: "local"',
  );
}

/**
 * Configs as records.
 *
 * @throws {UsageError} one of them cannot be stored
 */
export function configRecords(entries: readonly [string, unknown][], nowMs: number): RunRecord[] {
  const now = isoUtc(nowMs);
  return entries.map(([path, value]) => {
    const { tag, text } = encodeConfig(value);
    return { t: "config", path, tag, value: text, updated_at: now };
  });
}
