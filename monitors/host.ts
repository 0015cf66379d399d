/**
 * Runs monitors side by side in the writer's thread.
 *
 * @module
 */
import type { Monitor, MonitorSink } from "./monitor.ts";

/** What a {@linkcode MonitorHost} needs. */
export interface MonitorHostOptions {
  readonly monitors: readonly Monitor[];
  readonly sink: MonitorSink;
  /** Told of the first error of each monitor. */
  readonly onError?: (monitor: string, error: unknown) => void;
  /** Monotonic clock in ms. @default {performance.now} */
  readonly now?: () => number;
}

interface Running {
  readonly monitor: Monitor;
  errors: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A value or the promise of one; a promise has a `then`. */
function isPromise(value: Promise<void> | void): value is Promise<void> {
  return typeof (value as Promise<void> | undefined)?.then === "function";
}

/**
 * Samples each monitor at once and then at its interval. A sample that takes longer than the
 * interval makes that monitor skip rounds; it never runs twice at once. An error of a monitor is
 * counted and ends only that sample. The timers keep the thread's event loop alive until `stop()`.
 */
export class MonitorHost {
  readonly #running: Running[];
  readonly #options: MonitorHostOptions;
  readonly #now: () => number;
  readonly #sink: MonitorSink;
  #started = false;
  #stopped = false;

  constructor(options: MonitorHostOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#running = options.monitors.map((monitor) => ({ monitor, errors: 0, timer: undefined }));
    const open = (): boolean => !this.#stopped;
    const { sink } = options;
    // a sample that ends after stop() finds the sink closed
    this.#sink = {
      metrics: (values) => open() ? sink.metrics(values) : undefined,
      text: (path, line) => open() ? sink.text(path, line) : undefined,
      config: (path, value) => open() ? sink.config(path, value) : undefined,
    };
  }

  /** Errors of each monitor so far, by its name. */
  get errors(): Record<string, number> {
    return Object.fromEntries(this.#running.map(({ monitor, errors }) => [monitor.name, errors]));
  }

  /** Takes the first samples and sets the timers; a second call does nothing. */
  start(): void {
    if (this.#started || this.#stopped) return;
    this.#started = true;
    for (const running of this.#running) this.#round(running);
  }

  /**
   * Ends all monitors, with their last samples; waits for nothing. What a sample under way would
   * still bring is dropped.
   */
  stop(): void {
    if (this.#stopped) return;
    for (const running of this.#running) {
      clearTimeout(running.timer);
      if (!this.#started) continue;
      try {
        running.monitor.stop?.(this.#sink);
      } catch (error) {
        this.#fail(running, error);
      }
    }
    this.#stopped = true;
  }

  #round(running: Running): void {
    const startMs = this.#now();
    let outcome: Promise<void> | void = undefined;
    try {
      outcome = running.monitor.sample(this.#sink);
    } catch (error) {
      this.#fail(running, error);
    }
    if (!isPromise(outcome)) return this.#schedule(running, startMs);
    outcome.catch((error: unknown) => this.#fail(running, error))
      .then(() => this.#schedule(running, startMs));
  }

  #schedule(running: Running, startMs: number): void {
    if (this.#stopped) return;
    const { intervalMs } = running.monitor;
    const elapsedMs = this.#now() - startMs;
    const rounds = Math.max(1, Math.ceil(elapsedMs / intervalMs));
    const waitMs = Math.max(0, rounds * intervalMs - elapsedMs);
    running.timer = setTimeout(() => this.#round(running), waitMs);
  }

  #fail(running: Running, error: unknown): void {
    running.errors++;
    if (running.errors > 1) return;
    try {
      this.#options.onError?.(running.monitor.name, error);
    } catch { // whoever is told must not end the monitors
    }
  }
}
