/**
 * The seam between the HTTP routes and the reading of run files.
 *
 * @module
 */
import type { RunRef } from "../../lib/run_ref.ts";

/** One question; its parameters are already validated. Unknown runs are answered with NotFoundError. */
export type ReadQuery =
  | { readonly q: "projects" }
  | { readonly q: "runs"; readonly project?: string }
  | { readonly q: "run"; readonly ref: RunRef }
  | { readonly q: "configs"; readonly ref: RunRef }
  | { readonly q: "metricPaths"; readonly ref: RunRef }
  | { readonly q: "metrics"; readonly ref: RunRef; readonly path?: string }
  | DownsampledQuery
  | StringsQuery;

/** A chart: at most `pointCount` buckets of the rows `first`..`last` (indices in step order, inclusive). */
export interface DownsampledQuery {
  readonly q: "downsampled";
  readonly ref: RunRef;
  readonly path: string;
  readonly pointCount: number;
  readonly first?: number;
  readonly last?: number;
}

/** Rows of string series; `limit` -1 means no limit, `tail` overrides `limit` and `offset`. */
export interface StringsQuery {
  readonly q: "strings";
  readonly ref: RunRef;
  readonly path?: string;
  readonly limit?: number;
  readonly offset?: number;
  readonly tail?: number;
}

/** An answer: JSON text, whole or in pieces, and the tag of what it was read from. */
export interface ReadResult {
  /** A quoted entity tag (`"abc"` or `W/"abc"`); equal tags mean equal answers. */
  readonly etag: string;
  readonly body: string | ReadableStream<Uint8Array>;
}

/** Answers questions about the run files of one projects folder. */
export interface Reads extends AsyncDisposable {
  /**
   * Answers one question.
   *
   * @throws {NotFoundError} the run does not exist (`Run not found: PROJECT/RUN`)
   * @throws {StoreError} its file cannot be read
   */
  query(query: ReadQuery): Promise<ReadResult>;
}
