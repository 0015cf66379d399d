/**
 * `goodseed mark-dead PROJECT/RUN`: ends a run whose writer died without doing so.
 *
 * @module
 */
import { statSync, writeFileSync } from "node:fs";
import { ConflictError, quoted } from "../lib/errors.ts";
import { isoUtc, parseIso } from "../lib/iso_time.ts";
import { journalPath } from "../lib/journal.ts";
import { recoverJournal } from "../lib/journal_recovery.ts";
import { dropLease, type Lease, leasePath, readLease, takeLease } from "../lib/lease.ts";
import { type Liveness, livenessOf } from "../lib/liveness.ts";
import { markEnd } from "../lib/run_end.ts";
import { checkHeader } from "../lib/store/sqlite_header.ts";
import { fileState, lastWriteMs } from "../lib/store/file_state.ts";
import { RunFile } from "../lib/store/run_file.ts";
import { RunReader } from "../lib/store/run_reader.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { findRun } from "./find_run.ts";
import { printable } from "./output.ts";

/** Arguments of `goodseed mark-dead`. */
export interface MarkDeadArgs extends CommonArgs {
  readonly run: string;
  readonly dir?: string | undefined;
  readonly force?: boolean | undefined;
}

/** What the run gets as `sys/exit_reason`. */
const REASON = "presumed dead";

/** Sets a run to `failed`, with everything its writer left beside the file taken in. */
export function markDeadCommand(args: MarkDeadArgs, ctx: CommandContext): ExitCode {
  const path = findRun(args.run, args.dir, ctx);
  refuseForeign(path);
  const endedMs = lastSignMs(path);
  const before = claim(path, args, ctx.now());
  try {
    const recovered = endRun(path, args, { nowMs: ctx.now(), endedMs });
    dropLease(path);
    if (args.quiet !== true) {
      const more = recovered ? "; what its journal held is in the file" : "";
      ctx.stdout(
        `Marked ${printable(args.run)} as failed (${REASON}); it ended at ` +
          `${isoUtc(endedMs)} or soon after${more}\n`,
      );
    }
    return 0;
  } catch (error) {
    putBack(path, before);
    throw error;
  }
}

/** Nothing but a run file is ever opened for writing: that would give it our tables. */
function refuseForeign(path: string): void {
  const state = fileState(path);
  checkHeader(path, state.sizeBytes, state.walBytes === 0 && state.journalBytes === 0);
  RunReader.open(path).close();
}

/** The lease says again what it said before, so that the run is still known to be dead. */
function putBack(path: string, lease: Lease | undefined): void {
  if (lease === undefined) dropLease(path);
  else writeFileSync(leasePath(path), JSON.stringify(lease) + "\n");
}

/**
 * Takes the run, so that nobody resumes it at the same moment.
 *
 * @returns the lease that was there
 */
function claim(path: string, args: MarkDeadArgs, nowMs: number): Lease | undefined {
  const before = readLease(path);
  refuseLiving(path, args, before);
  const other = takeLease(path, nowMs, before !== undefined);
  if (other === undefined) return before;
  throw new ConflictError(
    `marking ${quoted(args.run)}: process ${other.pid} on ${other.host} has just begun to write it`,
  );
}

function refuseLiving(path: string, args: MarkDeadArgs, lease: Lease | undefined): void {
  let liveness: Liveness;
  {
    using reader = RunReader.open(path);
    const meta = reader.meta(), status = meta.get("status");
    if (status !== "running") {
      throw new ConflictError(
        `run ${quoted(args.run)} is ${quoted(status ?? "without status")}, not "running": ` +
          "there is nothing to mark",
      );
    }
    const created = meta.get("created_at");
    const createdMs = created === undefined ? undefined : parseIso(created);
    liveness = livenessOf(path, {
      ...reader.writerHint(),
      ...(createdMs === undefined ? {} : { createdMs }),
    });
  }
  if (liveness === "dead") return;
  const proved = liveness === "alive" && lease?.pid_start !== undefined;
  if (args.force === true && !proved) return;
  const where = lease === undefined ? "" : ` (process ${lease.pid} on host ${quoted(lease.host)})`;
  throw new ConflictError(
    proved
      ? `run ${quoted(args.run)} is being written${where}; end that process first`
      : liveness === "alive"
      ? `run ${quoted(args.run)} seems to be written${where}; if that is another program by now, ` +
        "add --force"
      : `it cannot be told from this host whether the writer of run ${quoted(args.run)} ` +
        `lives${where}; if it has ended, add --force`,
  );
}

/** @returns true when a journal was taken in */
function endRun(
  path: string,
  args: MarkDeadArgs,
  times: { readonly nowMs: number; readonly endedMs: number },
): boolean {
  const file = RunFile.open(path);
  try {
    const recovered = recoverJournal(file, times.nowMs);
    file.transaction(() => {
      if (file.meta("status") !== "running") {
        throw new ConflictError(`run ${quoted(args.run)} has ended meanwhile`);
      }
      markEnd(file, { status: "failed", reason: REASON, mark: true }, times.endedMs);
    });
    return recovered;
  } finally {
    file.close();
  }
}

/** When the writer last showed itself, in ms since 1970: file, log, journal or heartbeat. */
function lastSignMs(path: string): number {
  const beside = [journalPath(path), leasePath(path)].map((name) =>
    statSync(name, { throwIfNoEntry: false })?.mtimeMs ?? 0
  );
  return Math.max(lastWriteMs(fileState(path)), ...beside);
}
