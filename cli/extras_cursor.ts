/**
 * The fields of a record that its table has no column for, found again beside their point.
 *
 * @module
 */
import { compareCodePoints } from "../lib/code_points.ts";
import { isPlainObject } from "../lib/json_text.ts";
import type { Statement } from "../lib/store/driver.ts";
import { textColumn, textParam, toNumber, toText } from "../lib/store/read_values.ts";
import type { RunReader } from "../lib/store/run_reader.ts";

/** Which records. */
export type ExtraKind = "run" | "config" | "metric" | "text" | "status";

interface Entry {
  readonly path: string;
  readonly step: number;
  readonly body: string;
}

const PAGE_ROWS = 1000;

/** Goes through the extras of one kind in the order of path and step, beside its records. */
export class ExtrasCursor {
  readonly #kind: Uint8Array;
  readonly #first: Statement | undefined;
  readonly #next: Statement | undefined;
  #page: Entry[] = [];
  #at = 0;
  #done: boolean;

  /** @param reader stays open as long as the cursor is used */
  constructor(reader: RunReader, kind: ExtraKind) {
    this.#kind = textParam(kind);
    this.#done = reader.extras({ limit: 1 }).length === 0; // also: no such table
    if (this.#done) return;
    const select = `SELECT ${textColumn("path")} AS p, CAST(step AS REAL) AS s, ${
      textColumn("body")
    } AS b FROM gs_extras WHERE kind = CAST(? AS TEXT)`;
    const order = `ORDER BY path, step LIMIT ${PAGE_ROWS}`;
    this.#first = reader.db.prepare(`${select} ${order}`);
    this.#next = reader.db.prepare(`${select} AND (path, step) > (CAST(? AS TEXT), ?) ${order}`);
    this.#take(this.#first.all(this.#kind));
  }

  /**
   * The fields kept for a record; ask in ascending order of path (by code point), then step.
   *
   * @returns undefined when there are none
   */
  at(path: string, step: number): Readonly<Record<string, unknown>> | undefined {
    for (let entry = this.#entry(); entry !== undefined; entry = this.#entry()) {
      if (entry.path === path && entry.step === step) return fieldsOf(entry.body);
      if (!isBefore(entry, path, step)) return undefined;
      this.#at++; // of a record that is no more
    }
    return undefined;
  }

  #entry(): Entry | undefined {
    if (this.#at === this.#page.length && !this.#done) {
      const { path, step } = this.#page.at(-1)!;
      this.#take(this.#next!.all(this.#kind, textParam(path), step));
    }
    return this.#page[this.#at];
  }

  #take(rows: ReturnType<Statement["all"]>): void {
    this.#page = rows.map(([path, step, body]) => ({
      path: toText(path) ?? "",
      step: toNumber(step),
      body: toText(body) ?? "",
    }));
    this.#at = 0;
    this.#done = rows.length < PAGE_ROWS;
  }
}

function isBefore(entry: Entry, path: string, step: number): boolean {
  const order = compareCodePoints(entry.path, path);
  return order < 0 || (order === 0 && entry.step < step);
}

/** The object in a stored text; undefined where it is none. */
export function fieldsOf(body: string | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body ?? "");
    return isPlainObject(value) ? value : undefined;
  } catch { // not ours: no record ever had it
    return undefined;
  }
}
