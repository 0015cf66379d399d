/**
 * What the catalog knows about one run file, and its JSON text.
 *
 * @module
 */
import { messageOf } from "../../lib/errors.ts";
import { isoUtc, parseIso } from "../../lib/iso_time.ts";
import { type Liveness, livenessOf, type WriterFacts } from "../../lib/liveness.ts";
import type { RunRef } from "../../lib/run_ref.ts";
import { type FileState, lastWriteMs } from "../../lib/store/file_state.ts";
import { isLocked } from "../../lib/store/open_reader.ts";
import { RunReader, type RunSummary } from "../../lib/store/run_reader.ts";

/** What the catalog knows about a run. */
export interface CatalogEntry {
  /** When the run was created, or else last written to, in ms since 1970; for the order of lists. */
  readonly createdMs: number;
  /** The run's object as JSON text, without its end. */
  readonly head: string;
  /** What tells whether the writer of a running run is alive. */
  readonly writer?: WriterFacts;
  /** Why the file could not be read. */
  readonly problem?: string;
}

/** How long a locked file is waited for, in ms: a list must not stop at one file. */
const BUSY_TIMEOUT_MS = 250;

/**
 * Reads what lists show of a run file.
 *
 * @param ref folder and file name: they are what the run is addressed by, whatever the file says
 * @returns with `certain` false when it must be read again next time: the file changed meanwhile, or
 *   could not be read, which can end without a change of the file
 * @throws {StoreError} the file is locked
 */
export function readEntry(
  ref: RunRef,
  file: string,
  state: FileState,
): { entry: CatalogEntry; certain: boolean } {
  try {
    using run = RunReader.open(file, { busyTimeoutMs: BUSY_TIMEOUT_MS });
    const summary = run.summary();
    const entry = readableEntry(ref, summary, state);
    const isRunning = summary.status === "running";
    const writer = isRunning ? writerFacts(run, summary) : undefined;
    return { entry: writer === undefined ? entry : { ...entry, writer }, certain: !run.changed() };
  } catch (error) {
    if (isLocked(error)) throw error;
    return { entry: unreadableEntry(ref, messageOf(error), state), certain: false };
  }
}

/** The entry of a file that cannot be read. */
export function unreadableEntry(
  ref: RunRef,
  problem: string,
  state: FileState | undefined,
): CatalogEntry {
  const summary: RunSummary = {
    runId: ref.runId,
    project: ref.project,
    name: null,
    createdAt: null,
    closedAt: null,
    modifiedAt: null,
    status: "unknown",
    trashed: false,
    metricPaths: [],
    stringPaths: [],
  };
  return { ...readableEntry(ref, summary, state), problem };
}

function readableEntry(
  ref: RunRef,
  summary: RunSummary,
  state: FileState | undefined,
): CatalogEntry {
  const modifiedMs = state === undefined ? undefined : lastWriteMs(state);
  const written = modifiedMs === undefined ? null : isoUtc(modifiedMs);
  const head = JSON.stringify({
    project: ref.project,
    run_id: ref.runId,
    experiment_name: summary.name,
    created_at: summary.createdAt,
    closed_at: summary.closedAt,
    status: summary.status,
    trashed: summary.trashed,
    string_series_paths: summary.stringPaths,
    metric_paths: summary.metricPaths,
    name: summary.name,
    modified_at: summary.modifiedAt ?? written,
  });
  const createdMs = parseIso(summary.createdAt ?? "") ?? modifiedMs ?? 0;
  return { createdMs, head: head.slice(0, -1) };
}

function writerFacts(run: RunReader, summary: RunSummary): WriterFacts {
  const createdMs = parseIso(summary.createdAt ?? "");
  return { ...run.writerHint(), ...(createdMs === undefined ? {} : { createdMs }) };
}

/** The run's object as JSON text; whether its writer is alive is looked up now. */
export function entryJson(entry: CatalogEntry, file: string): string {
  const liveness: Liveness | null = entry.writer === undefined
    ? null
    : livenessOf(file, entry.writer);
  const problem = entry.problem === undefined ? "" : `,"problem":${JSON.stringify(entry.problem)}`;
  return `${entry.head},"liveness":${JSON.stringify(liveness)}${problem}}`;
}
