/** Runs `goodseed run` as a program in tests, and reads what it recorded. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { type TempDir, tempDir } from "../_harness.ts";
import { exec, type Outcome, type Program, start } from "./_goodseed.ts";
import { configsOf, metaOf, rowsOf, runFile } from "./_run_files.ts";

/** A home for one test, in which `goodseed run` makes the run `p/r`. */
export interface RunHome extends Disposable {
  readonly dir: TempDir;
  /** Runs a command to its end. */
  exec(options: readonly string[], command: readonly string[], env?: Env): Promise<Outcome>;
  /** Starts a command. */
  start(options: readonly string[], command: readonly string[], env?: Env): Program;
  /** Writes a script. @returns its path */
  script(name: string, ...lines: readonly string[]): string;
  /** Path of the run file. */
  file(): string;
  configs(): Record<string, string>;
  meta(): Record<string, unknown>;
  /** Recorded lines of a stream, in order. */
  lines(stream: "stdout" | "stderr"): string[];
  /** Points of a metric as [step, value]. */
  points(path: string): unknown[][];
}

type Env = Record<string, string>;

/** Makes a home. */
export function runHome(): RunHome {
  const dir = tempDir();
  const words = (options: readonly string[], command: readonly string[]): string[] => [
    ...["run", "-p", "p", "--run-id", "r", ...options],
    ...["--", ...command],
  ];
  const env = (extra: Env = {}): Env => ({ GOODSEED_HOME: dir.path, TMPDIR: dir.path, ...extra });
  const file = (): string => runFile(dir.path, "p", "r");
  return {
    dir,
    exec: (options, command, extra) =>
      exec(words(options, command), { env: env(extra), cwd: dir.path }),
    start: (options, command, extra) =>
      start(words(options, command), { env: env(extra), cwd: dir.path }),
    script(name, ...lines) {
      const path = dir.join(name);
      writeFileSync(path, lines.map((line) => line + "\n").join(""), { mode: 0o755 });
      return path;
    },
    file,
    configs: () => configsOf(file()),
    meta: () => metaOf(file()),
    lines: (stream) =>
      rowsOf(
        file(),
        `SELECT p.value FROM string_points p JOIN string_series s ON s.id = p.series_id
         WHERE s.path LIKE 'monitoring/%/${stream}' ORDER BY p.step`,
      ).map((row) => String(row[0])),
    points: (path) =>
      rowsOf(
        file(),
        `SELECT p.step, p.y FROM metric_points p JOIN metric_series s ON s.id = p.series_id
         WHERE s.path = '${path}' ORDER BY p.step`,
      ),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** Whether a process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch { // no such process
    return false;
  }
}
