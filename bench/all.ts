/**
 * `npm run bench`: measures everything and prints one table. See docs/performance.md.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { messageOf } from "../lib/errors.ts";
import { ownFolder } from "./_child.ts";
import { allFigures } from "./_figures.ts";
import { load, machineFacts } from "./_machine.ts";
import { type ClientPython, clientPython } from "./_python.ts";
import { measure } from "./_rounds.ts";
import { median, showNumber } from "./_stats.ts";
import { type ResultRow, rowsJson, tableText, withFigures } from "./_table.ts";

const USAGE = `npm run bench -- [options]

  --quick        less of everything, fewer repetitions: is it right, not how fast is it
  --only TEXT    only figures whose name contains TEXT
  --dir FOLDER   write there: the disk to measure [the system's folder for temporary files]
  --json FILE    write the figures there as well, with every repetition
  --page FILE    put the table between the marks of that page
  -h, --help     print this
`;

const ROUNDS = 5, QUICK_ROUNDS = 3;
/** No further round begins after this; on a quiet machine there is time left. */
const TOTAL_MS = 225_000, QUICK_TOTAL_MS = 30_000;

/** What the command line says. */
interface Options {
  readonly quick: boolean;
  readonly only: string;
  readonly dir?: string;
  readonly json?: string;
  readonly page?: string;
  readonly help: boolean;
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      dir: { type: "string" },
      json: { type: "string" },
      page: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const all = allFigures({ quick: values.quick, python: undefined, folder: "" });
  if (!all.some(({ name }) => name.includes(values.only))) {
    const names = all.map(({ name }) => name).join(", ");
    throw new Error(`no figure has "${values.only}" in its name; there are ${names}`);
  }
  return values;
}

/** Measures all figures that were asked for, within the time there is. */
function measureAll(options: Options, python: ClientPython, notes: string[]): ResultRow[] {
  using folder = ownFolder();
  process.env.GOODSEED_BENCH_DIR = folder.path; // also what a program leaves that had to be ended
  const { quick } = options;
  const figures = allFigures({ quick, python: python.path, folder: folder.path })
    .filter(({ name }) => name.includes(options.only));
  const rows: ResultRow[] = [];
  const start = performance.now();
  let spareMs = 0; // what quick figures leave is for the slow ones
  for (const figure of figures) {
    const begun = performance.now();
    const leftMs = (quick ? QUICK_TOTAL_MS : TOTAL_MS) - (begun - start);
    rows.push(...measure(figure, {
      rounds: quick ? QUICK_ROUNDS : ROUNDS,
      limitMs: Math.min(figure.limitMs + spareMs, leftMs),
      progress: (line) => void process.stderr.write(`measuring ${line} …\n`),
      note: (line) => void notes.push(line),
      theirsMissing: python.path === undefined ? "no Python" : undefined,
    }));
    spareMs = Math.max(0, spareMs + figure.limitMs - (performance.now() - begun));
  }
  return rows;
}

/** µs that one reading of the clock takes. */
function clockMicros(): number {
  const readings = 5_000;
  return median(Array.from({ length: 21 }, () => {
    const start = performance.now();
    for (let i = 0; i < readings; i++) performance.now();
    return (performance.now() - start) / readings * 1e3;
  }));
}

function main(args: readonly string[]): number {
  const options = parse(args);
  const print = (text: string): void => void process.stdout.write(text);
  if (options.help) {
    print(USAGE);
    return 0;
  }
  if (options.dir !== undefined) process.env.GOODSEED_BENCH_DIR = resolve(options.dir);
  const notes = options.quick ? ["--quick: small sizes, few rounds; not for comparing"] : [];
  const loadBefore = load(), start = performance.now();
  using python = clientPython();
  if (python.path === undefined) notes.push(`goodseed-py: ${python.about}`);
  const facts = machineFacts(python.about);
  const rows = measureAll(options, python, notes);
  const seconds = Math.round((performance.now() - start) / 1e3);
  const header = {
    date: new Date().toISOString().slice(0, 19) + "Z",
    command: ["npm run bench --", ...args].join(" "),
    ...facts,
    clock: `one reading takes ${showNumber(clockMicros())} µs and is part of the figures of calls`,
    load: `${loadBefore} before, ${load()} after; took ${seconds} s`,
  };
  const head = Object.entries(header).map(([name, text]) => `${name}: ${text}\n`).join("");
  const table = tableText(rows);
  print(`${head}\n${table}\n`);
  print("Medians of n rounds, ours and theirs in turn; better by = ratio of the medians.\n");
  for (const note of notes) print(`note: ${note}\n`);
  if (options.page !== undefined) {
    const figures = "```text\n" + head + "```\n\n" + table +
      notes.map((note) => `\n- ${note}\n`).join("");
    writeFileSync(options.page, withFigures(readFileSync(options.page, "utf8"), figures));
  }
  if (options.json !== undefined) {
    const json = { v: 1, header, quick: options.quick, rows: rowsJson(rows), notes };
    writeFileSync(options.json, JSON.stringify(json, null, 2) + "\n");
  }
  return rows.every((row) => row.ours !== undefined) ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}
