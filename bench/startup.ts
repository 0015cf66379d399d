/**
 * How long a command takes from start to end: `startup.ts TIMES COMMAND ARGS…`. It is run once
 * before, so that its files are in memory.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { report } from "./_child.ts";
import { median } from "./_stats.ts";

function timeOf(command: string, args: readonly string[]): number {
  const start = performance.now();
  const ended = spawnSync(command, args, { encoding: "utf8" });
  const ms = performance.now() - start;
  if (ended.status !== 0) throw new Error(`${command} ended with ${ended.status}: ${ended.stderr}`);
  return ms;
}

function main(): void {
  const [times, command, ...args] = process.argv.slice(2);
  if (command === undefined) throw new Error("usage: startup.ts TIMES COMMAND ARGS…");
  timeOf(command, args);
  report({ ms: median(Array.from({ length: Number(times) }, () => timeOf(command, args))) });
}

main();
