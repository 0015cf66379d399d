/**
 * What the thread that logs and the writer say to each other beside the rings. Pure types.
 *
 * @module
 */
import type { SharedRings } from "./ring.ts";

/** How a run ends, or is assumed to end until it is known to go on. */
export interface RunEnd {
  /** `finished`, `failed` or the caller's word. */
  readonly status: string;
  /** Why it did not simply finish: a signal, an exit code, an error's name. */
  readonly reason?: string;
  /** False leaves status and times as the records of the run set them. */
  readonly mark: boolean;
}

/** Which monitors the writer runs. */
export interface MonitorSettings {
  /** Path prefix without trailing slash. */
  readonly namespace: string;
  readonly hardware: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Folder or file of the repository to describe. */
  readonly gitPath: string | false;
  /** The program's command line. */
  readonly argv: readonly string[];
  /** Working folder of the program. */
  readonly cwd: string;
  /** Records static facts and the batch job's fields. */
  readonly facts: boolean;
  /** The hardware of another process is sampled, from the `watch` request on. @default {false} */
  readonly ofChild?: boolean;
}

/** Start data of the writer. */
export interface WriterInit {
  readonly kind: "goodseed-writer";
  readonly rings: SharedRings;
  readonly runFile: string;
  readonly journal: boolean;
  readonly monitors: MonitorSettings | undefined;
  /** Listen for signals in the writer (where a Worker can). */
  readonly signals: boolean;
  /** How long an unwritable file is tried at close, in ms. */
  readonly closeTimeoutMs: number;
}

/** Messages to the writer. */
export type WriterRequest =
  | { readonly kind: "turn" }
  /** The process whose tree the monitors sample has started. */
  | { readonly kind: "watch"; readonly pid: number }
  /** Writes everything, marks the end, closes the file; anything that comes later opens it again. */
  | { readonly kind: "provisional-end"; readonly end: RunEnd }
  | { readonly kind: "close"; readonly end: RunEnd };

/** Messages from the writer. */
export interface WriterNotice {
  readonly kind: "problem";
  readonly message: string;
}
