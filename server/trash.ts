/**
 * The trash: a mark in the run file itself (contract §1.2), no file is moved or removed.
 *
 * @module
 */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join, sep } from "node:path";
import { ConflictError, messageOf, NotFoundError, quoted, StoreError } from "../lib/errors.ts";
import { readLease } from "../lib/lease.ts";
import type { RunRef } from "../lib/run_ref.ts";
import type { Db } from "../lib/store/driver.ts";
import { runFilePath } from "../lib/store/home.ts";
import { openDb, transaction } from "../lib/store/open.ts";

/** The server waits no longer than this for another writer, in ms: nobody else is served then. */
const BUSY_TIMEOUT_MS = 500;

/**
 * Sets or removes the mark of a run.
 *
 * Only a regular file below `projectsDir` that is a run file already is ever opened for writing.
 *
 * @throws {NotFoundError} there is no such run
 * @throws {ConflictError} another host writes the run, or the file stays locked
 * @throws {StoreError} it is no run file, lies elsewhere in truth, or cannot be written
 */
export function setTrashed(projectsDir: string, ref: RunRef, trashed: boolean): void {
  const path = realFile(projectsDir, ref);
  const lease = readLease(path);
  if (lease !== undefined && lease.host !== hostname()) {
    throw new ConflictError(
      `run ${ref.project}/${ref.runId} is written on host ${
        quoted(lease.host)
      }; two hosts must not write one file: do this there, or when the run has ended`,
    );
  }
  const db = openDb(path, { mode: "write", busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    checkRunFile(db, path);
    transaction(db, () => writeMark(db, trashed));
  } catch (error) {
    throw writeError(path, error);
  } finally {
    db.close(); // the last connection of a closed run takes its -wal and -shm away
  }
}

/** The true path of a run file; links may lead about, but not out of the projects folder. */
function realFile(projectsDir: string, ref: RunRef): string {
  const path = runFilePath(projectsDir, ref);
  let real: string;
  try {
    if (lstatSync(path).isSymbolicLink()) {
      throw new StoreError(`run file ${quoted(path)} is a link; it is not written to`, path);
    }
    real = realpathSync(path);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new NotFoundError(`Run not found: ${ref.project}/${ref.runId}`, { cause: error });
  }
  const inside = real.startsWith(join(realpathSync(projectsDir), sep));
  if (!inside || !statSync(real).isFile()) {
    throw new StoreError(
      `run file ${
        quoted(path)
      } lies outside of the projects folder or is no file; it is not written to`,
      path,
    );
  }
  return real;
}

/** A view or a trigger could make one small write into any other. */
function checkRunFile(db: Db, path: string): void {
  db.exec("PRAGMA trusted_schema=OFF");
  const meta = db.prepare("SELECT type FROM sqlite_master WHERE name = 'run_meta'");
  const foreign = db.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'");
  if (meta.get()?.[0] === "table" && Number(foreign.get()?.[0]) === 0) return;
  throw new StoreError(`${quoted(path)} is not a run file; it is not written to`, path);
}

function writeMark(db: Db, trashed: boolean): void {
  const statement = db.prepare(
    trashed
      ? "INSERT OR REPLACE INTO run_meta(key, value) VALUES ('trashed', 'true')"
      : "DELETE FROM run_meta WHERE key = 'trashed'",
  );
  statement.run();
}

function writeError(path: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const message = messageOf(error), cause = { cause: error };
  if (/database is (locked|busy)/.test(message)) {
    return new ConflictError(`run file ${quoted(path)} is being written; try again`, cause);
  }
  return new StoreError(`writing to run file ${quoted(path)}: ${message}`, path, cause);
}
