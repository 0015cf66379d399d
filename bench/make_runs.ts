/**
 * Makes the run files that the figures about reading read:
 * `make_runs.ts FOLDER RUNS SERIES POINTS` writes one run through the library and copies it, each
 * copy with an id and a time of its own.
 *
 * @module
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openDb } from "../lib/store/open.ts";
import { plainRun, report } from "./_child.ts";

const FIRST_MS = Date.UTC(2026, 0, 1);

function writeRun(folder: string, series: number, points: number): string {
  const run = plainRun(folder, { logDir: folder, runId: "run-0", project: "bench" });
  const data: Record<string, number> = {};
  run.set("parameters", { lr: 1e-3, layers: [64, 32], optimizer: "adam" });
  for (let step = 0; step < points; step++) {
    for (let i = 0; i < series; i++) {
      data[`train/metric_${i}`] = Math.sin(step / 1e3) + 1 / (step + i + 3);
    }
    run.logMetrics(data, { step });
  }
  run.close();
  return run.path!;
}

function copyRun(source: string, target: string, number: number): void {
  copyFileSync(source, target);
  const db = openDb(target, { mode: "write" });
  db.exec("PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF");
  const set = db.prepare("UPDATE run_meta SET value = ? WHERE key = ?");
  set.run(`run-${number}`, "run_id");
  set.run(
    new Date(FIRST_MS + number * 60_000).toISOString().replace("Z", "000+00:00"),
    "created_at",
  );
  db.exec("PRAGMA journal_mode=WAL");
  db.close();
}

function main(): void {
  const [folder = "", runs, series, points] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  const first = writeRun(folder, Number(series), Number(points));
  for (let i = 1; i < Number(runs); i++) copyRun(first, join(folder, `run-${i}.sqlite`), i);
  report({ runs: Number(runs) });
}

main();
