/**
 * All points and texts of a run, in order, a page at a time: the size of a run does not matter.
 *
 * @module
 */
import type { RunReader } from "../lib/store/run_reader.ts";

/** Told about the points of a run. False stops. */
export type PointVisitor = (path: string, step: number, y: number, tsMs: number) => boolean;

/** Told about the texts of a run. False stops. */
export type TextVisitor = (path: string, step: number, value: string, tsMs: number) => boolean;

/** Points by path, then step; NaN among them. */
export function forEachPoint(reader: RunReader, visit: PointVisitor): void {
  let page = reader.allMetricRows();
  for (;;) {
    for (const { path, points } of page.parts) {
      const { step, y, tsMs } = points;
      for (let i = 0; i < step.length; i++) {
        if (!visit(path, step[i]!, y[i]!, tsMs[i]!)) return;
      }
    }
    if (page.next === undefined) return;
    page = reader.allMetricRows(page.next);
  }
}

/** Texts by path, then step. */
export function forEachText(reader: RunReader, visit: TextVisitor): void {
  let page = reader.texts.page(undefined);
  for (;;) {
    for (const { path, step, value, tsMs } of page.rows) {
      if (!visit(path, step, value, tsMs)) return;
    }
    if (page.next === undefined) return;
    page = reader.texts.page(page.next);
  }
}

/** All rows of a table that is read by row number. */
export function forEachRow<Row extends { readonly id: number }>(
  fetch: (options: { readonly afterId?: number; readonly limit: number }) => Row[],
  visit: (row: Row) => boolean,
): void {
  const limit = 1000;
  let afterId: number | undefined;
  for (;;) {
    const rows = fetch(afterId === undefined ? { limit } : { afterId, limit });
    for (const row of rows) {
      if (!visit(row)) return;
    }
    if (rows.length < limit) return;
    afterId = rows.at(-1)!.id;
  }
}
