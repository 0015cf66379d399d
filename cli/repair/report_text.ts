/**
 * What a repair says about its work. Pure.
 *
 * @module
 */
import type { Range } from "./ranges.ts";
import type { SalvageReport, TableReport } from "./salvage.ts";

/** Ranges named one by one. */
const MAX_RANGES = 8;

/** Lines for a report: one a table, one a note. */
export function reportLines(report: SalvageReport): string[] {
  return [
    ...report.tables.map((table) => `  ${table.name}: ${tableText(table)}`),
    ...report.notes.map((note) => `  note: ${note}`),
  ];
}

function tableText(table: TableReport): string {
  const parts = [`${table.recovered} row(s) recovered`];
  if (table.lostRows !== undefined && table.lostRows > 0) parts.push(`${table.lostRows} lost`);
  if (table.lost === undefined) {
    if (table.lostRows === undefined) parts.push("how many it had is not known");
  } else if (table.lost.length > 0) {
    const named = table.lost.slice(0, MAX_RANGES).map(rangeText);
    const more = table.lost.length - named.length;
    if (more > 0) named.push(`${more} more`);
    parts.push(`unreadable row numbers: ${named.join(", ")}`);
  }
  return parts.join("; ");
}

function rangeText({ from, to }: Range): string {
  if (from === -Infinity && to === Infinity) return "any";
  if (from === -Infinity) return `up to ${to}`;
  if (to === Infinity) return `from ${from}`;
  return from === to ? String(from) : `${from} to ${to}`;
}
