/**
 * The one table that the benchmark prints, and the same figures as JSON. Pure.
 *
 * @module
 */
import { betterBy, showNumber, showRatio, type Spread } from "./_stats.ts";

/** One line of the table. */
export interface ResultRow {
  /** Stable name, e.g. `log_metrics_1.ns`. */
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** Undefined when it could not be measured. */
  readonly ours: Spread | undefined;
  /** Undefined when there is nothing to compare with, or it could not be measured. */
  readonly theirs: Spread | undefined;
  /** What stands where no number is. @default {"–"} */
  readonly theirsMissing?: string;
  /** What was compared with, where it is not the client itself. */
  readonly against?: string;
}

const HEAD = ["figure", "unit", "GoodSeed", "goodseed-py 0.4.0", "better by", "n"] as const;
/** Columns with numbers; they are set to the right. */
const FIRST_NUMBER = 2;

/** The table as Markdown, with columns of equal width. */
export function tableText(rows: readonly ResultRow[]): string {
  const cells = rows.map(cellsOf);
  const widths = HEAD.map((head, i) =>
    Math.max(2, head.length, ...cells.map((row) => row[i]!.length))
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => padded(cell, widths[i]!, i)).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    i < FIRST_NUMBER ? "-".repeat(width) : "-".repeat(width - 1) + ":"
  );
  return [line(HEAD), line(rule), ...cells.map(line)].join("\n") + "\n";
}

function padded(cell: string, width: number, column: number): string {
  return column < FIRST_NUMBER ? cell.padEnd(width) : cell.padStart(width);
}

function cellsOf(row: ResultRow): string[] {
  const { ours, theirs, against } = row;
  const their = theirs === undefined
    ? row.theirsMissing ?? "–"
    : showNumber(theirs.median) + (against === undefined ? "" : ` (${against})`);
  return [
    row.label,
    row.unit,
    ours === undefined ? "failed" : showNumber(ours.median),
    their,
    showRatio(ratioOf(row)),
    String(ours?.values.length ?? 0),
  ];
}

function ratioOf({ ours, theirs, better }: ResultRow): number {
  return betterBy(ours?.median ?? NaN, theirs?.median ?? NaN, better);
}

/** The rows as JSON values: medians, extremes, all repetitions, and the ratio of the medians. */
export function rowsJson(rows: readonly ResultRow[]): unknown[] {
  return rows.map((row) => {
    const ratio = ratioOf(row);
    return {
      id: row.id,
      label: row.label,
      unit: row.unit,
      better: row.better,
      ours: row.ours ?? null,
      theirs: row.theirs ?? null,
      against: row.theirs === undefined ? null : row.against ?? "goodseed-py 0.4.0",
      better_by: Number.isFinite(ratio) ? ratio : null,
    };
  });
}

const BEGIN = "<!-- figures: npm run bench -- --page docs/performance.md -->\n";
const END = "<!-- end of figures -->\n";

/**
 * Puts figures between the two marks of a page, in place of what was there.
 *
 * @throws {Error} the page has no marks
 */
export function withFigures(page: string, figures: string): string {
  const begin = page.indexOf(BEGIN), end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`writing figures into a page: it lacks the lines ${BEGIN}${END}`);
  }
  return page.slice(0, begin + BEGIN.length) + "\n" + figures + "\n" + page.slice(end);
}
