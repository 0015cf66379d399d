/**
 * The Python that has the client which everything is compared with.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Version of the client. */
export const CLIENT_VERSION = "0.4.0";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PIP_MS = 120_000;
const PROBE = "import platform, sqlite3; from importlib.metadata import version; " +
  "print(version('goodseed'), platform.python_version(), sqlite3.sqlite_version)";

/** A Python with the client, or why there is none. */
export interface ClientPython extends Disposable {
  readonly path: string | undefined;
  /** `Python 3.11.7, SQLite 3.40.1`, or why there is none. */
  readonly about: string;
}

/**
 * Finds a Python with the client: `GOODSEED_TEST_PYTHON`, else the repository's `.venv`; else makes
 * a virtual environment in a folder for temporary files, which is removed in the end.
 */
export function clientPython(): ClientPython {
  const named = process.env.GOODSEED_TEST_PYTHON;
  const path = named || join(ROOT, ".venv/bin/python");
  if (!named && !existsSync(path)) return makeOne();
  const about = probe(path);
  return about === undefined
    ? nothing(`${path} has no goodseed ${CLIENT_VERSION}`)
    : { path, about, [Symbol.dispose]: () => {} };
}

function makeOne(): ClientPython {
  process.stderr.write(`making a Python environment with goodseed ${CLIENT_VERSION} …\n`);
  const folder = mkdtempSync(join(tmpdir(), "goodseed-bench-venv-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, "bin/python");
  const why = fault("python3", ["-m", "venv", folder]) ??
    fault(path, ["-m", "pip", "install", "--quiet", `goodseed==${CLIENT_VERSION}`]);
  const about = why === undefined ? probe(path) : undefined;
  if (about === undefined) {
    remove();
    return nothing(`no Python with goodseed ${CLIENT_VERSION} could be made: ${why ?? "unknown"}`);
  }
  return { path, about, [Symbol.dispose]: remove };
}

function nothing(about: string): ClientPython {
  return { path: undefined, about, [Symbol.dispose]: () => {} };
}

function probe(python: string): string | undefined {
  const ended = spawnSync(python, ["-c", PROBE], { encoding: "utf8" });
  const [client, version, sqlite] = (ended.stdout ?? "").trim().split(" ");
  return client === CLIENT_VERSION ? `Python ${version}, SQLite ${sqlite}` : undefined;
}

/** Undefined when the command ended well, else its last word. */
function fault(command: string, args: readonly string[]): string | undefined {
  const ended = spawnSync(command, args, { encoding: "utf8", timeout: PIP_MS });
  if (ended.status === 0) return undefined;
  const words = ended.error?.message ?? ended.stderr.trim().split("\n").at(-1);
  return `${command} ${args.join(" ")}: ${words || "no answer"}`;
}
