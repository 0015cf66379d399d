/**
 * Where caches lie: on a disk of this host, in a folder that only its owner can write to, one for
 * each projects folder. Caches are never put beside the runs: those may be on a shared disk.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { accessSync, constants, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { messageOf } from "../../lib/errors.ts";
import { fsKind } from "../../lib/store/fs_kind.ts";

/** Environment variables, as `process.env` gives them. */
export type CacheEnv = Readonly<Record<string, string | undefined>>;

/** Where the caches of one projects folder lie. */
export interface CacheHome {
  /** A folder that exists; undefined: caches are kept in memory. */
  readonly dir: string | undefined;
  /** Why other places were passed over; for diagnostics. */
  readonly passedOver: readonly string[];
}

/**
 * Finds, and makes, the folder for caches: below `XDG_CACHE_HOME` (default `~/.cache`), else below
 * `XDG_RUNTIME_DIR`, else below the system's folder for temporary files; in memory when none of
 * them is on a local disk and ours alone.
 *
 * @param projectsDir the projects folder; it need not exist
 */
export function cacheHome(projectsDir: string, env: CacheEnv = process.env): CacheHome {
  const passedOver: string[] = [];
  for (const base of cachePlaces(env)) {
    try {
      const kind = fsKind(base);
      if (kind.remote) throw new Error(`on a filesystem that other hosts share (${kind.name})`);
      return { dir: ownFolder(ownFolder(base), projectsKey(projectsDir)), passedOver };
    } catch (error) {
      passedOver.push(`${base}: ${messageOf(error)}`);
    }
  }
  return { dir: undefined, passedOver };
}

/** One name for one projects folder, however it was reached. */
export function projectsKey(projectsDir: string): string {
  let path = resolve(projectsDir);
  try {
    path = realpathSync(path);
  } catch { // not there yet: the name has to do
  }
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}

/** Where caches may lie, the best place first; none of the folders need exist. */
export function cachePlaces(env: CacheEnv): string[] {
  const { XDG_CACHE_HOME: cache, XDG_RUNTIME_DIR: runtime } = env;
  const places = [cache && isAbsolute(cache) ? cache : join(env.HOME || homedir(), ".cache")];
  if (runtime && isAbsolute(runtime)) places.push(runtime);
  const folders = places.map((place) => join(place, "goodseed"));
  const shared = env.TMPDIR || tmpdir();
  return [...folders, join(shared, `goodseed-${process.getuid?.() ?? "user"}`)];
}

/** Makes a folder that only its owner can use, or checks that it is one. */
function ownFolder(parent: string, name: string = ""): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = lstatSync(path);
  const uid = process.getuid?.();
  if (!stats.isDirectory()) throw new Error("not a folder");
  if (uid !== undefined && stats.uid !== uid) throw new Error("owned by another user");
  if (uid !== undefined && (stats.mode & 0o022) !== 0) throw new Error("others can write to it");
  accessSync(path, constants.W_OK);
  return path;
}
