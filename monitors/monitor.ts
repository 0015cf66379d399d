/**
 * What a monitor is: a sampler that runs beside the training, in the writer's thread.
 *
 * @module
 */

/** Where a monitor puts what it saw; paths are relative to the run's monitoring namespace. */
export interface MonitorSink {
  /** A sample of a metric; the sink gives all samples of one round the same step. */
  metrics(values: Readonly<Record<string, number>>): void;
  /** A line of text for a string series. */
  text(path: string, line: string): void;
  /** A static fact. */
  config(path: string, value: string | number | boolean): void;
}

/** A background sampler. */
export interface Monitor {
  readonly name: string;
  /** Time between two samples, in ms. */
  readonly intervalMs: number;
  /**
   * Takes one sample. May take time (a child process) but never blocks the thread for long;
   * the next sample starts only after this one has ended.
   */
  sample(sink: MonitorSink): Promise<void> | void;
  /** Ends the monitor, with a last sample where that makes sense. */
  stop?(sink: MonitorSink): void;
}
