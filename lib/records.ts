/**
 * Records: everything that happens to a run, as values. The record stream (JSON lines) is their
 * text form, the run file their stored form; see `docs/record-stream.md`.
 *
 * Times (`ts`) are milliseconds since 1970 and may have a fraction.
 *
 * @module
 */

/** Type of a stored config value. */
export type TypeTag =
  | "bool"
  | "int"
  | "float"
  | "str"
  | "datetime"
  | "null"
  | "string_set";

/** Fields that a record has beyond the ones it declares; kept and written back. */
export type Extras = Readonly<Record<string, unknown>>;

/** First record of an exported run: what `run_meta` holds. */
export interface HeaderRecord {
  readonly t: "run";
  readonly v: 1;
  readonly project?: string;
  readonly run_id?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly created_ms?: number;
  readonly tags?: readonly string[];
  /** Stored texts, verbatim. */
  readonly created_at?: string;
  readonly modified_at?: string;
  readonly closed_at?: string;
  /** Other keys of `run_meta`. */
  readonly meta?: Readonly<Record<string, string>>;
  readonly extra?: Extras;
}

/** A typed value at a path; the last one wins. */
export interface ConfigRecord {
  readonly t: "config";
  readonly path: string;
  readonly tag: string;
  /** The stored text. */
  readonly value: string;
  readonly ts?: number;
  /** Stored text of the time, verbatim; wins over `ts`. */
  readonly updated_at?: string;
  readonly extra?: Extras;
}

/** Declares a series (also one without points) and, in exports, its number in the file. */
export interface SeriesRecord {
  readonly t: "series";
  readonly kind: "metric" | "string";
  readonly path: string;
  readonly id?: number;
}

/** One point of a metric series; `step` absent = the series' next automatic step. */
export interface MetricRecord {
  readonly t: "metric";
  readonly path: string;
  readonly step?: number;
  /** May be NaN or ±Infinity. */
  readonly value: number;
  readonly ts?: number;
  /** Everything else of the record, for example `context`. */
  readonly extra?: Extras;
}

/** One point of a string series. */
export interface TextRecord {
  readonly t: "text";
  readonly path: string;
  readonly step?: number;
  readonly value: string;
  readonly ts?: number;
  readonly extra?: Extras;
}

/** One log line. */
export interface LogRecord {
  readonly t: "log";
  readonly level?: string;
  readonly message: string;
  readonly stream?: string;
  readonly writer?: string;
  readonly seq?: number;
  readonly ts?: number;
  readonly extra?: Extras;
}

/** The run's status changed: `running`, `finished`, `failed` or the caller's own word. */
export interface StatusRecord {
  readonly t: "status";
  readonly status: string;
  readonly ts?: number;
  /** Stored text of `closed_at`, verbatim. */
  readonly closed_at?: string;
  readonly extra?: Extras;
}

/** Something that happened to the run itself (alert, state, dropped, parked …). */
export interface EventRecord {
  readonly t: "event";
  readonly kind: string;
  readonly ts?: number;
  readonly extra?: Extras;
}

/** A kind that has no table of its own yet; kept in order, as it came. */
export interface OtherRecord {
  readonly t: "span" | "artifact" | "media" | "tensor";
  readonly ts?: number;
  /** The whole object as it came, without `t` and `ts`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Anything that can happen to a run. */
export type RunRecord =
  | HeaderRecord
  | ConfigRecord
  | SeriesRecord
  | MetricRecord
  | TextRecord
  | LogRecord
  | StatusRecord
  | EventRecord
  | OtherRecord;
