/**
 * Home: is it there, ours, and can it be written?
 *
 * @module
 */
import { constants, type Stats } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { type Check, type DoctorContext, type Finding, ok, problem, warning } from "./check.ts";

/** The home folder: existence, kind, owner, permissions. */
export const homeCheck: Check = { name: "home", usesHome: true, run: checkHome };

const ELSEWHERE = "choose another folder with GOODSEED_HOME";

async function checkHome({ home }: DoctorContext): Promise<Finding> {
  const stats = await statOf(home);
  if (stats === undefined) return await checkMissing(home);
  if (!stats.isDirectory()) {
    return problem(`${home} is not a folder`, `move it away, or ${ELSEWHERE}`);
  }
  const mode = (stats.mode & 0o777).toString(8).padStart(3, "0");
  if (!await mayWrite(home)) {
    return problem(
      `${home} cannot be written (owner ${stats.uid}, mode ${mode}); runs can be read only`,
      `make it writable, or ${ELSEWHERE}`,
    );
  }
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid) {
    return warning(`${home} belongs to user ${stats.uid}, not to you (${uid})`, ELSEWHERE);
  }
  if (uid !== undefined && (stats.mode & 0o002) !== 0) {
    return warning(
      `every user of this machine can write to ${home} (mode ${mode})`,
      `chmod o-w ${home}`,
    );
  }
  return ok(`${home} (mode ${mode}, writable)`);
}

/** It is made by the first run, where that is possible. */
async function checkMissing(home: string): Promise<Finding> {
  for (let parent = dirname(home);; parent = dirname(parent)) {
    const stats = await statOf(parent);
    if (stats === undefined && parent !== dirname(parent)) continue;
    if (stats?.isDirectory() === true && await mayWrite(parent)) {
      return ok(`${home} does not exist yet; the first run makes it`);
    }
    return problem(`${home} does not exist and cannot be made in ${parent}`, ELSEWHERE);
  }
}

async function mayWrite(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch { // whatever the reason
    return false;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch { // not there, or not to be seen
    return undefined;
  }
}
