// Bundles our sources with esbuild into one flat folder of ES modules.
// deno-lint-ignore-file explicit-module-boundary-types -- a tool in plain JavaScript
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ToolError } from "./errors.mjs";
import { ensureInstalled } from "./install.mjs";
import { ROOT } from "./runtimes.mjs";

/**
 * Bundles `entries` (paths below the root; absent ones are left out) into `outdir`, emptied before.
 *
 * All output lies in one folder: a Worker is found beside the module that starts it.
 *
 * @returns names of the files that the entries became
 */
export async function bundle(entries, outdir, options = {}) {
  ensureInstalled(ROOT);
  const { build } = await import("esbuild");
  rmSync(outdir, { recursive: true, force: true });
  const present = entries.filter((path) => existsSync(join(ROOT, path)));
  try {
    await build({
      absWorkingDir: ROOT,
      entryPoints: present,
      outdir,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "es2024",
      entryNames: "[name]",
      external: ["bun:*"],
      logLevel: "warning",
      ...options,
    });
  } catch (error) { // esbuild has printed where and what
    throw new ToolError(`bundling failed with ${error.errors?.length ?? 1} errors, see above`);
  }
  return present.map((path) => path.split("/").at(-1).replace(/\.ts$/, ".js"));
}
