/**
 * Everything `goodseed show` tells about a run.
 *
 * @module
 */
import { decodeConfig } from "../lib/config_value.ts";
import { parseIso } from "../lib/iso_time.ts";
import { lastWriteMs } from "../lib/store/file_state.ts";
import type { ConfigRow, RunReader, StringRow } from "../lib/store/run_reader.ts";
import { type ConsoleLine, consoleTail } from "./console_tail.ts";
import { runObject } from "./export_json.ts";
import { writerLiveness } from "./run_line.ts";
import { forEachPoint } from "./run_pages.ts";

/** One metric series in numbers. */
export interface MetricStats {
  readonly path: string;
  count: number;
  /** NaN and ±Infinity. */
  nonFinite: number;
  firstStep: number;
  first: number;
  lastStep: number;
  last: number;
  /** Of the finite values; NaN where there is none. */
  min: number;
  max: number;
}

/** One string series. */
export interface TextStats {
  readonly path: string;
  readonly count: number;
  readonly last: StringRow | undefined;
}

/** A run as `show` prints it. */
export interface RunDetails {
  /** What `run_meta` says. */
  readonly run: Record<string, unknown>;
  readonly file: { readonly path: string; readonly bytes: number };
  readonly presumedDead: boolean;
  /** From creation to the end, to now, or to the last sign of a dead run, in ms. */
  readonly durationMs: number | undefined;
  readonly host: string | undefined;
  readonly pid: number | undefined;
  readonly tags: readonly string[];
  readonly configs: readonly ConfigRow[];
  readonly metrics: readonly MetricStats[];
  readonly texts: readonly TextStats[];
  readonly console: readonly ConsoleLine[];
  readonly problems: readonly string[];
}

/**
 * Reads a run's details.
 *
 * @param options.tail number of console lines
 * @param options.nowMs time of day, in ms since 1970
 */
export function runDetails(
  reader: RunReader,
  options: { readonly tail: number; readonly nowMs: number },
): RunDetails {
  const run = runObject(reader), configs = reader.configs();
  const presumedDead = run.status === "running" && writerLiveness(reader) === "dead";
  const hint = reader.writerHint(), state = reader.state;
  const lines = consoleTail(reader, options.tail);
  const texts = reader.stringPaths().filter((path) => !lines.paths.has(path));
  return {
    run,
    file: { path: reader.path, bytes: state.sizeBytes + state.walBytes },
    presumedDead,
    durationMs: durationOf(run, presumedDead ? lastWriteMs(state) : options.nowMs),
    host: hint?.hostname,
    pid: hint?.pid,
    tags: tagsOf(configs),
    configs,
    metrics: metricStats(reader),
    texts: texts.map((path) => {
      const { rows, total } = reader.strings({ path, tail: 1 });
      return { path, count: total, last: rows[0] };
    }),
    console: lines.lines,
    problems: problemsOf(reader, configs, presumedDead),
  };
}

function metricStats(reader: RunReader): MetricStats[] {
  const all: MetricStats[] = [];
  let stats: MetricStats | undefined;
  forEachPoint(reader, (path, step, y) => {
    if (stats?.path !== path) {
      const none = { nonFinite: 0, lastStep: step, last: y, min: NaN, max: NaN };
      all.push(stats = { path, count: 0, firstStep: step, first: y, ...none });
    }
    stats.count++;
    stats.lastStep = step;
    stats.last = y;
    if (!Number.isFinite(y)) stats.nonFinite++;
    else {
      if (!(y >= stats.min)) stats.min = y;
      if (!(y <= stats.max)) stats.max = y;
    }
    return true;
  });
  return all;
}

function durationOf(run: Record<string, unknown>, endMs: number): number | undefined {
  const startMs = timeOf(run.created_at), closedMs = timeOf(run.closed_at);
  if (startMs === undefined) return undefined;
  const end = run.status === "running" ? endMs : closedMs;
  return end === undefined || end < startMs ? undefined : end - startMs;
}

function timeOf(text: unknown): number | undefined {
  return typeof text === "string" ? parseIso(text) : undefined;
}

function tagsOf(configs: readonly ConfigRow[]): string[] {
  const config = configs.find(({ path }) => path === "sys/tags");
  const value = config && decodeConfig(config.tag, config.value);
  return value instanceof Set ? [...value] : [];
}

function problemsOf(
  reader: RunReader,
  configs: readonly ConfigRow[],
  presumedDead: boolean,
): string[] {
  const problems: string[] = [];
  if (presumedDead) {
    problems.push("the process that wrote this run is gone; it was never closed");
  }
  const reason = configs.find(({ path }) => path === "sys/exit_reason")?.value;
  if (reason) problems.push(`it ended by: ${reason}`);
  const foreign = reader.foreignRows();
  if (foreign > 0) problems.push(`${foreign} points hold values that are no numbers; passed over`);
  if (reader.how === "copy") problems.push("it could only be read from a copy");
  for (const { kind, body } of reader.events({ limit: 100 })) {
    if (kind !== "state") problems.push(`${kind}: ${body ?? ""}`);
  }
  return problems;
}
