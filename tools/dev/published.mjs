// Which files `deno publish` would upload.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ToolError } from "./errors.mjs";
import { denoPath, ROOT } from "./runtimes.mjs";
import { toolEnv } from "./spawn.mjs";

/**
 * Asks `deno publish --dry-run` for its list.
 *
 * @returns {string[]} paths below the repository's root
 */
export function publishedFiles() {
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check", "--allow-slow-types"];
  const result = spawnSync(denoPath(), args, {
    cwd: ROOT,
    env: toolEnv({ NO_COLOR: "1" }),
    encoding: "utf8",
  });
  if (result.status !== 0) {
    throw new ToolError(`deno publish --dry-run failed:\n${result.stdout}${result.stderr}`);
  }
  const urls = (result.stdout + result.stderr).matchAll(/^ +(file:\/\/\S+) \([\d.]+ ?[kKMB]+\)$/gm);
  return [...urls].map(([, url]) => relative(ROOT, fileURLToPath(url)));
}
