/**
 * What this process reads from and writes to disks, what the machine receives and sends, and the
 * space left where runs are kept.
 *
 * @module
 */
import { statfs } from "node:fs";
import process from "node:process";
import { mayRead } from "../lib/runtime/permissions.ts";
import { GB } from "./memory.ts";
import { type ByteCounts, parseIo, parseNetDev } from "./proc_parse.ts";
import { RateMeter, rounded } from "./rate.ts";
import { readText } from "./read_text.ts";

/** Bytes of the MB in which rates are recorded. */
export const MB = 1024 ** 2;

/** Where to look; tests put stand-ins there. */
export interface TrafficMeterOptions {
  /** @default this process */
  readonly pid?: number;
  /** @default {"/proc"} */
  readonly procRoot?: string;
}

/** Measures `disk_read`, `disk_write`, `net_recv` and `net_sent`, all in MB/s. */
export class TrafficMeter {
  readonly #ioFile: string;
  readonly #netFile: string;
  readonly #meters = new Map<string, RateMeter>();

  constructor(options: TrafficMeterOptions = {}) {
    const procRoot = options.procRoot ?? "/proc";
    const folder = `${procRoot}/${options.pid ?? process.pid}`;
    this.#ioFile = `${folder}/io`;
    this.#netFile = `${folder}/net/dev`; // the network namespace of this process
  }

  /**
   * Takes a sample.
   *
   * @param nowMs monotonic clock in ms
   * @returns the rates since the sample before; nothing at the first one
   */
  sample(nowMs: number): Record<string, number> {
    const io = parseIo(readText(this.#ioFile) ?? "");
    const net = parseNetDev(readText(this.#netFile) ?? "");
    return {
      ...this.#rates(io, "disk_read", "disk_write", nowMs),
      ...this.#rates(net, "net_recv", "net_sent", nowMs),
    };
  }

  #rates(
    counts: ByteCounts | undefined,
    into: string,
    out: string,
    nowMs: number,
  ): Record<string, number> {
    if (counts === undefined) return {};
    const values: Record<string, number> = {};
    for (const [name, bytes] of [[into, counts.into], [out, counts.out]] as const) {
      let meter = this.#meters.get(name);
      if (meter === undefined) this.#meters.set(name, meter = new RateMeter());
      const rate = meter.update(bytes, nowMs);
      if (rate !== undefined) values[name] = rounded(rate / MB, 3);
    }
    return values;
  }
}

/** How long a file system may take to tell its free space, in ms. */
const ANSWER_MS = 1_000;

/** Measures `disk_free`, in GB; a file system that does not answer is never asked twice at once. */
export class DiskSpaceMeter {
  readonly #folder: string;
  #asking = false;

  /** @param folder a folder on the file system to watch */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Takes a sample.
   *
   * @returns `disk_free`: what an ordinary user can still write; nothing when that is not known, or
   * not within a second (a dead network file system)
   */
  sample(): Promise<Record<string, number>> {
    if (this.#asking || !mayRead(this.#folder)) return Promise.resolve({});
    this.#asking = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({}), ANSWER_MS);
      statfs(this.#folder, (error, space) => {
        this.#asking = false;
        clearTimeout(timer);
        if (error || !space) return resolve({});
        resolve({ disk_free: rounded(space.bavail * space.bsize / GB, 2) });
      });
    });
  }
}
