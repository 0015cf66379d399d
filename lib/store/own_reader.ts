/**
 * Reads the tables that only GoodSeed writes (`gs_*`), in pages; a table that a file does not have
 * is empty.
 *
 * @module
 */
import type { Db, SqlValue } from "./driver.ts";
import { textColumn, toNumber, toText } from "./read_values.ts";

/** One log line. */
export interface LogLineRow {
  readonly id: number;
  /** Time in ms since 1970. */
  readonly tsMs: number | null;
  readonly level: string | null;
  readonly message: string;
  readonly stream: string | null;
  readonly writer: string | null;
  readonly seq: number | null;
  /** Further fields, as JSON text. */
  readonly extra: string | null;
}

/** What happened to the run itself. */
export interface EventRow {
  readonly id: number;
  readonly kind: string;
  /** Time in ms since 1970. */
  readonly tsMs: number | null;
  /** JSON text. */
  readonly body: string | null;
}

/** A record of a kind without a table of its own. */
export interface RecordRow {
  readonly id: number;
  readonly kind: string;
  /** Time in ms since 1970. */
  readonly tsMs: number | null;
  /** JSON text. */
  readonly body: string;
}

/** Fields of a record that its table has no column for. */
export interface ExtraRow {
  /** Number of the row, for paging. */
  readonly id: number;
  readonly kind: string;
  readonly path: string;
  readonly step: number;
  /** JSON text. */
  readonly body: string;
}

/** Which rows. */
export interface RowPageOptions {
  /** Only rows with a higher number: the last one of the page before. */
  readonly afterId?: number;
  /** At most so many. @default {10000} */
  readonly limit?: number;
}

const LOWEST_ID = -Number.MAX_SAFE_INTEGER;

/** Reads our own tables. */
export class OwnReader {
  readonly #db: Db;
  readonly #tables: ReadonlySet<string>;

  /** @param tables the known tables that the file has */
  constructor(db: Db, tables: ReadonlySet<string>) {
    this.#db = db;
    this.#tables = tables;
  }

  /** Log lines, in the order they came. */
  logLines(options: RowPageOptions = {}): LogLineRow[] {
    const columns = `CAST(ts AS REAL) AS t, ${textColumn("level")} AS l, ${
      textColumn("message")
    } AS m,
      ${textColumn("stream")} AS s, ${textColumn("writer")} AS w, CAST(seq AS REAL) AS n,
      ${textColumn("extra")} AS e`;
    return this.#rows("gs_log_lines", columns, options).map((row) => ({
      id: Number(row[0]),
      tsMs: orNull(row[1]),
      level: toText(row[2]),
      message: toText(row[3]) ?? "",
      stream: toText(row[4]),
      writer: toText(row[5]),
      seq: orNull(row[6]),
      extra: toText(row[7]),
    }));
  }

  /** Number of log lines. */
  logLineCount(): number {
    if (!this.#tables.has("gs_log_lines")) return 0;
    const count = this.#db.prepare("SELECT count(*) FROM gs_log_lines");
    return toNumber(count.get()?.[0]);
  }

  /** Events, in the order they came. */
  events(options: RowPageOptions = {}): EventRow[] {
    return this.#rows("gs_events", KIND_TIME_BODY, options).map((row) => ({
      id: Number(row[0]),
      kind: toText(row[1]) ?? "",
      tsMs: orNull(row[2]),
      body: toText(row[3]),
    }));
  }

  /** Records without a table of their own, in the order they came. */
  records(options: RowPageOptions = {}): RecordRow[] {
    return this.#rows("gs_records", KIND_TIME_BODY, options).map((row) => ({
      id: Number(row[0]),
      kind: toText(row[1]) ?? "",
      tsMs: orNull(row[2]),
      body: toText(row[3]) ?? "",
    }));
  }

  /** Further fields of records, in the order they were written. */
  extras(options: RowPageOptions = {}): ExtraRow[] {
    const columns = `${textColumn("kind")} AS k, ${
      textColumn("path")
    } AS p, CAST(step AS REAL) AS s,
      ${textColumn("body")} AS b`;
    return this.#rows("gs_extras", columns, options).map((row) => ({
      id: Number(row[0]),
      kind: toText(row[1]) ?? "",
      path: toText(row[2]) ?? "",
      step: toNumber(row[3]),
      body: toText(row[4]) ?? "",
    }));
  }

  #rows(table: string, columns: string, options: RowPageOptions): SqlValue[][] {
    if (!this.#tables.has(table)) return [];
    const fetch = this.#db.prepare(`SELECT rowid AS r, ${columns} FROM ${table}
      WHERE rowid > ? AND rowid < 9007199254740992 ORDER BY rowid LIMIT ?`);
    return fetch.all(options.afterId ?? LOWEST_ID, options.limit ?? 10_000);
  }
}

const KIND_TIME_BODY = `${textColumn("kind")} AS k, CAST(ts AS REAL) AS t, ${
  textColumn("body")
} AS b`;

function orNull(value: SqlValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
