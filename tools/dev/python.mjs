// The Python with the seed's client, for the compatibility tests.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./runtimes.mjs";

/**
 * Finds a Python that can import `goodseed`: `GOODSEED_TEST_PYTHON`, else the repository's `.venv`.
 *
 * @returns its path, and when there is none the reason
 */
export function findPython() {
  const named = process.env.GOODSEED_TEST_PYTHON;
  const path = named || join(ROOT, ".venv/bin/python");
  if (!named && !existsSync(path)) {
    return {
      missing: "no Python with goodseed: set GOODSEED_TEST_PYTHON, or make one with " +
        "python3 -m venv .venv && .venv/bin/pip install goodseed==0.4.0",
    };
  }
  const probe = spawnSync(path, ["-c", "import goodseed"], { encoding: "utf8" });
  if (probe.status === 0) return { path };
  const why = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1);
  return { missing: `${path} cannot import goodseed: ${why}` };
}
