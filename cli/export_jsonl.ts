/**
 * A run as the record stream: `goodseed log` makes an equal run of it.
 *
 * Order: header, series with their numbers, configs, points, texts, log lines, events, other
 * records, and last the status.
 *
 * @module
 */
import { jsonNumber, jsonString } from "../lib/json_text.ts";
import { formatRecord } from "../lib/record_codec.ts";
import type { Extras, HeaderRecord, OtherRecord, RunRecord } from "../lib/records.ts";
import { SCHEMA_VERSION } from "../lib/store/schema.ts";
import type { RunReader } from "../lib/store/run_reader.ts";
import { type ExtraKind, ExtrasCursor, fieldsOf } from "./extras_cursor.ts";
import type { TextPieces } from "./output.ts";
import { forEachPoint, forEachRow, forEachText } from "./run_pages.ts";

/** Keys of `run_meta` that a header names, or that every run has. */
const NAMED_META = new Set([
  ...["run_id", "project", "name", "kind", "status"],
  ...["created_at", "modified_at", "closed_at"],
]);

/** Writes all records of a run; stops when nobody reads. */
export function writeJsonLines(reader: RunReader, out: TextPieces): void {
  const put = (record: RunRecord): boolean => out.add(formatRecord(record) + "\n");
  const extras = (kind: ExtraKind): ExtrasCursor => new ExtrasCursor(reader, kind);
  const header = headerOf(reader);
  put({ ...header, ...extraField(extras("run").at("", 0)) });
  for (const { id, path } of reader.metricSeries()) put({ t: "series", kind: "metric", path, id });
  for (const { id, path } of reader.stringSeries()) put({ t: "series", kind: "string", path, id });
  if (!putConfigs(reader, extras("config"), header.name, put)) return;

  const ofMetrics = extras("metric"), ofTexts = extras("text");
  const lineOf = metricLines();
  forEachPoint(reader, (path, step, value, tsMs) => {
    const extra = ofMetrics.at(path, step);
    if (extra === undefined) return out.add(lineOf(path, step, value, tsMs));
    return put({ t: "metric", path, step, value, ...timeField(tsMs), extra });
  });
  forEachText(reader, (path, step, value, tsMs) => {
    const extra = extraField(ofTexts.at(path, step));
    return put({ t: "text", path, step, value, ...timeField(tsMs), ...extra });
  });
  putRows(reader, put);
  const { status } = reader.summary(); // always told: without it a stream has broken off
  const closedAt = header.closed_at === undefined ? {} : { closed_at: header.closed_at };
  put({ t: "status", status, ...closedAt, ...extraField(extras("status").at("", 0)) });
}

function headerOf(reader: RunReader): HeaderRecord {
  const meta = reader.meta(), { runId, project, name } = reader.summary();
  const rest = [...meta].filter(([key, value]) =>
    !NAMED_META.has(key) && !(key === "schema_version" && value === SCHEMA_VERSION)
  );
  const fields = {
    kind: meta.get("kind"),
    created_at: meta.get("created_at"),
    modified_at: meta.get("modified_at"),
    closed_at: meta.get("closed_at"),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    t: "run",
    v: 1,
    ...(project === "" ? {} : { project }),
    run_id: runId,
    ...(name === null ? {} : { name }),
    ...Object.fromEntries(given),
    ...(rest.length === 0 ? {} : { meta: Object.fromEntries(rest) }),
  };
}

/**
 * Configs by path. Setting `sys/name` names a run; where a file of another program has it
 * differently, its name is told once more.
 */
function putConfigs(
  reader: RunReader,
  extras: ExtrasCursor,
  name: string | undefined,
  put: (record: RunRecord) => boolean,
): boolean {
  let open = true;
  for (const { path, tag, value, updatedAt } of reader.configs()) {
    const extra = extraField(extras.at(path, 0));
    open = put({ t: "config", path, tag, value: value ?? "", updated_at: updatedAt, ...extra });
    if (path === "sys/name" && name !== undefined && value !== name) {
      open = put({ t: "run", v: 1, name });
    }
  }
  return open;
}

/** What `formatRecord` gives for a plain point, with the path's text made once a series. */
export function metricLines(): (path: string, step: number, y: number, tsMs: number) => string {
  let lastPath: string | undefined, head = "";
  return (path, step, y, tsMs) => { // hot: most lines of an export are these
    if (path !== lastPath) {
      lastPath = path;
      head = `{"t":"metric","path":${jsonString(path)},"step":`;
    }
    const time = tsMs === tsMs ? `,"ts":${jsonNumber(tsMs)}` : "";
    return `${head}${jsonNumber(step)},"value":${jsonNumber(y)}${time}}\n`;
  };
}

function putRows(reader: RunReader, put: (record: RunRecord) => boolean): void {
  forEachRow((options) => reader.logLines(options), (row) =>
    put({
      t: "log",
      ...(row.level === null ? {} : { level: row.level }),
      message: row.message,
      ...(row.stream === null ? {} : { stream: row.stream }),
      ...(row.writer === null ? {} : { writer: row.writer }),
      ...(row.seq === null ? {} : { seq: row.seq }),
      ...timeField(row.tsMs),
      ...extraField(fieldsOf(row.extra)),
    }));
  forEachRow(
    (options) => reader.events(options),
    (row) =>
      put({
        t: "event",
        kind: row.kind,
        ...timeField(row.tsMs),
        ...extraField(fieldsOf(row.body)),
      }),
  );
  forEachRow((options) => reader.records(options), (row) => {
    const t = row.kind as OtherRecord["t"], body = fieldsOf(row.body) ?? {};
    return put({ t, ...timeField(row.tsMs), body });
  });
}

function timeField(tsMs: number | null): { ts?: number } {
  return tsMs === null || Number.isNaN(tsMs) ? {} : { ts: tsMs };
}

function extraField(extra: Extras | undefined): { extra?: Extras } {
  return extra === undefined ? {} : { extra };
}
