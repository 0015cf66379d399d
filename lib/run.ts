/**
 * The run, as the person who trains sees it.
 *
 * @module
 */
import process from "node:process";
import { encodeConfig, stringSetText } from "./config_value.ts";
import { ConflictError, quoted, UsageError } from "./errors.ts";
import { flattenConfigs } from "./flatten.ts";
import { isoUtc } from "./iso_time.ts";
import { failIfUncaught } from "./late_failure.ts";
import type { Diagnostics } from "./recorder.ts";
import type { RunRecord } from "./records.ts";
import { RunField } from "./run_field.ts";
import {
  type ConfigEntry,
  type MetricData,
  type MetricDataOptions,
  RunReads,
  type StringData,
  type StringDataOptions,
} from "./run_reads.ts";
import { needRunId, runPath } from "./run_setup.ts";
import { Session } from "./session.ts";
import { resolveSettings, type RunOptions, type RunSettings, Storage } from "./settings.ts";
import { TagSets } from "./tag_sets.ts";
import { checkPath, stepOf, type StepOptions, toNumbers } from "./values.ts";

/** The status that a run ends with. */
export interface CloseOptions {
  /** `finished`, `failed`, or a word of your own. @default {"finished"} */
  readonly status?: string;
}

/**
 * Records one run into one SQLite file. Logging never waits for disk or network and, once its
 * arguments are valid, never throws; trouble is counted in {@linkcode Run.diagnostics}.
 *
 * A run ends by `close()`, by leaving a `using` block or {@linkcode withRun}, or with the process.
 *
 * @example
 * ```ts
 * import { Run } from "./mod.ts";
 *
 * const run = new Run({ name: "quick start", storage: "local", goodseedHome: await Deno.makeTempDir() });
 * run.set("parameters", { lr: 1e-3, layers: [64, 32] });
 * for (let step = 0; step < 100; step++) {
 *   run.logMetrics({ "train/loss": 1 / (step + 1) }, { step });
 * }
 * run.at("sys/tags").add("baseline");
 * run.close();
 * ```
 */
export class Run {
  /** Id of the run; empty with `storage: "disabled"`. */
  readonly runId: string;
  readonly #settings: RunSettings;
  readonly #session: Session | undefined;
  readonly #reads: RunReads | undefined;
  readonly #path: string | undefined;
  readonly #tags = new TagSets();
  readonly #slots = new Map<string, number>();
  #status: string;
  #closed = false;

  /**
   * Starts a run, goes on with an ended one (`resumeRunId`), or opens one for reading (`readOnly`).
   *
   * @throws {UsageError} an option is not valid
   * @throws {ConflictError} the id exists already, or the run to resume is still running
   * @throws {NotFoundError} the run to resume or to read does not exist
   * @throws {StoreError} the run file cannot be made
   */
  constructor(options: RunOptions = {}) {
    const settings = this.#settings = resolveSettings(options, process.env);
    this.#status = "running";
    if (
      settings.storage === Storage.disabled ||
      (settings.readOnly && settings.storage === Storage.cloud)
    ) {
      this.runId = settings.storage === Storage.disabled ? "" : settings.runId ?? "";
      return;
    }
    if (settings.readOnly) {
      this.runId = needRunId(settings);
      this.#path = runPath(settings, process.env, this.runId);
      this.#reads = new RunReads(this.#path, this.runId);
      this.#status = this.#reads.status();
      return;
    }
    this.#session = new Session(settings);
    this.runId = this.#session.run.runId;
    this.#path = this.#session.run.path;
    this.#reads = new RunReads(this.#path, this.runId);
  }

  /** Path of the run file; undefined where there is none. */
  get path(): string | undefined {
    return this.#path;
  }

  /** `running` until the run is closed, then what it was closed with. */
  get status(): string {
    return this.#status;
  }

  /**
   * A handle on one path: `run.at("train/loss").log(0.5, { step: 1 })`.
   *
   * @param path name like `train/loss`; slashes at either end do not count
   */
  at(path: string): RunField {
    return new RunField(this, checkPath(path));
  }

  /**
   * Sets a config: a scalar, `Date`, `Set`, `null`, or an object whose values are set one by one
   * under `path/…`.
   *
   * @throws {UsageError} the value cannot be stored
   */
  set(path: string, value: unknown): void {
    this.#write(() => flattenConfigs({ [checkPath(path)]: value }));
  }

  /**
   * Sets many configs.
   *
   * @param options.flatten take nested objects apart. @default {true}
   * @throws {UsageError} a value cannot be stored; nothing of the call is then recorded
   */
  logConfigs(
    data: Readonly<Record<string, unknown>>,
    options: { readonly flatten?: boolean } = {},
  ): void {
    this.#write(() =>
      options.flatten === false
        ? Object.entries(data).map(([path, value]): [string, unknown] => [checkPath(path), value])
        : flattenConfigs(data)
    );
  }

  /**
   * Adds one point to each named metric series; a point at the same step is replaced.
   *
   * @param data path → number; NaN and ±Infinity are kept
   * @throws {UsageError} a value is not a number, or the step is not finite; nothing is then recorded
   */
  logMetrics(data: Readonly<Record<string, unknown>>, options?: StepOptions): void { // hot: bench/log_metrics.ts
    const session = this.#writable();
    const step = stepOf(options);
    const paths = Object.keys(data);
    let values: Readonly<Record<string, unknown>> = data;
    for (let i = 0; i < paths.length; i++) {
      if (typeof data[paths[i]!] !== "number") {
        values = toNumbers(data);
        break;
      }
    }
    if (session === undefined) return;
    const recorder = session.recorder, now = Date.now();
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      const slot = this.#slots.get(path) ?? this.#newSlot(path, session);
      recorder.point(slot, step, values[path] as number, now);
    }
    recorder.publish();
  }

  /**
   * Adds one text to each named string series; a text at the same step is replaced.
   *
   * @param data path → text; other values become text
   * @throws {UsageError} the step is not finite
   */
  logStrings(data: Readonly<Record<string, unknown>>, options?: StepOptions): void {
    const session = this.#writable();
    const step = stepOf(options);
    if (session === undefined) return;
    const now = Date.now();
    for (const [path, value] of Object.entries(data)) {
      session.recorder.text(checkPath(path), step, String(value), now);
    }
  }

  /** Adds one number or text at a path; used by {@linkcode RunField.log}. */
  logValue(path: string, value: number | bigint | string, options?: StepOptions): void {
    if (typeof value === "string") return this.logStrings({ [path]: value }, options);
    if (typeof value === "number" || typeof value === "bigint") {
      return this.logMetrics({ [path]: value }, options);
    }
    this.#writable();
    throw new UsageError(
      `logging to ${quoted(path)}: Unsupported value type for append: ${quoted(value)}; ` +
        "log a number or a string",
    );
  }

  /** Adds and removes tags of a string set; used by {@linkcode RunField.add}. */
  editTags(path: string, add: readonly string[], remove: readonly string[]): void {
    const session = this.#writable();
    if (session === undefined) return;
    const next = this.#tags.edit(path, add, remove, () => this.#localReads().stringSet(path));
    if (next === undefined) return;
    session.put({ t: "config", path, tag: "string_set", value: stringSetText(next) });
  }

  /** Adds one record of the record stream, for importers and bridges. */
  put(record: RunRecord): void {
    this.#writable()?.put(record);
  }

  /**
   * Whether a config or a series of that path exists.
   *
   * @throws {ConflictError} the run has no local storage
   */
  exists(path: string): boolean {
    return this.#localReads().exists(checkPath(path));
  }

  /**
   * Waits until everything logged so far is in the run file, and sends it where the run is synced.
   *
   * @returns false when the file cannot be written
   */
  sync(): boolean {
    return this.#session?.closed === false ? this.#session.flush() : true;
  }

  /**
   * Waits until nothing is pending: written, and sent where the run is synced.
   *
   * @param timeoutMs longest wait, in ms. @default {60000}
   * @returns false when something is still pending
   */
  async wait(timeoutMs: number = 60_000): Promise<boolean> {
    return this.#session === undefined ? true : await this.#session.drained(timeoutMs);
  }

  /** What became of what was logged: dropped, waited for, trouble. */
  diagnostics(): Diagnostics {
    return this.#session?.diagnostics() ??
      { dropped: 0, stalls: 0, broken: false, problem: undefined };
  }

  /** Paths of the metric series that have points, sorted. */
  getMetricPaths(): Promise<string[]> {
    return Promise.resolve(this.#localReads().metricPaths());
  }

  /** Paths of the string series that have points, sorted. */
  getStringPaths(): Promise<string[]> {
    return Promise.resolve(this.#localReads().stringPaths());
  }

  /**
   * Points of a metric series in step order, as buckets where there are more than `maxPoints`.
   *
   * @param options.stepMin inclusive @param options.stepMax inclusive
   */
  getMetricData(path: string, options: MetricDataOptions = {}): Promise<MetricData> {
    return Promise.resolve(this.#localReads().metricData(checkPath(path), options));
  }

  /** Points of a string series in step order. */
  getStringData(path: string, options: StringDataOptions = {}): Promise<StringData[]> {
    return Promise.resolve(this.#localReads().stringData(checkPath(path), options));
  }

  /** All configs, sorted by path. */
  getConfigs(): Promise<ConfigEntry[]> {
    return Promise.resolve(this.#localReads().configs());
  }

  /**
   * Ends the run: when this returns, everything is in one file. A second call does nothing.
   *
   * @param options.status `finished`, `failed`, or a word of your own
   */
  close(options: CloseOptions = {}): void {
    if (this.#closed || this.#session === undefined) return;
    this.#closed = true;
    this.#status = options.status ?? "finished";
    this.#session.close({ status: this.#status, mark: true });
  }

  /** Ends the run as failed, with the error as its traceback. */
  fail(error: unknown): void {
    if (this.#closed || this.#session === undefined) return;
    this.#session.traceback(error);
    this.close({ status: "failed" });
  }

  /**
   * Ends the run when a `using` block is left. The block does not say whether by an error: when the
   * process dies of one right afterwards, the run becomes `failed`, with the traceback.
   */
  [Symbol.dispose](): void {
    if (!this.#closed && this.#session !== undefined) failIfUncaught(this.#session);
    this.close();
  }

  /** The same for an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }

  #newSlot(path: string, session: Session): number {
    const slot = session.recorder.metricSlot(checkPath(path));
    this.#slots.set(path, slot);
    return slot;
  }

  #write(entries: () => [string, unknown][]): void {
    const session = this.#writable();
    const now = isoUtc(Date.now());
    const records = entries().map(([path, value]): RunRecord => {
      const { tag, text } = encodeConfig(value); // all are checked before the first is recorded
      return { t: "config", path, tag, value: text, updated_at: now };
    });
    if (session === undefined) return;
    for (const record of records) session.put(record);
    this.#tags.forget();
  }

  #localReads(): RunReads {
    if (this.#reads !== undefined) {
      if (this.#session?.closed === false) this.#session.recorder.flush();
      return this.#reads;
    }
    throw new ConflictError(
      this.#settings.storage === Storage.disabled
        ? 'Run has no local storage (storage: "disabled")'
        : 'Run has no local storage: a read-only run with storage "cloud" reads from the server, ' +
          'which this version does not; use storage: "local"',
    );
  }

  /** The session to write to; undefined when the run is disabled. */
  #writable(): Session | undefined {
    if (this.#settings.readOnly) throw new ConflictError("Run is read-only");
    if (this.#closed || this.#session?.closed === true) throw new ConflictError("Run is closed");
    return this.#session;
  }
}
