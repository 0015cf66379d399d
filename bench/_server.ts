/**
 * Starts a server, ours or the client's, on a free port, and times what it answers.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { ownFolder } from "./_child.ts";

const START_MS = 20_000;
const END_MS = 2_000;
const PROJECT = "bench";

/** A server that runs; it is stopped at the end of its block. */
export interface Server extends AsyncDisposable {
  readonly url: string;
}

/** A projects folder and caches that no server has seen before. */
export interface FreshHome extends Disposable {
  readonly projects: string;
  /** Environment in which caches lie in this folder too. */
  readonly env: Readonly<Record<string, string>>;
}

/** Copies run files into a fresh home: nothing that a server keeps of them can be known yet. */
export function freshHome(runs: string): FreshHome {
  const folder = ownFolder();
  const projects = join(folder.path, "projects");
  const target = join(projects, PROJECT, "runs");
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(runs)) copyFileSync(join(runs, name), join(target, name));
  return {
    projects,
    env: { GOODSEED_HOME: folder.path, XDG_CACHE_HOME: join(folder.path, "cache") },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/**
 * Starts a server over a home and waits until it answers.
 *
 * @param command what comes before `serve`
 */
export async function startServer(command: readonly string[], home: FreshHome): Promise<Server> {
  const port = await freePort();
  const [program, ...args] = [...command, "serve", home.projects, "--port", String(port)];
  const child = spawn(program!, args, {
    env: { ...process.env, ...home.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr!.on("data", (chunk) => stderr += String(chunk));
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + START_MS;
  while (!await answers(url)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command.join(" ")} serve did not start: ${stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, [Symbol.asyncDispose]: () => end(child) };
}

/**
 * Asks once and takes the whole answer.
 *
 * @returns ms from the question to the last byte
 * @throws {Error} the answer is not the one expected
 */
export async function timeGet(
  url: string,
  expected: (answer: unknown) => boolean,
): Promise<number> {
  const start = performance.now();
  const response = await fetch(url);
  const text = await response.text();
  const ms = performance.now() - start;
  if (!response.ok || !expected(JSON.parse(text))) {
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  return ms;
}

/** Any answer will do: the question is about nothing that is measured. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/none`);
    await response.body?.cancel();
    return true;
  } catch { // nobody listens yet
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  // what a server does with connections that we keep open is no part of the figures
  const timer = setTimeout(() => process.kill(child.pid!, "SIGKILL"), END_MS);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
