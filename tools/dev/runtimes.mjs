// Where the runtimes lie. Each is the platform package's own binary: npm's launchers forward no
// signals, and with `ignore-scripts` some of them are only stubs.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ToolError } from "./errors.mjs";
import { ensureInstalled } from "./install.mjs";

/** The repository's root folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folder with the lock of what only compiling and the other runtimes need. */
export const COMPILE_DIR = join(ROOT, "tools/compile");

const EXE = process.platform === "win32" ? ".exe" : "";

/** The pinned newest Deno; `GOODSEED_DENO` names another one. */
export function denoPath() {
  const chosen = process.env.GOODSEED_DENO;
  if (!chosen && isMusl()) {
    throw new ToolError(
      "this system uses musl libc, for which no Deno package exists on npm; " +
        "use a glibc system, or install Deno by your system's package manager and set GOODSEED_DENO",
    );
  }
  ensureInstalled(ROOT);
  if (chosen) return chosen;
  const libc = process.platform === "linux" ? "-glibc" : "";
  const name = `@deno/${process.platform}-${process.arch}${libc}`;
  const path = join(ROOT, "node_modules", name, `deno${EXE}`);
  if (!existsSync(path)) {
    throw new ToolError(
      `there is no Deno package for ${process.platform}-${process.arch} (looked for ${name}); ` +
        "install Deno by other means and set GOODSEED_DENO",
    );
  }
  return path;
}

/** Version of the pinned newest Deno, from its package. */
export function denoVersion() {
  return JSON.parse(readFileSync(join(ROOT, "node_modules/deno/package.json"), "utf8")).version;
}

/** The older Deno that the compiled program runs on where no newer stub can be had. */
export function denoLtsPath() {
  return fromCompileDir(`deno-stub-pair/deno${EXE}`, "Deno 2.4");
}

/** The compile stub of exactly that older Deno. */
export function denoLtsStub() {
  return fromCompileDir("@vltpkg/cli-linux-x64/vlt", "the stub of Deno 2.4");
}

/** Bun. */
export function bunPath() {
  return fromCompileDir(
    `@oven/bun-${process.platform}-${process.arch}/bin/bun${EXE}`,
    "Bun",
  );
}

/** The compiler of the TypeScript package, which writes declaration files. */
export function tscPath() {
  return fromCompileDir("typescript/bin/tsc", "the TypeScript compiler");
}

function fromCompileDir(path, what) {
  ensureInstalled(COMPILE_DIR);
  const full = join(COMPILE_DIR, "node_modules", path);
  if (existsSync(full)) return full;
  throw new ToolError(
    `${what} is not available for ${process.platform}-${process.arch} ` +
      `(no tools/compile/node_modules/${path})`,
  );
}

function isMusl() {
  if (process.platform !== "linux") return false;
  return process.report?.getReport().header.glibcVersionRuntime === undefined;
}
