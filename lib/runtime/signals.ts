/**
 * Signals, which the runtimes deliver differently: on Deno a Worker can listen, and hears them even
 * while the main thread is busy; elsewhere only the main thread hears them, between two tasks.
 *
 * @module
 */
import process from "node:process";

/** The signals that end a training. */
export type EndSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

const END_SIGNALS: readonly EndSignal[] = ["SIGTERM", "SIGINT", "SIGHUP"];

/** A process that is still here this long after a signal is listened for again, in ms. */
const AGAIN_MS = 1000;

interface DenoSignals {
  addSignalListener(signal: EndSignal, listener: () => void): void;
  removeSignalListener(signal: EndSignal, listener: () => void): void;
}

function denoSignals(): DenoSignals | undefined {
  return (globalThis as { Deno?: DenoSignals }).Deno;
}

/** True where a Worker hears signals. */
export function workerHearsSignals(): boolean {
  return denoSignals() !== undefined && process.platform !== "win32";
}

/**
 * Calls `onEnd` when a signal is about to end the process, then lets it take its course: the
 * default action, or the program's own handlers.
 *
 * @returns stops listening
 */
export function onEndSignal(onEnd: (signal: EndSignal) => void): () => void {
  if (process.platform === "win32") return () => {};
  const deno = denoSignals();
  const removers = END_SIGNALS.map((signal) => {
    let stopped = false;
    const add = (): void => {
      if (stopped) return;
      if (deno) deno.addSignalListener(signal, listener);
      else process.on(signal, listener);
    };
    const remove = (): void => {
      if (deno) deno.removeSignalListener(signal, listener);
      else process.off(signal, listener);
    };
    const listener = (): void => {
      onEnd(signal);
      remove(); // the last listener gone, the default action is back
      if (deno || process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      setTimeout(add, AGAIN_MS).unref?.(); // the program's own handler let the process live
    };
    add();
    return () => {
      if (!stopped) remove();
      stopped = true;
    };
  });
  return () => removers.forEach((remove) => remove());
}
