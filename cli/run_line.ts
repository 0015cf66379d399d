/**
 * What a list shows of one run; a file that cannot be read is shown with its problem.
 *
 * @module
 */
import { messageOf } from "../lib/errors.ts";
import { parseIso } from "../lib/iso_time.ts";
import { type Liveness, livenessOf } from "../lib/liveness.ts";
import { RunReader } from "../lib/store/run_reader.ts";
import { summarize } from "../lib/store/run_summary.ts";
import type { RunFileEntry } from "./run_files.ts";

/** One run in a list; also its JSON form. */
export interface RunLine {
  readonly project: string;
  /** Name of the file, by which the run is found. */
  readonly run_id: string;
  readonly name: string | null;
  /** The stored word, or `unreadable`. */
  readonly status: string;
  /** The status says `running`, but the process that wrote the run is gone. */
  readonly presumed_dead: boolean;
  readonly created_at: string | null;
  readonly closed_at: string | null;
  readonly trashed: boolean;
  /** Why it cannot be read. */
  readonly problem?: string;
}

/** Looks into one run file; never throws for what is wrong with it. */
export function runLine(file: RunFileEntry, project: string): RunLine {
  try {
    using reader = RunReader.open(file.path);
    const { name, status, createdAt, closedAt, trashed } = summarize(
      reader.meta(),
      file.runId,
      [], // paths are not shown
      [],
    );
    return {
      project,
      run_id: file.runId,
      name,
      status,
      presumed_dead: status === "running" && writerLiveness(reader) === "dead",
      created_at: createdAt,
      closed_at: closedAt,
      trashed,
    };
  } catch (error) {
    return {
      project,
      run_id: file.runId,
      name: null,
      status: "unreadable",
      presumed_dead: false,
      created_at: null,
      closed_at: null,
      trashed: false,
      problem: messageOf(error),
    };
  }
}

/** Whether the process that writes a run lives, by its lease or by the run's own configs. */
export function writerLiveness(reader: RunReader): Liveness {
  const created = reader.meta().get("created_at");
  const createdMs = created === undefined ? undefined : parseIso(created);
  return livenessOf(reader.path, {
    ...reader.writerHint(),
    ...(createdMs === undefined ? {} : { createdMs }),
  });
}
