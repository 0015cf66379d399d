/** The unmodified Python client in tests: finding it, running it, its server. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { cleanEnv, ROOT, until } from "../_harness.ts";

const SCRIPT = join(ROOT, "tests/compat/python_side.py");
const VERSION = "0.4.0";

/** A Python that has the client, or why there is none. */
export type PythonClient =
  | { readonly python: string; readonly missing?: undefined }
  | { readonly python?: undefined; readonly missing: string };

/** Looks for a Python with goodseed 0.4.0: `GOODSEED_TEST_PYTHON`, else the repository's `.venv`. */
export function findClient(): PythonClient {
  const python = process.env.GOODSEED_TEST_PYTHON || join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) {
    const why = process.env.GOODSEED_TEST_PYTHON_MISSING;
    return { missing: why || `no Python with goodseed ${VERSION} at ${python}` };
  }
  const code = "from importlib.metadata import version; print(version('goodseed'))";
  const found = spawnSync(python, ["-c", code], { encoding: "utf8", env: cleanEnv() });
  return found.stdout.trim() === VERSION
    ? { python }
    : { missing: `${python} has goodseed ${found.stdout.trim() || "not at all"}, not ${VERSION}` };
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one part of `python_side.py` to its end. */
export async function runPython(
  python: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return await endOf(startPython(python, args, env));
}

/** Starts one part of `python_side.py`. */
export function startPython(
  python: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  return spawn(python, ["-X", "utf8", SCRIPT, ...args], {
    env: cleanEnv({ PYTHONUNBUFFERED: "1", ...env }),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Waits for the end of a program; its standard input is closed. */
export function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdin?.end();
  child.stdout?.on("data", (chunk) => stdout += String(chunk));
  child.stderr?.on("data", (chunk) => stderr += String(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** The client's own `goodseed serve`. */
export interface PythonServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts the client's server over a home folder. */
export async function servePython(python: string, home: string): Promise<PythonServer> {
  const port = await freePort();
  const child = startPython(python, [
    "cli",
    "serve",
    join(home, "projects"),
    "--port",
    String(port),
  ]);
  const url = `http://127.0.0.1:${port}`;
  await until("the client's server to answer", async () => {
    try {
      return (await fetch(`${url}/api/projects`)).ok;
    } catch { // it does not listen yet
      return false;
    }
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = endOf(child);
      process.kill(child.pid!, "SIGKILL");
      await ended;
    },
  };
}

/** A port that was free a moment ago; the client cannot choose one itself. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
