/**
 * The last lines that a run printed, out of the series and log lines that hold them.
 *
 * @module
 */
import type { RunReader } from "../lib/store/run_reader.ts";

/** One printed line. */
export interface ConsoleLine {
  /** `stdout`, `stderr`, or the level of a log line. */
  readonly stream: string;
  readonly text: string;
  /** Time in ms since 1970; NaN where there is none. */
  readonly tsMs: number;
}

/** The end of a run's console. */
export interface ConsoleTail {
  readonly lines: readonly ConsoleLine[];
  /** Paths of the string series that are console output. */
  readonly paths: ReadonlySet<string>;
}

const CONSOLE_PATH = /(?:^|\/)(stdout|stderr)$/;

/**
 * The last lines, oldest first.
 *
 * @param count at most so many
 */
export function consoleTail(reader: RunReader, count: number): ConsoleTail {
  const paths = reader.stringPaths().filter((path) => CONSOLE_PATH.test(path));
  const lines: (ConsoleLine & { readonly order: number })[] = [];
  for (const path of paths) {
    const stream = CONSOLE_PATH.exec(path)![1]!;
    for (const { step, value, tsMs } of reader.strings({ path, tail: count }).rows) {
      lines.push({ stream, text: value, tsMs, order: step });
    }
  }
  for (const row of lastLogLines(reader, count)) {
    const stream = row.stream ?? row.level ?? "log";
    lines.push({ stream, text: row.message, tsMs: row.tsMs ?? NaN, order: row.id });
  }
  lines.sort((a, b) => (a.tsMs || 0) - (b.tsMs || 0) || a.order - b.order);
  return {
    lines: lines.slice(Math.max(0, lines.length - count))
      .map(({ stream, text, tsMs }) => ({ stream, text, tsMs })),
    paths: new Set(paths),
  };
}

function lastLogLines(reader: RunReader, count: number): ReturnType<RunReader["logLines"]> {
  if (count === 0 || reader.logLines({ limit: 1 }).length === 0) return [];
  const find = reader.db.prepare(
    "SELECT max(rowid) FROM (SELECT rowid FROM gs_log_lines WHERE rowid < 9007199254740992)",
  );
  const lastId = Number(find.get()?.[0] ?? 0);
  return reader.logLines({ afterId: lastId - count, limit: count });
}
