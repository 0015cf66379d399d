// Compiles the program: first one bundle with esbuild, then a binary out of the bundle alone.
// (`deno compile` in the repository would take every node_modules folder along: 900 MB.)
// deno-lint-ignore-file no-console explicit-module-boundary-types -- a tool in plain JavaScript
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bundle } from "./dev/bundle.mjs";
import { ToolError } from "./dev/errors.mjs";
import { ensureInstalled } from "./dev/install.mjs";
import {
  bunPath,
  COMPILE_DIR,
  denoLtsPath,
  denoLtsStub,
  denoPath,
  denoVersion,
  ROOT,
} from "./dev/runtimes.mjs";
import { capture, toolEnv } from "./dev/spawn.mjs";

/** The program and its Workers; they must stay beside each other in the flat output folder. */
const ENTRIES = ["main.ts", "lib/worker_main.ts", "server/reads/read_worker.ts"];

/** A binary above this has swallowed something: the runtime alone is about 100 MB. */
const MAX_BYTES = 130e6;

/** How long a stub is looked for on the network, and how long its download may take, in ms. */
const PROBE_MS = 5_000;
const DOWNLOAD_MS = 240_000;

/** Where a bundle lies that is to be compiled. */
const STAGE = join(ROOT, "dist/stage");

/**
 * Compiles into dist/goodseed (`deno`) or dist/goodseed-bun (`bun`), and tries the result.
 *
 * @returns the exit code
 */
export async function compile(kind) {
  const stage = join(STAGE, kind);
  const [main, ...workers] = await bundle(ENTRIES, stage, { minify: true });
  if (!process.env.DENORT_BIN) ensureInstalled(COMPILE_DIR);
  const out = join(ROOT, kind === "bun" ? "dist/goodseed-bun" : "dist/goodseed");
  const ways = kind === "bun"
    ? [bunWay(stage, main, workers)]
    : await denoWays(stage, main, workers);
  const faults = [];
  for (const way of ways) {
    const start = performance.now();
    rmSync(out, { force: true });
    const fault = await way.build(out) ?? await smoke(out);
    if (fault === undefined) {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const mb = (statSync(out).size / 1e6).toFixed(1);
      console.log(`compiled ${out} with ${way.name}: ${mb} MB in ${seconds} s`);
      return 0;
    }
    rmSync(out, { force: true });
    faults.push(`${way.name}: ${fault}`);
    console.error(`compiling with ${faults.at(-1)}`);
  }
  throw new ToolError(`no way to compile worked:\n  ${faults.join("\n  ")}`);
}

function bunWay(stage, main, workers) {
  const args = ["build", "--compile", main, ...workers];
  return {
    name: "Bun",
    build: (out) => tool(bunPath(), stage, [...args, "--outfile", out], {}),
  };
}

/**
 * The ways to a Deno binary, best first. Stub and compiler must be of one version: the newest pinned
 * Deno needs a stub from the network, the older one has its stub in the package registry.
 *
 * `GOODSEED_COMPILE_DENO`: `latest`, `lts`, or unset for the best that works here.
 */
async function denoWays(stage, main, workers) {
  const wanted = process.env.GOODSEED_COMPILE_DENO ?? "";
  if (!["", "auto", "latest", "lts"].includes(wanted)) {
    throw new ToolError(`GOODSEED_COMPILE_DENO is "${wanted}"; use latest, lts or auto`);
  }
  const version = denoVersion();
  const given = process.env.DENORT_BIN;
  const way = (name, binary, stub) => ({
    name,
    build: (out) => denoCompile(binary(), stub?.(), stage, main, workers, out),
  });
  if (given) {
    return [
      way(`Deno ${version} and DENORT_BIN`, denoPath, () => given),
      way("Deno 2.4 and DENORT_BIN", denoLtsPath, () => given),
    ];
  }
  const latest = way(`Deno ${version} and its own stub`, denoPath);
  const lts = way("Deno 2.4 and its stub of the package registry", denoLtsPath, denoLtsStub);
  if (wanted === "latest") return [latest];
  if (wanted === "lts" || !await stubIsReachable(version)) return [lts];
  return [latest, lts];
}

/** Whether Deno's download server answers at once; closed networks must not keep us waiting. */
async function stubIsReachable(version) {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const system = { darwin: "apple-darwin", win32: "pc-windows-msvc" }[process.platform] ??
    "unknown-linux-gnu";
  const url = `https://dl.deno.land/release/v${version}/denort-${arch}-${system}.zip`;
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PROBE_MS) });
    return answer.ok;
  } catch { // no network, or a closed one
    return false;
  }
}

function denoCompile(binary, stub, stage, main, workers, out) {
  // a folder's own configuration keeps node_modules and the repository's settings out
  writeFileSync(join(stage, "deno.json"), '{"nodeModulesDir":"none","lock":false}\n');
  const flags = ["-A", "--no-check", "--no-prompt", "--no-code-cache", "-q"];
  const included = workers.flatMap((worker) => ["--include", worker]);
  const env = stub === undefined ? {} : { DENORT_BIN: stub };
  return tool(binary, stage, ["compile", ...flags, ...included, "-o", out, main], env);
}

/** Runs a compiler in the folder of the bundle; gives what went wrong, or undefined. */
async function tool(command, cwd, args, env) {
  const { code, output } = await capture(command, args, {
    cwd,
    env: toolEnv(env),
    timeoutMs: DOWNLOAD_MS,
  });
  return code === 0 ? undefined : `exit code ${code}: ${output.trim()}`;
}

/** Starts the binary elsewhere; gives what is wrong with it, or undefined. */
async function smoke(binary) {
  const bytes = statSync(binary, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return "no file was written";
  if (bytes > MAX_BYTES) return `${bytes} bytes: more than the program went in`;
  const empty = mkdtempSync(join(tmpdir(), "goodseed-smoke-"));
  try {
    const home = join(empty, "home");
    mkdirSync(home);
    const env = toolEnv({ HOME: home, TMPDIR: empty, NO_COLOR: "1" });
    const { code, output } = await capture(binary, ["--version"], { cwd: empty, env });
    if (code !== 0) return `--version ended with ${code}: ${output.trim()}`;
    if (!/\d+\.\d+\.\d+/.test(output)) return `--version printed ${JSON.stringify(output)}`;
    const left = readdirSync(empty, { recursive: true }).filter((name) => name !== "home");
    return left.length > 0 ? `--version left files behind: ${left.join(", ")}` : undefined;
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}
