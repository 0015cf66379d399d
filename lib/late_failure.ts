/**
 * Turns a run that a `using` block has just finished into a failed one, when the process dies of
 * the error that left the block. A disposer is not told of errors, so this is found out afterwards.
 *
 * @module
 */
import { markEnd } from "./run_end.ts";
import { onWaysOut } from "./runtime/exit.ts";
import type { Session } from "./session.ts";
import { RunFile } from "./store/run_file.ts";
import { errorName, formatTraceback } from "./traceback.ts";

/** An error that comes this long after the block was left is another one, in ms. */
const WINDOW_MS = 250;

/** Watches for the error that may be leaving the block of this run. Call it before closing the run. */
export function failIfUncaught(session: Session): void {
  const stop = onWaysOut({
    onExit() {},
    onUncaught(error) {
      stop();
      fail(session, error);
    },
  });
  const timer = setTimeout(stop, WINDOW_MS);
  (timer as { unref?(): void }).unref?.();
}

function fail(session: Session, error: unknown): void {
  try {
    const file = RunFile.open(session.run.path);
    try {
      file.transaction(() => {
        if (session.settings.captureTraceback) {
          const series = file.seriesId("string", `${session.namespace}/traceback`);
          file.putText(series, 0, formatTraceback(error), Date.now() / 1000);
        }
        markEnd(file, { status: "failed", reason: errorName(error), mark: true }, Date.now());
      });
    } finally {
      file.close();
    }
  } catch { // the process is dying of the program's own error; that is the one to be seen
  }
}
