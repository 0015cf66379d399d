/**
 * The seam to background sync: what a run needs of whatever sends it to a server. Rows wait in
 * the run file (`uploaded = 0`) until something of this kind takes them.
 *
 * @module
 */

/** Sends one run's pending rows; never throws, never blocks the thread that logs. */
export interface Uploader {
  /** Sends now instead of at the next turn. */
  kick(): void;
  /** Whether nothing is pending, waiting at most that long. @param timeoutMs ms */
  drained(timeoutMs: number): Promise<boolean>;
  /** Ends after a last attempt. @param timeoutMs ms */
  close(timeoutMs: number): Promise<void>;
}

/** What an uploader is told about its run. */
export interface UploadTarget {
  readonly runFile: string;
  readonly project: string;
  readonly runId: string;
  readonly apiKey: string | undefined;
}

/** Makes the uploader of a run; undefined when runs are recorded only. */
export type UploaderFactory = (target: UploadTarget) => Uploader | undefined;

/** The factory in use where nothing sends: every row stays pending until it is uploaded by hand. */
export function recordOnly(_target: UploadTarget): Uploader | undefined {
  return undefined;
}
