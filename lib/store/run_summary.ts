/**
 * What lists show of a run, from `run_meta` of any version.
 *
 * @module
 */
import type { Db } from "./driver.ts";
import { textColumn, toNumber, toText } from "./read_values.ts";

/** What lists show of a run. */
export interface RunSummary {
  /** As the file says; the file's name where it says nothing. */
  readonly runId: string;
  /** As the file says; empty where it says nothing. */
  readonly project: string;
  readonly name: string | null;
  /** Times are the stored texts. */
  readonly createdAt: string | null;
  readonly closedAt: string | null;
  readonly modifiedAt: string | null;
  /** `running`, `finished`, `failed` or any other word; `unknown` where the file has none. */
  readonly status: string;
  readonly trashed: boolean;
  /** Paths of series with points, by code point. */
  readonly metricPaths: readonly string[];
  readonly stringPaths: readonly string[];
}

/** Which process wrote a run, by its monitoring configs. */
export interface WriterHint {
  readonly hostname: string;
  readonly pid: number;
}

/**
 * Makes the summary.
 *
 * @param meta all of `run_meta`; versions before 0.3 wrote `run_name` and `experiment_name`
 * @param fileStem name of the file without `.sqlite`
 */
export function summarize(
  meta: ReadonlyMap<string, string>,
  fileStem: string,
  metricPaths: readonly string[],
  stringPaths: readonly string[],
): RunSummary {
  return {
    runId: meta.get("run_id") ?? meta.get("run_name") ?? fileStem,
    project: meta.get("project") ?? "",
    name: meta.get("name") ?? meta.get("experiment_name") ?? null,
    createdAt: meta.get("created_at") ?? null,
    closedAt: meta.get("closed_at") ?? null,
    modifiedAt: meta.get("modified_at") ?? null,
    status: meta.get("status") ?? "unknown",
    trashed: meta.get("trashed")?.toLowerCase() === "true",
    metricPaths,
    stringPaths,
  };
}

/** Finds host and process number of the last writer among the configs. */
export function writerHint(db: Db): WriterHint | undefined {
  const find = db.prepare(
    `SELECT ${textColumn("h.value")} AS host, CAST(p.value AS REAL) AS pid
      FROM configs h JOIN configs p ON p.path = replace(h.path, '/hostname', '/pid')
      WHERE h.path GLOB 'monitoring/*/hostname' AND p.type_tag = 'int'
      ORDER BY h.updated_at DESC LIMIT 1`,
  );
  const [host, pid] = find.get() ?? [];
  const hostname = toText(host);
  const number = toNumber(pid);
  return hostname !== null && Number.isSafeInteger(number) ? { hostname, pid: number } : undefined;
}
