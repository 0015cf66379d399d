/**
 * The ways out of a process, which the runtimes tell differently.
 *
 * @module
 */
import process from "node:process";

/** Told about ways out. All are called synchronously, on the main thread. */
export interface ExitListener {
  /** The process ends. @param code its exit code, as far as it is known */
  onExit(code: number): void;
  /** An error was caught by nobody; the process will end, unless a handler of the program says no. */
  onUncaught(error: unknown): void;
}

interface DenoExit {
  readonly exitCode?: number;
}

interface ErrorEventLike extends Event {
  readonly error?: unknown;
  readonly reason?: unknown;
}

const listeners = new Set<ExitListener>();
let installed = false;

/** Adds a listener; returns what removes it. */
export function onWaysOut(listener: ExitListener): () => void {
  listeners.add(listener);
  if (!installed) {
    installed = true;
    install();
  }
  return () => void listeners.delete(listener);
}

function tellExit(code: number): void {
  for (const listener of [...listeners]) listener.onExit(code);
}

function tellUncaught(error: unknown): void {
  for (const listener of [...listeners]) listener.onUncaught(error);
}

function install(): void {
  const deno = (globalThis as { Deno?: DenoExit }).Deno;
  process.on("exit", (code) => tellExit(Number(code ?? process.exitCode ?? 0)));
  if (deno === undefined) {
    process.on("uncaughtExceptionMonitor", tellUncaught);
    if ("Bun" in globalThis) process.on("unhandledRejection", onBunRejection);
    return;
  }
  // Deno.exit() fires `unload` only; after an uncaught error neither `unload` nor `exit` comes.
  globalThis.addEventListener("unload", () => tellExit(deno.exitCode ?? 0));
  globalThis.addEventListener("error", (event) => tellUncaught((event as ErrorEventLike).error));
  globalThis.addEventListener("unhandledrejection", (event) => {
    if (!event.defaultPrevented) tellUncaught((event as ErrorEventLike).reason);
  });
}

/** On Bun a rejection that nobody handles reaches no monitor: it is made the error that it is. */
function onBunRejection(reason: unknown): void {
  if (process.listenerCount("unhandledRejection") > 1) return; // the program's own handler decides
  throw reason;
}
