/**
 * `goodseed show PROJECT/RUN`: one run at a glance.
 *
 * @module
 */
import { configJson } from "../lib/config_value.ts";
import { jsonNumber, jsonString, jsonText } from "../lib/json_text.ts";
import { RunReader } from "../lib/store/run_reader.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { findRun } from "./find_run.ts";
import { cut, painter, printable, statusColor, tableLines } from "./output.ts";
import { type MetricStats, type RunDetails, runDetails } from "./run_details.ts";

/** Arguments of `goodseed show`. */
export interface ShowArgs extends CommonArgs {
  readonly run: string;
  readonly dir?: string | undefined;
  readonly tail: number;
  readonly json?: boolean | undefined;
}

/** Width of lines where there is no terminal, in characters. */
const FILE_WIDTH = 200;
// Colours and cursor movements of the program that printed.
// deno-lint-ignore no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** Prints one run. */
export function showCommand(args: ShowArgs, ctx: CommandContext): ExitCode {
  const path = findRun(args.run, args.dir, ctx);
  using reader = RunReader.open(path);
  const details = reader.snapshot(() => runDetails(reader, { tail: args.tail, nowMs: ctx.now() }));
  ctx.stdout(args.json === true ? detailsJson(details) + "\n" : detailsText(details, args, ctx));
  return 0;
}

function detailsText(details: RunDetails, args: ShowArgs, ctx: CommandContext): string {
  const paint = painter(args, ctx), width = ctx.isTty ? ctx.columns : FILE_WIDTH;
  const { run, metrics, texts, configs } = details;
  const status = details.presumedDead ? "presumed dead" : String(run.status);
  const title = `${run.project}/${run.run_id}`;
  const sections = [
    [
      `${paint("bold", printable(title))}  ${paint(statusColor(status), `[${printable(status)}]`)}`,
      ...facts(details).map(([name, text]) =>
        `  ${`${name}:`.padEnd(10)}${cut(printable(text), width - 12)}`
      ),
    ],
    section(`Configs (${configs.length})`, configRows(details, width)),
    section(`Metrics (${metrics.length})`, metricRows(metrics)),
    section(
      `Texts (${texts.length})`,
      tableLines(texts.map(({ path, count, last }) => [
        printable(path),
        `${count}`,
        cut(printable(last?.value ?? ""), Math.max(20, width - 40)),
      ])),
    ),
    section(
      "Console",
      details.console.map(({ stream, text }) =>
        `${stream}: ${cut(printable(text.replace(ESCAPES, "")), width - 12)}`
      ),
    ),
    section("Problems", details.problems.map((text) => cut(printable(text), width - 2))),
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n")
    .join("\n");

  function section(name: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [paint("bold", name), ...lines.map((line) => `  ${line}`)];
  }
}

function facts({ run, durationMs, host, pid, tags, file }: RunDetails): [string, string][] {
  const all: [string, string | undefined][] = [
    ["name", text(run.name)],
    ["created", text(run.created_at)?.slice(0, 19)],
    ["closed", text(run.closed_at)?.slice(0, 19)],
    ["duration", durationMs === undefined ? undefined : durationText(durationMs)],
    ["host", host === undefined ? undefined : `${host} (process ${pid})`],
    ["tags", tags.length === 0 ? undefined : tags.join(", ")],
    ["trash", run.trashed === true ? "yes" : undefined],
    ["file", `${file.path} (${bytesText(file.bytes)})`],
  ];
  return all.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function configRows({ configs }: RunDetails, width: number): string[] {
  const paths = Math.max(0, ...configs.map(({ path }) => printable(path).length));
  return tableLines(configs.map(({ path, tag, value }) => [
    printable(path),
    printable(tag),
    cut(printable(value ?? ""), Math.max(20, width - paths - 18)),
  ]));
}

function metricRows(metrics: readonly MetricStats[]): string[] {
  if (metrics.length === 0) return [];
  const head = ["path", "points", "steps", "first", "last", "min", "max", "non-finite"];
  const rows = metrics.map((stats) => [
    printable(stats.path),
    String(stats.count),
    `${number(stats.firstStep)}..${number(stats.lastStep)}`,
    ...[stats.first, stats.last].map(number),
    ...[stats.min, stats.max].map((value) => Number.isNaN(value) ? "-" : number(value)),
    stats.nonFinite === 0 ? "-" : String(stats.nonFinite),
  ]);
  return tableLines([head, ...rows], 1);
}

/** A number in at most six significant digits; whole ones are kept up to nine. */
function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** A time span in its two largest units. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)}s`;
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400), hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days}d ${hours}h`;
  return hours > 0 ? `${hours}h ${minutes}m` : `${minutes}m ${whole % 60}s`;
}

/** A size in binary units. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes, unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function detailsJson(details: RunDetails): string {
  const { run, file, presumedDead, durationMs, host, pid, tags, problems } = details;
  const head = jsonText({
    ...run,
    presumed_dead: presumedDead,
    duration_ms: durationMs ?? null,
    host: host ?? null,
    pid: pid ?? null,
    tags,
    file,
  });
  const configs = details.configs.map(({ path, tag, value }) =>
    `${jsonString(path)}:{"type":${jsonString(tag)},"value":${configJson(tag, value)}}`
  );
  const metrics = details.metrics.map((stats) => {
    const { min, max } = stats,
      point = (step: number, y: number) => `[${jsonNumber(step)},${jsonNumber(y)}]`;
    const bounds = [min, max].map((value) => Number.isNaN(value) ? "null" : jsonNumber(value));
    return `${jsonString(stats.path)}:{"count":${stats.count},"non_finite":${stats.nonFinite},` +
      `"first":${point(stats.firstStep, stats.first)},"last":${
        point(stats.lastStep, stats.last)
      },` +
      `"min":${bounds[0]},"max":${bounds[1]}}`;
  });
  const strings = details.texts.map(({ path, count, last }) =>
    `${jsonString(path)}:${jsonText({ count, last: last && [last.step, last.value] })}`
  );
  const lines = details.console.map(({ stream, text, tsMs }) => ({
    stream,
    text,
    ts_ms: Number.isNaN(tsMs) ? null : tsMs,
  }));
  return `{"run":${head},\n"configs":{${configs.join(",\n")}},\n"metrics":{${
    metrics.join(",\n")
  }},\n` +
    `"strings":{${strings.join(",\n")}},\n"console":${jsonText(lines)},\n"problems":${
      jsonText(problems)
    }}`;
}
