/**
 * Puts one record of the record stream into a run file.
 *
 * @module
 */
import type { AutoSteps } from "./auto_steps.ts";
import { encodeConfig } from "./config_value.ts";
import { isoUtc } from "./iso_time.ts";
import type {
  ConfigRecord,
  Extras,
  HeaderRecord,
  MetricRecord,
  RunRecord,
  TextRecord,
} from "./records.ts";
import type { RunFile } from "./store/run_file.ts";

/**
 * Writes a record where it belongs. The caller has opened a transaction.
 *
 * @param steps automatic steps of the run, for points without a step
 * @param nowMs time for records that carry none, in ms since 1970
 */
export function applyRecord(
  file: RunFile,
  record: RunRecord,
  steps: AutoSteps,
  nowMs: number,
): void {
  switch (record.t) {
    case "run":
      return applyHeader(file, record, nowMs);
    case "config":
      return applyConfig(file, record, nowMs);
    case "series":
      if (record.id !== undefined) file.declareSeries(record.kind, record.path, record.id);
      else file.seriesId(record.kind, record.path);
      return;
    case "metric": {
      const step = stepOf(record, steps), ts = (record.ts ?? nowMs) / 1000;
      file.putPoint(file.seriesId("metric", record.path), step, record.value, ts);
      return keepExtra(file, "metric", record.path, step, record.extra);
    }
    case "text": {
      const step = stepOf(record, steps), ts = (record.ts ?? nowMs) / 1000;
      file.putText(file.seriesId("string", record.path), step, record.value, ts);
      return keepExtra(file, "text", record.path, step, record.extra);
    }
    case "log":
      return file.addLogLine({
        ts: record.ts ?? nowMs,
        level: record.level ?? null,
        message: record.message,
        stream: record.stream ?? null,
        writer: record.writer ?? null,
        seq: record.seq ?? null,
        extra: record.extra === undefined ? null : JSON.stringify(record.extra),
      });
    case "status":
      file.setMeta("status", record.status);
      if (record.closed_at !== undefined) file.setMeta("closed_at", record.closed_at);
      return keepExtra(file, "status", "", 0, record.extra);
    case "event":
      return file.addEvent(
        record.kind,
        record.ts ?? nowMs,
        record.extra === undefined ? null : JSON.stringify(record.extra),
      );
    default:
      return file.addRecord(record.t, record.ts ?? null, JSON.stringify(record.body));
  }
}

function stepOf(record: MetricRecord | TextRecord, steps: AutoSteps): number {
  if (record.step === undefined) return steps.of(record.path).take();
  steps.of(record.path).seen(record.step);
  return record.step;
}

function applyHeader(file: RunFile, record: HeaderRecord, nowMs: number): void {
  const createdAt = record.created_at ??
    (record.created_ms === undefined ? undefined : isoUtc(record.created_ms));
  if (createdAt !== undefined) file.setMeta("created_at", createdAt);
  if (record.name !== undefined) file.setMeta("name", record.name);
  if (record.kind !== undefined) file.setMeta("kind", record.kind);
  if (record.modified_at !== undefined) file.setMeta("modified_at", record.modified_at);
  if (record.closed_at !== undefined) file.setMeta("closed_at", record.closed_at);
  for (const [key, value] of Object.entries(record.meta ?? {})) file.setMeta(key, value);
  if (record.tags !== undefined) {
    const { tag, text } = encodeConfig(new Set(record.tags));
    file.putConfig("sys/tags", tag, text, isoUtc(nowMs));
  }
  keepExtra(file, "run", "", 0, record.extra);
}

function applyConfig(file: RunFile, record: ConfigRecord, nowMs: number): void {
  const updatedAt = record.updated_at ?? isoUtc(record.ts ?? nowMs);
  file.putConfig(record.path, record.tag, record.value, updatedAt);
  keepExtra(file, "config", record.path, 0, record.extra);
}

function keepExtra(
  file: RunFile,
  kind: string,
  path: string,
  step: number,
  extra: Extras | undefined,
): void {
  if (extra === undefined || Object.keys(extra).length === 0) return;
  file.putExtra(kind, path, step, JSON.stringify(extra));
}
