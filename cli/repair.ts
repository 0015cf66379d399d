/**
 * `goodseed repair FILE|PROJECT/RUN`: what is left of a damaged run file, in a new file.
 *
 * @module
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConflictError, messageOf, quoted, StoreError } from "../lib/errors.ts";
import { hasJournal, journalPath } from "../lib/journal.ts";
import { recoverJournal } from "../lib/journal_recovery.ts";
import { livenessOf } from "../lib/liveness.ts";
import { fileState, stateText } from "../lib/store/file_state.ts";
import { RunFile } from "../lib/store/run_file.ts";
import { RunReader } from "../lib/store/run_reader.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { findRun } from "./find_run.ts";
import { printable } from "./output.ts";
import { PageSource } from "./repair/page_source.ts";
import { reportLines } from "./repair/report_text.ts";
import { salvage, type SalvageReport } from "./repair/salvage.ts";

/** Arguments of `goodseed repair`. */
export interface RepairArgs extends CommonArgs {
  readonly run: string;
  readonly output?: string | undefined;
  readonly dir?: string | undefined;
}

/** Writes what can be read of a run file into a new one; the old one is never written to. */
export function repairCommand(args: RepairArgs, ctx: CommandContext): ExitCode {
  const path = findFile(args, ctx);
  const stem = basename(path).replace(/\.sqlite$/, "");
  const output = args.output === undefined
    ? join(dirname(path), `${stem}.repaired.sqlite`)
    : resolve(ctx.cwd, args.output);
  refuseExisting(output);
  if (livenessOf(path) === "alive") {
    throw new ConflictError(`repairing ${quoted(path)}: a process is writing it; end it first`);
  }
  const scratch = scratchFolder(output);
  try {
    const copy = copyOf(path, scratch);
    if (isHealthy(copy)) {
      ctx.stdout(`${printable(path)} is healthy: there is nothing to repair${walNote(copy)}\n`);
      return 0;
    }
    const made = join(scratch, "new.sqlite");
    const report = salvage(copy, made, stem);
    const notes = report.recovered === 0 ? [] : takeJournal(path, made, ctx.now());
    return conclude({ ...report, notes: [...report.notes, ...notes] }, { made, output, path }, {
      args,
      ctx,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A run, or any file: a damaged one may have been moved and renamed. */
function findFile(args: RepairArgs, ctx: CommandContext): string {
  const asFile = resolve(ctx.cwd, args.run);
  const isFile = statSync(asFile, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? asFile : findRun(args.run, args.dir, ctx);
}

function conclude(
  report: SalvageReport,
  files: { readonly made: string; readonly output: string; readonly path: string },
  { args, ctx }: { readonly args: RepairArgs; readonly ctx: CommandContext },
): ExitCode {
  const lines = reportLines(report).map((line) => printable(line) + "\n").join("");
  if (report.recovered === 0) {
    ctx.stderr(lines);
    throw new StoreError(
      `repairing ${quoted(files.path)}: no row of a run was found in it; restore it from a copy`,
      files.path,
    );
  }
  publish(files.made, files.output);
  if (args.quiet !== true) {
    const verdict = report.integrity === "ok" ? "" : `  integrity check: ${report.integrity}\n`;
    ctx.stdout(
      `Recovered ${report.recovered} row(s) of ${printable(args.run)}:\n${lines}${verdict}` +
        `Written to ${printable(files.output)}; the damaged file is as it was.\n`,
    );
  }
  return 0;
}

/** Puts the complete file in its place, never over another. */
function publish(made: string, output: string): void {
  const fd = openSync(made, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(made, output);
  } catch (error) {
    if (existsSync(output)) refuseExisting(output);
    try {
      renameSync(made, output); // a disk without hard links
    } catch {
      throw writeError(output, error);
    }
  }
}

function refuseExisting(output: string): void {
  if (!existsSync(output)) return;
  throw new ConflictError(`writing ${quoted(output)}: the file exists; choose another with -o`);
}

/** A folder beside the new file: there is room for it where there is room for the file. */
function scratchFolder(output: string): string {
  try {
    return mkdtempSync(join(dirname(output), ".goodseed-repair-"));
  } catch (error) {
    throw writeError(output, error);
  }
}

function writeError(output: string, error: unknown): StoreError {
  return new StoreError(
    `writing ${quoted(output)}: ${messageOf(error)}; choose another place with -o`,
    output,
    { cause: error },
  );
}

/** A copy of the file and of its log; SQLite never opens the damaged file itself. */
function copyOf(path: string, scratch: string): string {
  const copy = join(scratch, "damaged.sqlite");
  const before = stateText(fileState(path));
  copyFileSync(path, copy);
  if (fileState(path).walBytes > 0) copyFileSync(`${path}-wal`, `${copy}-wal`);
  if (stateText(fileState(path)) !== before) {
    throw new ConflictError(`repairing ${quoted(path)}: somebody is writing it; end that first`);
  }
  return copy;
}

/** True when the copy, taken as it is, is a run file without fault. */
function isHealthy(copy: string): boolean {
  const check = `${copy}.check`;
  try {
    copyFileSync(copy, check); // SQLite takes the log away when it closes its file
    if (existsSync(`${copy}-wal`)) {
      if (statSync(`${copy}-wal`).size === 0) rmSync(`${copy}-wal`);
      else copyFileSync(`${copy}-wal`, `${check}-wal`);
    }
    using reader = RunReader.open(check);
    const integrity = reader.db.prepare("PRAGMA integrity_check(1)");
    if (integrity.get()?.[0] !== "ok") return false;
    reader.summary();
    return true;
  } catch { // that is what a repair is for
    return false;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(check + suffix, { force: true });
  }
}

/** A log that is damaged is passed over by SQLite without a word. */
function walNote(copy: string): string {
  if (!existsSync(`${copy}-wal`)) return "";
  using source = new PageSource(copy);
  return source.notes.map((note) => `; but ${note}`).join("");
}

/** What a dead writer left in its journal goes into the new file. @returns notes */
function takeJournal(path: string, made: string, nowMs: number): string[] {
  if (!hasJournal(path)) return [];
  try {
    copyFileSync(journalPath(path), journalPath(made));
    const file = RunFile.open(made);
    try {
      recoverJournal(file, nowMs);
    } finally {
      file.close();
    }
    return ["what the journal of the run held has been taken in"];
  } catch (error) {
    return [`the journal of the run could not be read: ${messageOf(error)}`];
  }
}
