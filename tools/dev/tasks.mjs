// What each npm script does. A task gets the script's arguments and gives an exit code.
// deno-lint-ignore-file no-console -- a tool talks to the terminal
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { ToolError } from "./errors.mjs";
import { findPython } from "./python.mjs";
import { bunPath, denoLtsPath, denoPath, ROOT } from "./runtimes.mjs";
import { inOrder, run } from "./spawn.mjs";
import { closeSuite, Counts, runSuite } from "./suite.mjs";

/** A test may start programs and wait for them; Bun's own limit is 5 s. */
const BUN_TEST_TIMEOUT_MS = 120_000;

/** Where the tests lie that start the program itself. */
const BINARY_TESTS = "tests/cli";

const deno = (...args) => run(denoPath(), args);

/** One function a script of package.json. */
export const TASKS = {
  "demo": (args) => deno("run", "-A", "--no-check", "examples/demo.ts", ...args),
  "test": testAll,
  "test:bun": testOnBun,
  "test:deno-lts": (args) => testOnDeno(denoLtsPath(), args.length > 0 ? args : ["tests"]),
  "test:binary": testBinary,
  "check": (args) => deno("check", ...args),
  "lint": lint,
  "fmt": (args) => deno("fmt", ...args),
  "ok": (args) => inOrder(() => deno("fmt", "--check"), () => lint([]), () => testAll(args)),
  "bench": bench,
  "compile": (args) => compile("deno", args),
  "compile:bun": (args) => compile("bun", args),
  "build:npm": async (args) => (await import("../build_npm.mjs")).buildNpm(args),
  "docs": documentation,
  "publish:dry": (args) => deno("publish", "--dry-run", "--allow-dirty", ...args),
};

/** The tools are plain JavaScript, which nothing else checks for names that do not exist. */
function lint(args) {
  if (args.length > 0) return deno("lint", ...args);
  return inOrder(() => deno("lint"), () => deno("lint", "--rules-include=no-undef", "tools"));
}

/** Types once, then all tests without: checked tests would check each Worker again. */
async function testAll(args) {
  const checked = await deno("check");
  if (checked !== 0) {
    const counts = new Counts();
    counts.failed = 1;
    return closeSuite(counts);
  }
  return await testOnDeno(denoPath(), ["--doc", ...args]);
}

function testOnDeno(denoBinary, args) {
  return withTestEnv((env) =>
    runSuite(denoBinary, ["test", "-A", "--no-check", "--parallel", ...args], { env })
  );
}

function testOnBun(args) {
  const paths = args.length > 0 ? args : ["tests"];
  return withTestEnv((env) =>
    runSuite(bunPath(), ["test", `--timeout=${BUN_TEST_TIMEOUT_MS}`, ...paths], { env })
  );
}

/** The compiled program, freshly made, or the one that `GOODSEED_BIN` names. */
async function testBinary(args) {
  const named = process.env.GOODSEED_BIN;
  const code = named ? 0 : await compile("deno", []);
  if (code !== 0) return code;
  const binary = resolve(named || join(ROOT, "dist/goodseed"));
  if (!existsSync(binary)) throw new ToolError(`GOODSEED_BIN names ${binary}, which is not there`);
  const paths = args.length > 0 ? args : [BINARY_TESTS];
  return await withTestEnv((env) =>
    runSuite(denoPath(), ["test", "-A", "--no-check", "--parallel", ...paths], {
      env: { ...env, GOODSEED_BIN: binary },
    })
  );
}

/** Tests get a home of their own, no network storage, two jobs, and a Python where there is one. */
async function withTestEnv(work) {
  const home = mkdtempSync(join(tmpdir(), "goodseed-home-"));
  const python = findPython();
  try {
    return await work({
      DENO_JOBS: process.env.DENO_JOBS || "2",
      GOODSEED_HOME: home,
      GOODSEED_STORAGE: "local",
      GOODSEED_TEST_PYTHON: python.path ?? "",
      GOODSEED_TEST_PYTHON_MISSING: python.missing ?? "",
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function bench(args) {
  return deno("run", "-A", "--no-check", "bench/all.ts", ...args);
}

async function compile(kind, args) {
  if (args.length > 0) throw new ToolError(`compile takes no arguments, found "${args[0]}"`);
  return await (await import("../compile.mjs")).compile(kind);
}

/** docs/cli.md, and the pages of the library in dist/docs. */
async function documentation() {
  const out = "dist/docs";
  const code = await inOrder(
    () => deno("run", "-A", "--no-check", "tools/gen_cli_docs.ts"),
    () => deno("doc", "--html", "--name=GoodSeed", `--output=${out}`, "lib/mod.ts"),
  );
  if (code === 0) console.log(`written: docs/cli.md, ${out}/index.html`);
  return code;
}
