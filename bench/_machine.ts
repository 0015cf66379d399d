/**
 * What the figures were measured on.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { messageOf } from "../lib/errors.ts";
import type { Driver } from "../lib/store/driver.ts";
import { ffiDriver } from "../lib/store/driver_ffi.ts";
import { nodeDriver } from "../lib/store/driver_node.ts";
import { fsKind } from "../lib/store/fs_kind.ts";
import { VERSION } from "../lib/version.ts";
import { benchFolder } from "./_child.ts";

/** The repository's root folder. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The facts, by name, in the order in which they are printed. */
export type Facts = Readonly<Record<string, string>>;

/** Command line of our program: the compiled one where there is one. */
export function programCommand(): string[] {
  const binary = join(ROOT, "dist/goodseed");
  if (existsSync(binary)) return [binary];
  return [process.execPath, "run", "-A", "--no-check", join(ROOT, "main.ts")];
}

/** Load of the last minute, as the system counts it. */
export function load(): string {
  return loadavg()[0]!.toFixed(1);
}

/** Gathers the facts. @param python what is known of the Python that is compared with */
export function machineFacts(python: string): Facts {
  const model = cpus()[0]?.model.trim() || "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  const folder = benchFolder();
  return {
    machine: `${availableParallelism()} cores (${model}), ${memory} GiB, ${type()} ${release()}`,
    disk: `${folder} on ${fsKind(folder).name}`,
    goodseed: `${VERSION}, commit ${commit()}; program: ${programText()}`,
    runtime: runtimeText(),
    sqlite: `node:sqlite ${sqliteVersion(nodeDriver)}, system's library ${
      sqliteVersion(ffiDriver)
    }`,
    "compared with": `goodseed-py 0.4.0 on ${python}`,
  };
}

function programText(): string {
  const [first, ...rest] = programCommand();
  if (rest.length > 0) return "deno run main.ts (dist/goodseed is not there)";
  return `dist/goodseed of ${statSync(first!).mtime.toISOString().slice(0, 19)}Z`;
}

function runtimeText(): string {
  const { deno, bun, node, v8 } = process.versions;
  if (deno !== undefined) return `Deno ${deno}, V8 ${v8}`;
  return bun !== undefined ? `Bun ${bun}` : `Node ${node}`;
}

function commit(): string {
  const git = (...args: string[]): string =>
    spawnSync("git", ["-C", ROOT, ...args], { encoding: "utf8" }).stdout?.trim() ?? "";
  const hash = git("rev-parse", "--short", "HEAD") || "unknown";
  return git("status", "--porcelain") === "" ? hash : `${hash} with changes`;
}

function sqliteVersion(driver: Driver): string {
  try {
    const db = driver.open(":memory:", { mode: "write" });
    const find = db.prepare("SELECT sqlite_version()");
    const version = String(find.get()![0]);
    db.close();
    return version;
  } catch (error) {
    return `none (${messageOf(error)})`;
  }
}
