/**
 * A run as one JSON document, written piece by piece.
 *
 * @module
 */
import { configJson } from "../lib/config_value.ts";
import { jsonNumber, jsonString } from "../lib/json_text.ts";
import type { RunReader } from "../lib/store/run_reader.ts";
import type { TextPieces } from "./output.ts";
import { forEachPoint, forEachText } from "./run_pages.ts";

/** Writes `{"run", "configs", "metrics", "strings"}`. */
export function writeJson(reader: RunReader, out: TextPieces): void {
  out.add(`{"run":${JSON.stringify(runObject(reader))},\n"configs":{`);
  reader.configs().forEach(({ path, tag, value }, i) => {
    const body = `{"type":${jsonString(tag)},"value":${configJson(tag, value)}}`;
    out.add(`${i === 0 ? "" : ","}\n${jsonString(path)}:${body}`);
  });
  out.add('},\n"metrics":{');
  const metrics = new SeriesWriter(out);
  forEachPoint(
    reader,
    (path, step, y, tsMs) =>
      metrics.add(path, `[${jsonNumber(step)},${jsonNumber(y)},${time(tsMs)}]`),
  );
  metrics.end();
  out.add('},\n"strings":{');
  const strings = new SeriesWriter(out);
  forEachText(
    reader,
    (path, step, value, tsMs) =>
      strings.add(path, `[${jsonNumber(step)},${jsonString(value)},${time(tsMs)}]`),
  );
  strings.end();
  out.add("}}\n");
}

/** What `run_meta` says about a run, by the names of now. */
export function runObject(reader: RunReader): Record<string, unknown> {
  const summary = reader.summary();
  const known = new Set([
    ...["run_id", "run_name", "project", "name", "experiment_name", "status", "trashed"],
    ...["created_at", "modified_at", "closed_at"],
  ]);
  const meta = [...reader.meta()].filter(([key]) => !known.has(key));
  return {
    project: summary.project,
    run_id: summary.runId,
    name: summary.name,
    status: summary.status,
    created_at: summary.createdAt,
    modified_at: summary.modifiedAt,
    closed_at: summary.closedAt,
    trashed: summary.trashed,
    meta: Object.fromEntries(meta),
  };
}

function time(tsMs: number): string {
  return Number.isFinite(tsMs) ? String(tsMs) : "null";
}

/** Members of an object whose values are arrays, one array after the other. */
class SeriesWriter {
  readonly #out: TextPieces;
  #path: string | undefined;

  constructor(out: TextPieces) {
    this.#out = out;
  }

  add(path: string, item: string): boolean {
    if (path === this.#path) return this.#out.add(`,${item}`);
    const before = this.#path === undefined ? "\n" : "],\n";
    this.#path = path;
    return this.#out.add(`${before}${jsonString(path)}:[${item}`);
  }

  end(): void {
    if (this.#path !== undefined) this.#out.add("]");
  }
}
