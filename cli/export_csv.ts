/**
 * A run's points as CSV: `path,step,value,time`.
 *
 * @module
 */
import { isoUtc } from "../lib/iso_time.ts";
import type { RunReader } from "../lib/store/run_reader.ts";
import type { TextPieces } from "./output.ts";
import { forEachPoint, forEachText } from "./run_pages.ts";

/** Writes the metrics, and with `strings` the string series behind them. */
export function writeCsv(reader: RunReader, out: TextPieces, strings: boolean): void {
  const time = timeTexts();
  let open = out.add("path,step,value,time\n");
  forEachPoint(reader, (path, step, y, tsMs) => {
    open = out.add(`${csvCell(path)},${step},${y},${time(tsMs)}\n`);
    return open;
  });
  if (!strings || !open) return;
  forEachText(
    reader,
    (path, step, value, tsMs) =>
      out.add(`${csvCell(path)},${step},${csvCell(value)},${time(tsMs)}\n`),
  );
}

/** A value as RFC 4180 wants it: quoted where it has a comma, a quote or a line end. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** ISO texts of times; most points share theirs with the one before. */
function timeTexts(): (tsMs: number) => string {
  let lastMs = NaN, lastText = "";
  return (tsMs) => {
    if (tsMs !== lastMs) {
      lastMs = tsMs;
      lastText = timeText(tsMs);
    }
    return lastText;
  };
}

function timeText(tsMs: number): string {
  try {
    return isoUtc(tsMs);
  } catch { // none in the file, or beyond what a date can be
    return "";
  }
}
