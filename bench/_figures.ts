/**
 * Which figures there are: the programs that are run for each, and the rows that are read off them.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { programCommand, ROOT } from "./_machine.ts";
import { showNumber } from "./_stats.ts";

/** One program that is run once a round. */
export interface Contestant {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One row of the table. */
export interface Row {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** Number that is read off the programs' reports. */
  readonly field: string;
  /** The contestant that the row is about. */
  readonly ours: string;
  /** The contestant beside it; absent where the other has nothing of the kind. */
  readonly theirs?: string;
  /** Their number, where it has another name. */
  readonly theirField?: string;
  /** What was compared with, where it is not the client itself. */
  readonly against?: string;
}

/** Programs that are run in turn, round after round. */
export interface Figure {
  readonly name: string;
  /** Its share of the time, in ms. */
  readonly limitMs: number;
  /** Run once before; it writes into the folder that is its first argument. */
  readonly prepare?: readonly string[];
  readonly contestants: Readonly<Record<string, Contestant>>;
  readonly rows: readonly Row[];
}

/** What figures are made of. */
export interface FigureOptions {
  /** Less of everything. */
  readonly quick: boolean;
  /** Python with the client; undefined: there is none. */
  readonly python: string | undefined;
  /** A folder for what the figures prepare. */
  readonly folder: string;
}

type Programs = Pick<FigureOptions, "python">;

/** All figures, in the order of the table. */
export function allFigures(options: FigureOptions): Figure[] {
  return [
    logMetrics(1, options),
    logMetrics(10, options),
    sustained(options),
    strings(options),
    reading("reads", options),
    reading("list", options),
    startup(options),
    ofRun("first_log", "new Run() to first log", options),
    ofRun("close_idle", "close() of an idle run", options),
    driver(options),
  ];
}

function ours(script: string, ...args: (string | number)[]): Contestant {
  const path = join(ROOT, "bench", script);
  return { command: [process.execPath, "run", "-A", "--no-check", path, ...args.map(String)] };
}

/** A contestant named `theirs`, or none without a Python. */
function theirs(
  { python }: Programs,
  script: string,
  ...args: (string | number)[]
): Record<string, Contestant> {
  if (python === undefined) return {};
  const path = join(ROOT, "bench/python", script);
  return { theirs: { command: [python, path, ...args.map(String)] } };
}

function logMetrics(keys: 1 | 10, options: FigureOptions): Figure {
  const { quick } = options;
  const name = `log_metrics_${keys}`;
  const size = (calls: number) => ["--keys", keys, "--calls", quick ? calls / 5 : calls];
  const what = keys === 1 ? "1 key" : "10 keys";
  const rows = (contestant: string, id: string, label: string): Row[] =>
    [
      ["ns", "mean", "ns a scalar"],
      ["p50_us", "median of calls", "µs a call"],
      ["p99_us", "p99 of calls", "µs a call"],
      ["max_us", "longest call", "µs a call"],
    ].map(([field = "", part = "", unit = ""]) => ({
      id: `${id}.${field}`,
      label: `${label}: ${part}`,
      unit,
      better: "lower",
      field,
      ours: contestant,
      theirs: "theirs",
    }));
  return {
    name,
    limitMs: quick ? 4_500 : 32_000,
    contestants: {
      ours: ours("log_metrics.ts", ...size(keys === 1 ? 50_000 : 8_000)),
      kill: ours("log_metrics.ts", ...size(keys === 1 ? 20_000 : 8_000), "--kill", 1),
      ...theirs(options, "log_metrics.py", ...size(1_000)),
    },
    rows: [
      ...rows("ours", name, `logMetrics, ${what}`),
      ...rows("kill", `${name}_kill`, `the same with durability "kill"`),
    ],
  };
}

function sustained(options: FigureOptions): Figure {
  const calls = options.quick ? 15_000 : 100_000;
  return {
    name: "sustained",
    limitMs: options.quick ? 4_000 : 28_000,
    contestants: {
      ours: ours("sustained.ts", "--calls", calls),
      ...theirs(options, "sustained.py", "--calls", calls / 10),
    },
    rows: [
      row("sustained", "points to disk, 10 keys a call", "points/s", "higher", "points_per_s"),
    ],
  };
}

function strings(options: FigureOptions): Figure {
  const calls = options.quick ? 20_000 : 100_000;
  return {
    name: "strings",
    limitMs: options.quick ? 3_000 : 18_000,
    contestants: {
      ours: ours("strings.ts", "--calls", calls),
      ...theirs(options, "strings.py", "--calls", calls / 5),
    },
    rows: [row("strings", "texts of 100 characters to disk", "texts/s", "higher", "texts_per_s")],
  };
}

function reading(name: "reads" | "list", options: FigureOptions): Figure {
  const { quick, python } = options;
  const folder = join(options.folder, name);
  const [runs, series, points] = name === "list"
    ? [quick ? 200 : 1_000, 20, 10]
    : [1, 1, quick ? 200_000 : 1_000_000];
  const label = name === "list"
    ? `list of ${showNumber(runs)} runs`
    : `series of ${showNumber(points)} points as 1,000 buckets`;
  const asked = (warm: number, restart: number, command: readonly string[]): Contestant =>
    ours(`${name}.ts`, "--runs", folder, "--warm", warm, "--restart", restart, "--", ...command);
  const client = join(ROOT, "bench/python/goodseed_cli.py");
  return {
    name,
    limitMs: quick ? 5_000 : name === "reads" ? 56_000 : 36_000,
    prepare: ours("make_runs.ts", folder, runs, series, points).command,
    contestants: {
      ours: asked(5, 1, programCommand()),
      ...(python === undefined ? {} : { theirs: asked(1, 0, [python, client]) }),
    },
    rows: [
      row(`${name}.cold`, `${label}: first time`, "ms", "lower", "cold_ms"),
      row(`${name}.warm`, `${label}: again`, "ms", "lower", "warm_ms"),
      {
        ...row(`${name}.restarted`, `${label}: new server`, "ms", "lower", "restarted_ms"),
        theirField: "cold_ms", // it keeps nothing
      },
    ],
  };
}

function startup(options: FigureOptions): Figure {
  const { quick, python } = options;
  const times = quick ? 3 : 5;
  const client = join(ROOT, "bench/python/goodseed_cli.py");
  return {
    name: "startup",
    limitMs: quick ? 3_000 : 10_000,
    contestants: {
      ours: ours("startup.ts", times, ...programCommand(), "--version"),
      ...(python === undefined
        ? {}
        : { theirs: ours("startup.ts", times, python, client, "--help") }),
    },
    rows: [{ ...row("startup", "goodseed --version", "ms", "lower", "ms"), against: "--help" }],
  };
}

function ofRun(name: "first_log" | "close_idle", label: string, options: FigureOptions): Figure {
  return {
    name,
    limitMs: options.quick ? 3_000 : 10_000,
    contestants: { ours: ours(`${name}.ts`), ...theirs(options, `${name}.py`) },
    rows: [row(name, label, "ms", "lower", "ms")],
  };
}

function driver(options: FigureOptions): Figure {
  const size = ["--transactions", options.quick ? 3 : 20];
  const base = row("driver.node", "rows by node:sqlite", "rows/s", "higher", "rows_per_s");
  const against = "sqlite3";
  return {
    name: "driver",
    limitMs: options.quick ? 3_000 : 16_000,
    contestants: {
      ours: { ...ours("driver.ts", ...size), env: { GOODSEED_SQLITE: "node" } },
      ffi: { ...ours("driver.ts", ...size), env: { GOODSEED_SQLITE: "ffi" } },
      ...theirs(options, "driver.py", ...size),
    },
    rows: [
      { ...base, against },
      { ...base, id: "driver.ffi", label: "rows by GOODSEED_SQLITE=ffi", ours: "ffi", against },
    ],
  };
}

function row(
  id: string,
  label: string,
  unit: string,
  better: "lower" | "higher",
  field: string,
): Row {
  return { id, label, unit, better, field, ours: "ours", theirs: "theirs" };
}
