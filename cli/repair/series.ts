/**
 * Names of series: their index holds them a second time, and points must not lose their series.
 *
 * @module
 */
import type { TableState } from "./salvage.ts";
import type { StoredValue } from "./sqlite_record.ts";
import type { RepairTarget } from "./target.ts";

/** An entry of the index on the paths of series is the whole row. */
export function takeSeriesFromIndex(
  state: TableState,
  values: readonly StoredValue[],
  to: RepairTarget,
): void {
  if (!state.spec.name.endsWith("_series") || state.lost.ranges.length === 0) return;
  const [path, id] = values;
  if (values.length !== 2 || typeof id !== "number" || id < 1 || !state.lost.has(id)) return;
  if (path === null || typeof path !== "object" || path.kind !== "text") return;
  to.insert(state.spec, { rowid: id, values: [null, path] });
}

/** Gives a name to every series that has points and lost its own. @returns notes */
export function nameLostSeries(to: RepairTarget): string[] {
  const notes: string[] = [];
  for (const kind of ["metric", "string"] as const) {
    const nameless = to.rows(
      `SELECT DISTINCT series_id FROM ${kind}_points
       WHERE series_id NOT IN (SELECT id FROM ${kind}_series) ORDER BY 1`,
    );
    for (const [id] of nameless) {
      const path = `recovered/${kind}-${id}`;
      to.nameSeries(kind, id!, path);
      notes.push(`the name of ${kind} series ${id} is lost; its points are under ${path}`);
    }
  }
  return notes;
}
