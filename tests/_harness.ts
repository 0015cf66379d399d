/** What every test file shares: temporary folders, waiting with a deadline, starting our own programs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** A fresh folder that is removed by `[Symbol.dispose]`. */
export interface TempDir extends Disposable {
  readonly path: string;
  join(...parts: string[]): string;
}

/** Makes a temporary folder: `using dir = tempDir()`. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "goodseed-test-"));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Polls until `probe` gives a value that is neither false nor undefined. */
export async function until<T>(
  what: string,
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs: number = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Command line that runs a script of ours on the runtime this test runs on. */
export function runtimeArgs(script: string, ...args: string[]): [string, string[]] {
  const isDeno = "Deno" in globalThis;
  const head = isDeno ? ["run", "-A", "--no-check", script] : [script];
  return [process.execPath, [...head, ...args]];
}

/** Environment for child processes: nothing of the caller's GoodSeed settings, a home of its own. */
export function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (value !== undefined && !key.startsWith("GOODSEED_") && key !== "RUST_BACKTRACE") {
      env[key] = value;
    }
  }
  return { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...extra };
}
