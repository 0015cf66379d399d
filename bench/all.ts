/**
 * `npm run bench`: measures everything and prints one table. See docs/performance.md.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { benchFolder } from "./_child.ts";
import { allFigures } from "./_figures.ts";
import { load, machineFacts } from "./_machine.ts";
import { clientPython } from "./_python.ts";
import { measure } from "./_rounds.ts";
import { showNumber } from "./_stats.ts";
import { type ResultRow, rowsJson, tableText } from "./_table.ts";

const USAGE = `npm run bench -- [options]

  --quick        less of everything, fewer repetitions: is it right, not how fast is it
  --only TEXT    only figures whose name contains TEXT
  --dir FOLDER   write there: the disk to measure [the system's folder for temporary files]
  --json FILE    write the figures there as well, with every repetition
  -h, --help     print this
`;

const ROUNDS = 5, QUICK_ROUNDS = 3;
/** No further round begins after this; on a quiet machine there is time left. */
const TOTAL_MS = 225_000, QUICK_TOTAL_MS = 36_000;

function main(): number {
  const { values: options } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      dir: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const print = (text: string): void => void process.stdout.write(text);
  if (options.help) {
    print(USAGE);
    return 0;
  }
  if (options.dir !== undefined) process.env.GOODSEED_BENCH_DIR = resolve(options.dir);
  const folder = mkdtempSync(join(benchFolder(), "goodseed-bench-"));
  const notes: string[] = [];
  const rows: ResultRow[] = [];
  const loadBefore = load(), start = performance.now();
  using python = clientPython();
  const facts = machineFacts(python.about);
  try {
    const theirsMissing = python.path === undefined ? "no Python" : undefined;
    if (theirsMissing !== undefined) notes.push(`goodseed-py: ${python.about}`);
    const figures = allFigures({ quick: options.quick, python: python.path, folder })
      .filter(({ name }) => name.includes(options.only));
    for (const figure of figures) {
      rows.push(...measure(figure, {
        rounds: options.quick ? QUICK_ROUNDS : ROUNDS,
        leftMs: (options.quick ? QUICK_TOTAL_MS : TOTAL_MS) - (performance.now() - start),
        progress: (line) => void process.stderr.write(`measuring ${line} …\n`),
        note: (line) => void notes.push(line),
        theirsMissing,
      }));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const header = {
    date: new Date().toISOString().slice(0, 19) + "Z",
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    ...facts,
    clock: `one reading takes ${showNumber(clockMicros())} µs and is part of the figures of calls`,
    load: `${loadBefore} before, ${load()} after; took ${
      Math.round((performance.now() - start) / 1e3)
    } s`,
  };
  if (options.quick) notes.push("--quick: small sizes, few repetitions; not for comparing");
  print(Object.entries(header).map(([name, text]) => `${name}: ${text}\n`).join(""));
  print("\n" + tableText(rows) + "\n");
  print("Medians of n rounds, ours and theirs in turn; better by = ratio of the medians.\n");
  for (const note of notes) print(`note: ${note}\n`);
  if (options.json !== undefined) {
    const json = { v: 1, header, quick: options.quick, rows: rowsJson(rows), notes };
    writeFileSync(options.json, JSON.stringify(json, null, 2) + "\n");
  }
  return rows.length > 0 && rows.every((row) => row.ours !== undefined) ? 0 : 1;
}

function clockMicros(): number {
  const readings = 100_000, start = performance.now();
  for (let i = 0; i < readings; i++) performance.now();
  return (performance.now() - start) / readings * 1e3;
}

process.exitCode = main();
