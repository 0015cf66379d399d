/**
 * Makes or reopens the run file that a new run writes to.
 *
 * @module
 */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { encodeConfig } from "./config_value.ts";
import { ConflictError, NotFoundError, quoted, StoreError, UsageError } from "./errors.ts";
import { uniqueRunId } from "./ids.ts";
import { isoUtc, parseIso } from "./iso_time.ts";
import { dropLease, type Lease, takeLease } from "./lease.ts";
import { livenessOf } from "./liveness.ts";
import { recoverJournal } from "./journal_recovery.ts";
import { markRunning } from "./run_end.ts";
import type { RunSettings } from "./settings.ts";
import { type Env, projectsDir, resolveHome, runFilePath } from "./store/home.ts";
import { RunFile } from "./store/run_file.ts";

/** A run file that is ours to write. */
export interface OpenedRun {
  readonly runId: string;
  readonly path: string;
  /** True when it went on with an existing file. */
  readonly resumed: boolean;
}

/** How to set up a run beyond its settings. */
export interface SetupOptions {
  readonly env: Env;
  readonly now: () => number;
  readonly random: () => number;
  /** Leaves out the automatic configs: the records to come bring their own. */
  readonly bare: boolean;
}

/** Path of the file of that run under these settings. */
export function runPath(settings: RunSettings, env: Env, runId: string): string {
  if (settings.logDir) return join(resolve(settings.logDir), `${runId}.sqlite`);
  const projects = projectsDir(resolveHome(env, settings.goodseedHome));
  return runFilePath(projects, { project: settings.project, runId });
}

/**
 * Makes the file of a new run, or takes over an ended one.
 *
 * @throws {ConflictError} the id exists, or the run to resume is still running
 * @throws {NotFoundError} the run to resume does not exist
 * @throws {StoreError} the file cannot be made or opened
 */
export function setUpRun(settings: RunSettings, options: SetupOptions): OpenedRun {
  return settings.resume
    ? resumeRun(settings, settings.runId!, options)
    : createRun(settings, options);
}

function createRun(settings: RunSettings, options: SetupOptions): OpenedRun {
  const { env } = options;
  const runId = settings.runId ??
    uniqueRunId(options.random, (id) => existsSync(runPath(settings, env, id)));
  const path = runPath(settings, env, runId);
  const file = RunFile.create(path);
  let claimed = false;
  try {
    claim(path, runId, options.now(), false);
    claimed = true;
    file.transaction(() => writeStart(file, settings, runId, options));
    file.close();
  } catch (error) {
    file.close();
    rmSync(path, { force: true }); // half a run is none
    if (claimed) dropLease(path);
    throw error;
  }
  return { runId, path, resumed: false };
}

function writeStart(
  file: RunFile,
  settings: RunSettings,
  runId: string,
  options: SetupOptions,
): void {
  const nowMs = options.now(), now = isoUtc(nowMs);
  const createdAt = timeText(settings.createdAt) ?? now;
  const modifiedAt = timeText(settings.modifiedAt);
  file.setMeta("run_id", runId);
  file.setMeta("project", settings.project);
  file.setMeta("created_at", createdAt);
  if (modifiedAt !== undefined) file.setMeta("modified_at", modifiedAt);
  file.setMeta("status", "running");
  if (options.bare) return;
  const put = (path: string, value: unknown): void => {
    const { tag, text } = encodeConfig(value);
    file.putConfig(path, tag, text, now);
  };
  put("sys/id", runId);
  put("sys/creation_time", createdAt);
  put("sys/state", "running");
  if (settings.name !== undefined) put("sys/name", settings.name);
  if (settings.description !== undefined) put("sys/description", settings.description);
  if (settings.tags.length > 0) put("sys/tags", new Set(settings.tags));
}

function timeText(value: Date | string | undefined): string | undefined {
  return value instanceof Date ? isoUtc(value.getTime()) : value;
}

function resumeRun(settings: RunSettings, runId: string, options: SetupOptions): OpenedRun {
  const path = runPath(settings, options.env, runId);
  if (!existsSync(path)) {
    throw new NotFoundError(
      `Cannot resume run ${quoted(runId)}: database not found at ${path}; check project and home`,
    );
  }
  const file = RunFile.open(path);
  try {
    if (file.meta("status") === "running") refuseUnlessDead(file, runId, settings.force);
    claim(path, runId, options.now(), settings.force); // a dead writer's lease is taken over anyway
    try {
      recoverJournal(file, options.now());
      file.transaction(() => markRunning(file, options.now()));
    } catch (error) {
      dropLease(path);
      throw error;
    }
  } finally {
    file.close();
  }
  return { runId, path, resumed: true };
}

/** A run that says `running` is resumed when its writer is known to be dead, or by force. */
function refuseUnlessDead(file: RunFile, runId: string, force: boolean): void {
  const created = file.meta("created_at");
  const createdMs = created === undefined ? undefined : parseIso(created);
  const liveness = livenessOf(file.path, {
    ...file.monitoredProcess(),
    ...(createdMs === undefined ? {} : { createdMs }),
  });
  if (liveness === "dead" || (force && liveness === "unknown")) return;
  throw new ConflictError(
    `Cannot resume run ${quoted(runId)}: it is still running` +
      (liveness === "unknown"
        ? " as far as can be told from this host; if its process has ended, resume with force"
        : "; close it first"),
  );
}

function claim(path: string, runId: string, nowMs: number, replace: boolean): void {
  let other: Lease | undefined;
  try {
    other = takeLease(path, nowMs, replace);
  } catch (error) {
    throw new StoreError(`taking the lease of ${quoted(path)}: ${String(error)}`, path, {
      cause: error,
    });
  }
  if (other !== undefined) {
    throw new ConflictError(
      `run ${quoted(runId)} is being written by process ${other.pid} on ${other.host}; ` +
        "wait for it to end or choose another id",
    );
  }
}

/** Refuses a combination that names no run. */
export function needRunId(settings: RunSettings): string {
  if (settings.runId === undefined) {
    throw new UsageError('readOnly with storage: "local" requires a runId');
  }
  return settings.runId;
}
