/**
 * The clock of this machine, and that of the disk of the home.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { type Check, type Finding, ok, problem, warning } from "./check.ts";

/** Is the time plausible, and does the disk agree? */
export const clockCheck: Check = {
  name: "clock",
  usesHome: true,
  async run({ home, now }) {
    const nowMs = now();
    const date = new Date(nowMs).toISOString();
    if (nowMs < RELEASED_MS) {
      return problem(
        `the clock says ${date}, which is before this program was made`,
        "set the clock (timedatectl set-ntp true); runs get wrong times",
      );
    }
    if (!existsSync(home)) return ok(date);
    try {
      return judgeSkew(date, await measureSkew(home, now));
    } catch (error) { // what keeps the home from being written is another check's finding
      return ok(`${date}; not compared with the disk's: ${messageOf(error)}`);
    }
  },
};

/** No clock can be right that is behind this day, in ms since 1970. */
const RELEASED_MS = Date.UTC(2026, 10, 1);
/** Slack for coarse times of filesystems, in ms. */
const SLACK_MS = 5_000;

/** Time of a file between two looks at the clock, all in ms since 1970. */
export interface Skew {
  readonly beforeMs: number;
  readonly fileMs: number;
  readonly afterMs: number;
}

/** Judges what a disk says about the time. */
export function judgeSkew(date: string, { beforeMs, fileMs, afterMs }: Skew): Finding {
  const skewMs = fileMs < beforeMs ? fileMs - beforeMs : Math.max(0, fileMs - afterMs);
  if (Math.abs(skewMs) <= SLACK_MS) return ok(`${date}; the disk of the home agrees`);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return warning(
    `${date}; the disk of the home is ${seconds} s ${skewMs < 0 ? "behind" : "ahead"}`,
    "set the clocks of this machine and of the file server by NTP",
  );
}

async function measureSkew(home: string, now: () => number): Promise<Skew> {
  const path = join(home, `.goodseed-doctor-${randomUUID()}`);
  const beforeMs = now();
  try {
    await writeFile(path, "", { flag: "wx" });
    const { mtimeMs } = await stat(path);
    return { beforeMs, fileMs: mtimeMs, afterMs: now() };
  } finally {
    await rm(path, { force: true });
  }
}
