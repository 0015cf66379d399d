/**
 * Puts into a run file what its dead writer had left in the journal.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import { dropJournal, hasJournal, JournalReader } from "./journal.ts";
import { RunWriter } from "./run_writer.ts";
import type { RunFile } from "./store/run_file.ts";

const TURN_BYTES = 64 * 1024 * 1024;

/**
 * Reads the rest of the journal beside a run file into it, exactly once, and removes the journal.
 * Console output of the last moment is not recovered: only what was logged.
 *
 * @param file the run file, open for writing; no other process writes it
 * @returns false when there was no journal
 */
export function recoverJournal(file: RunFile, nowMs: number): boolean {
  if (!hasJournal(file.path)) return false;
  let problem = "";
  const writer = new RunWriter(file.path, {
    now: () => nowMs,
    onProblem: (message) => problem = message,
  });
  const journal = new JournalReader(file.path, writer);
  try {
    journal.seek(file);
    while (journal.read(TURN_BYTES) > 0) {
      writer.do((open) => journal.remember(open));
      if (!writer.commit()) {
        throw new StoreError(`recovering the journal of ${file.path}: ${problem}`, file.path);
      }
    }
    file.transaction(() => dropJournal(file));
  } finally {
    journal.close();
    writer.close();
  }
  return true;
}
