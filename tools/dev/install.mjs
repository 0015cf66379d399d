// Are the packages of a lock file installed, and if not, install them: once, also when two
// scripts start together.
// deno-lint-ignore-file explicit-module-boundary-types -- plain JavaScript, runs before anything is installed
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ToolError } from "./errors.mjs";

const LOCK_FOLDER = ".install.lock";
const STALE_MS = 10 * 60_000;

/**
 * True when every package of `package-lock.json` that this machine needs is in `node_modules` in
 * the locked version, and nothing else. npm writes the file that is compared last, so a broken
 * install is seen; a user's own `npm ci` counts.
 */
export function isInstalled(dir) {
  const wanted = JSON.parse(readFileSync(join(dir, "package-lock.json"), "utf8")).packages;
  let present;
  try {
    const path = join(dir, "node_modules/.package-lock.json");
    present = JSON.parse(readFileSync(path, "utf8")).packages;
  } catch { // no install, or one that did not end
    return false;
  }
  for (const [path, want] of Object.entries(wanted)) {
    if (path === "") continue;
    const have = present[path];
    if (have === undefined) {
      if (want.optional) continue; // made for another platform
      return false;
    }
    if (have.version !== want.version || have.integrity !== want.integrity) return false;
    if (!existsSync(join(dir, path, "package.json"))) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

/** Installs the packages of `dir` when they are not there; npm's output goes to stderr. */
export function ensureInstalled(dir) {
  if (isInstalled(dir)) return;
  const lock = join(dir, LOCK_FOLDER);
  takeLock(lock);
  try {
    if (!isInstalled(dir)) npmCi(dir);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function npmCi(dir) {
  process.stderr.write(`installing packages in ${dir} (once) ...\n`);
  const result = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: dir,
      env: outsideNpm(),
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    },
  );
  if (result.error !== undefined) {
    throw new ToolError(`cannot start npm: ${result.error.message}; install npm and try again`);
  }
  if (result.status !== 0) {
    throw new ToolError(`"npm ci" failed in ${dir} (exit code ${result.status ?? result.signal})`);
  }
}

/** The environment without what an outer `npm run` has put there for its own folder. */
function outsideNpm() {
  const drop = /^npm_(config_local_prefix|package_|lifecycle_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !drop.test(key)));
}

function takeLock(lock) {
  for (let round = 0;; round++) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, "pid"), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") {
        throw new ToolError(`cannot install packages: ${error.message}; is the folder writable?`);
      }
    }
    if (isStale(lock)) rmSync(lock, { recursive: true, force: true });
    else if (round === 0) process.stderr.write("waiting for another install to end ...\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** A lock is stale when its process is gone, or after a time in which every install ends. */
function isStale(lock) {
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return false; // just released: the next round takes it
  if (Date.now() - made > STALE_MS) return true;
  let pid;
  try {
    pid = Number(readFileSync(join(lock, "pid"), "utf8"));
  } catch { // between its mkdir and its write
    return false;
  }
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
