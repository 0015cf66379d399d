/** Runs for tests: quiet, local, without monitors, in a temporary home. */
import { Run } from "../../lib/mod.ts";
import type { RunOptions } from "../../lib/settings.ts";
import { openDb } from "../../lib/store/open.ts";

/** Options of a run that records only what a test logs. */
export function plainOptions(home: string, options: RunOptions = {}): RunOptions {
  return {
    goodseedHome: home,
    storage: "local",
    quiet: true,
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    captureTraceback: false,
    gitRef: false,
    ...options,
  };
}

/** A run that records only what a test logs. */
export function plainRun(home: string, options: RunOptions = {}): Run {
  return new Run(plainOptions(home, options));
}

/** All rows of a query on a run file. */
export function rows(path: string | undefined, sql: string): unknown[][] {
  const db = openDb(path!, { mode: "read" });
  try {
    const statement = db.prepare(sql);
    return statement.all();
  } finally {
    db.close();
  }
}

/** Values of `run_meta`. */
export function meta(path: string | undefined): Record<string, unknown> {
  return Object.fromEntries(rows(path, "SELECT key, value FROM run_meta"));
}

/** Path → `tag|text` of all configs. */
export function configs(path: string | undefined): Record<string, string> {
  return Object.fromEntries(
    rows(path, "SELECT path, type_tag || '|' || value FROM configs"),
  ) as Record<string, string>;
}
