/**
 * Where the server's caches will be. Looked at only: nothing is made.
 *
 * @module
 */
import { accessSync, constants, existsSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { fsKind } from "../../lib/store/fs_kind.ts";
import { cachePlaces } from "../../server/reads/cache_home.ts";
import { type Check, ok, warning } from "./check.ts";

/** The first place for caches that is local and ours alone. */
export const cacheCheck: Check = {
  name: "cache",
  usesHome: false,
  run({ env }) {
    const passedOver: string[] = [];
    for (const place of cachePlaces(env)) {
      const why = unfit(place);
      if (why === undefined) {
        const note = passedOver.length === 0 ? "" : `; passed over: ${passedOver.join("; ")}`;
        return ok(`${place} (${fsKind(place).name})${note}`);
      }
      passedOver.push(`${place} ${why}`);
    }
    return warning(
      `no place for caches (${passedOver.join("; ")}); they are kept in memory`,
      "point XDG_CACHE_HOME to a folder of yours on a local disk (mode 700)",
    );
  },
};

/** Why the server will not use a folder; undefined when it will. */
function unfit(place: string): string | undefined {
  const { name, remote } = fsKind(place);
  if (remote) return `is on ${name}, which other hosts may share`;
  let dir = place;
  while (!existsSync(dir) && dir !== dirname(dir)) dir = dirname(dir);
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch { // whatever the reason
    return dir === place ? "cannot be written" : `cannot be made in ${dir}`;
  }
  const stats = lstatSync(dir), uid = process.getuid?.();
  if (dir !== place) return stats.isDirectory() ? undefined : `cannot be made: ${dir} is no folder`;
  if (!stats.isDirectory()) return "is no folder";
  if (uid !== undefined && stats.uid !== uid) return "belongs to another user";
  return uid !== undefined && (stats.mode & 0o022) !== 0 ? "can be written by others" : undefined;
}
