/**
 * Runs the programs of a figure in turn, round after round, and reads their reports.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { benchFolder } from "./_child.ts";
import type { Contestant, Figure, Row } from "./_figures.ts";
import { type Spread, spread } from "./_stats.ts";
import type { ResultRow } from "./_table.ts";

/** Longest that one program may take, in ms. */
const PROGRAM_MS = 90_000;

/** How rounds are run. */
export interface RoundOptions {
  readonly rounds: number;
  /** No round begins that would probably end later, in ms; the first is run in any case. */
  readonly limitMs: number;
  /** Takes one line for whoever waits. */
  readonly progress: (line: string) => void;
  /** Takes what the reader of the table must know. */
  readonly note: (line: string) => void;
  /** What stands in the column of the client when it could not be run. */
  readonly theirsMissing: string | undefined;
}

/** What the programs of one figure reported: contestant → field → one number a round. */
type Reports = Map<string, Map<string, number[]>>;

/** Measures one figure. */
export function measure(figure: Figure, options: RoundOptions): ResultRow[] {
  const reports: Reports = new Map();
  const broken = new Set<string>();
  const names = Object.keys(figure.contestants);
  const start = performance.now();
  options.progress(figure.name);
  if (figure.prepare !== undefined) runProgram({ command: figure.prepare });
  for (let round = 0; round < options.rounds; round++) {
    const tookMs = performance.now() - start; // the next round will take as long as the others
    if (round > 0 && tookMs * (1 + 1 / round) > options.limitMs) break;
    const order = round % 2 === 0 ? names : names.toReversed(); // nobody is always the first
    for (const name of order) {
      if (broken.has(name)) continue;
      try {
        keep(reports, name, runProgram(figure.contestants[name]!));
      } catch (error) {
        broken.add(name);
        options.note(`${figure.name}, ${name}: ${(error as Error).message}`);
      }
    }
  }
  noteStalls(figure, reports, options);
  return figure.rows.map((row) => resultOf(row, reports, options));
}

/**
 * Runs a program to its end and reads the JSON of its last line.
 *
 * @throws {Error} it ended badly or reported nothing
 */
function runProgram({ command, env }: Contestant): Readonly<Record<string, number>> {
  const [program = "", ...args] = command;
  const ended = spawnSync(program, args, {
    encoding: "utf8",
    timeout: PROGRAM_MS,
    env: { ...plainEnv(), ...env },
    maxBuffer: 2 ** 26,
  });
  if (ended.status !== 0) {
    const words = ended.error?.message ?? ended.stderr.trim().split("\n").slice(-3).join(" | ");
    throw new Error(`${command.join(" ")} ended with ${ended.status}: ${words}`);
  }
  return JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "") as Record<string, number>;
}

/** The environment without the caller's own settings of GoodSeed. */
function plainEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (value !== undefined && !key.startsWith("GOODSEED_")) env[key] = value;
  }
  return {
    ...env,
    GOODSEED_BENCH_DIR: benchFolder(),
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

function keep(reports: Reports, name: string, figures: Readonly<Record<string, number>>): void {
  let fields = reports.get(name);
  if (fields === undefined) reports.set(name, fields = new Map());
  for (const [field, value] of Object.entries(figures)) {
    const values = fields.get(field);
    if (values === undefined) fields.set(field, [value]);
    else values.push(value);
  }
}

/** Calls that had to wait for the writer spoil the figures about calls. */
function noteStalls(figure: Figure, reports: Reports, options: RoundOptions): void {
  if (!figure.name.startsWith("log_metrics")) return;
  for (const [name, fields] of reports) {
    const stalls = Math.max(0, ...fields.get("stalls") ?? []);
    if (stalls > 0) options.note(`${figure.name}, ${name}: up to ${stalls} calls waited for room`);
  }
}

function resultOf(row: Row, reports: Reports, options: RoundOptions): ResultRow {
  const { id, label, unit, better, against } = row;
  const read = (name: string | undefined, field: string): Spread | undefined => {
    const values = name === undefined ? undefined : reports.get(name)?.get(field);
    return values === undefined ? undefined : spread(values);
  };
  return {
    id,
    label,
    unit,
    better,
    ours: read(row.ours, row.field),
    theirs: read(row.theirs, row.theirField ?? row.field),
    theirsMissing: row.theirs === undefined ? "–" : options.theirsMissing ?? "failed",
    ...(against === undefined ? {} : { against }),
  };
}
