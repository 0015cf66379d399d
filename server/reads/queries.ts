/**
 * Answers every question about the runs of one projects folder, synchronously: this is what runs in
 * a read Worker. Long answers come in pages; each page opens the run anew and goes on behind the
 * last row of the page before, so nothing is held while a slow client reads.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { configJson } from "../../lib/config_value.ts";
import type { RunRef } from "../../lib/run_ref.ts";
import { stateText } from "../../lib/store/file_state.ts";
import type { MetricCursor, RunReader } from "../../lib/store/run_reader.ts";
import type { StringCursor } from "../../lib/store/string_reader.ts";
import { Catalog, projectsJson } from "./catalog.ts";
import { downsampledJson, metricRowsJson, stringRowsJson, TimeWriter } from "./json_rows.ts";
import { downsampleSeries } from "./rollup.ts";
import { RollupStore } from "./rollup_store.ts";
import { RunAccess } from "./run_access.ts";
import { findRun } from "./run_paths.ts";
import type { ReadQuery, StringsQuery } from "./types.ts";

/** Where a long answer goes on. */
export type PageQuery =
  | {
    readonly q: "metricsPage";
    readonly ref: RunRef;
    readonly path?: string | undefined;
    readonly cursor: MetricCursor;
  }
  | {
    readonly q: "stringsPage";
    readonly ref: RunRef;
    readonly path?: string | undefined;
    readonly cursor: StringCursor;
    /** Rows that may still come. */
    readonly left: number;
    /** The end of the answer. */
    readonly end: string;
  };

/** An answer, or its first part. */
export interface Answer {
  /** Empty for a page that goes on. */
  readonly etag: string;
  readonly text: string;
  /** Absent when the answer is whole. */
  readonly next?: PageQuery | undefined;
}

/** Changes when answers change their form, so that old entity tags no longer match. */
const FORM = "1";
const PAGE_METRIC_ROWS = 20_000;
const PAGE_STRING_ROWS = 10_000;

/** Answers questions about the runs below one folder. */
export class Queries implements Disposable {
  readonly catalog: Catalog;
  readonly rollups: RollupStore;
  readonly #projectsDir: string;
  readonly #access = new RunAccess();

  /** @param cacheDir folder for caches; absent: memory */
  constructor(projectsDir: string, cacheDir: string | undefined) {
    this.#projectsDir = projectsDir;
    this.catalog = new Catalog(projectsDir, cacheDir);
    this.rollups = new RollupStore(cacheDir);
  }

  /**
   * Answers one question.
   *
   * @throws {NotFoundError} the run does not exist
   * @throws {StoreError} its file cannot be read
   * @throws {UsageError} a number of the question makes no sense
   */
  answer(query: ReadQuery | PageQuery): Answer {
    switch (query.q) {
      case "projects":
        return whole(projectsJson(this.catalog.projects()));
      case "runs":
        return whole(`{"runs":[${this.catalog.runs(query.project).join(",")}]}`);
      case "run":
        return whole(this.catalog.run(query.ref));
      case "configs":
        return this.#ofRun(query.ref, (run) => ({ text: configsJson(run) }));
      case "metricPaths":
        return this.#ofRun(query.ref, (run) => ({
          text: JSON.stringify({ paths: run.metricPaths() }),
        }));
      case "metrics":
        return this.#ofRun(query.ref, (run) => metricsPart(run, query.ref, query.path));
      case "metricsPage":
        return this.#ofRun(query.ref, (run) => {
          return metricsPart(run, query.ref, query.path, query.cursor);
        });
      case "downsampled": {
        const { path, ...request } = query;
        return this.#ofRun(query.ref, (run) => ({
          text: downsampledJson(path, downsampleSeries(this.rollups, run, path, request)),
        }));
      }
      case "strings":
        return this.#ofRun(query.ref, (run) => firstStrings(run, query));
      case "stringsPage":
        return this.#ofRun(query.ref, (run) => stringsPart(run, query, ","));
    }
  }

  [Symbol.dispose](): void {
    this.#access[Symbol.dispose]();
    this.catalog[Symbol.dispose]();
    this.rollups[Symbol.dispose]();
  }

  #ofRun(ref: RunRef, work: (run: RunReader) => Omit<Answer, "etag">): Answer {
    return this.#access.use(findRun(this.#projectsDir, ref), (run) => ({
      etag: tagOf(stateText(run.state)),
      ...work(run),
    }));
  }
}

function whole(text: string): Answer {
  return { etag: tagOf(text), text };
}

function tagOf(text: string): string {
  return `W/"${createHash("sha256").update(FORM).update(text).digest("base64url").slice(0, 22)}"`;
}

function configsJson(run: RunReader): string {
  const fields = run.configs().map(({ path, tag, value }) =>
    `${JSON.stringify(path)}:${configJson(tag, value)}`
  );
  return `{"configs":{${fields.join(",")}}}`;
}

function metricsPart(
  run: RunReader,
  ref: RunRef,
  path: string | undefined,
  cursor?: MetricCursor,
): Omit<Answer, "etag"> {
  const page = run.metrics.page(cursor, PAGE_METRIC_ROWS, path);
  const times = new TimeWriter();
  const rows = page.parts.map((part) => metricRowsJson(part.path, part.points, times)).join(",");
  const start = cursor === undefined ? '{"metrics":[' : rows === "" ? "" : ",";
  if (page.next === undefined) return { text: `${start}${rows}]}` };
  return { text: start + rows, next: { q: "metricsPage", ref, path, cursor: page.next } };
}

/** With `tail` and no path: the texts written last, over all paths, in the order of writing. */
function firstStrings(run: RunReader, query: StringsQuery): Omit<Answer, "etag"> {
  const { ref, path } = query;
  const total = run.texts.total(path);
  const { cursor, limit } = run.stringsStart(query, total);
  const end = `],"total":${total}}`;
  const start = '{"string_series":[';
  if (cursor === undefined || limit === 0) return { text: start + end };
  const left = limit < 0 ? Infinity : limit;
  return stringsPart(run, { q: "stringsPage", ref, path, cursor, left, end }, start);
}

function stringsPart(
  run: RunReader,
  query: PageQuery & { readonly q: "stringsPage" },
  start: string,
): Omit<Answer, "etag"> {
  const { path, cursor, end } = query;
  const page = run.texts.page(cursor, { path, maxRows: Math.min(PAGE_STRING_ROWS, query.left) });
  const rows = stringRowsJson(page.rows, new TimeWriter());
  const left = query.left - page.rows.length;
  const text = start === "," && rows === "" ? "" : start + rows;
  if (page.next === undefined || left <= 0) return { text: text + end };
  return { text, next: { ...query, cursor: page.next, left } };
}
