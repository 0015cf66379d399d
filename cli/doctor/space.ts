/**
 * Room on the disk of the home.
 *
 * @module
 */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type Check, type Finding, ok, problem, warning } from "./check.ts";

/** Free space and free inodes. */
export const spaceCheck: Check = {
  name: "space",
  usesHome: true,
  run({ home }) {
    let dir = home;
    while (!existsSync(dir) && dir !== dirname(dir)) dir = dirname(dir);
    const { bsize, blocks, bavail, files, ffree } = statfsSync(dir);
    return judgeSpace({
      freeBytes: Number(bavail) * Number(bsize),
      totalBytes: Number(blocks) * Number(bsize),
      freeFiles: Number(ffree),
      totalFiles: Number(files),
    });
  },
};

/** What the system says about a disk; a filesystem without a limit of files has 0 in all. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeFiles: number;
  readonly totalFiles: number;
}

const GIB = 2 ** 30;
/** Below this a run cannot go on for long. */
const NOTHING_LEFT_BYTES = 50 * 2 ** 20;
const LOW_BYTES = 2 * GIB, LOW_SHARE = 0.02, FEW_FILES = 10;

/** Judges the room on a disk. */
export function judgeSpace(space: Space): Finding {
  const { freeBytes, totalBytes, freeFiles, totalFiles } = space;
  const parts = [`${sizeText(freeBytes)} of ${sizeText(totalBytes)} free`];
  if (totalFiles > 0) parts.push(`${freeFiles} of ${totalFiles} inodes free`);
  const detail = parts.join(", ");
  const fix = "make room, or choose another disk with GOODSEED_HOME";
  if (freeBytes < NOTHING_LEFT_BYTES || (totalFiles > 0 && freeFiles < FEW_FILES)) {
    return problem(detail, fix);
  }
  const low = freeBytes < LOW_BYTES || freeBytes < totalBytes * LOW_SHARE ||
    (totalFiles > 0 && freeFiles < totalFiles * LOW_SHARE);
  return low ? warning(detail, fix) : ok(detail);
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
