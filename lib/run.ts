/**
 * The run, as the person who trains sees it.
 *
 * @module
 */
import process from "node:process";
import { stringSetText } from "./config_value.ts";
import { ConflictError, quoted, UsageError } from "./errors.ts";
import { flattenConfigs } from "./flatten.ts";
import { failIfUncaught } from "./late_failure.ts";
import type { Diagnostics } from "./recorder.ts";
import type { RunRecord } from "./records.ts";
import { RunField } from "./run_field.ts";
import type {
  ConfigEntry,
  MetricData,
  MetricDataOptions,
  RunReads,
  StringData,
  StringDataOptions,
} from "./run_reads.ts";
import { configRecords, openParts, readsOf, type RunParts } from "./run_parts.ts";
import type { Session } from "./session.ts";
import { resolveSettings, type RunOptions, type RunSettings } from "./settings.ts";
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
  readonly #parts: RunParts;
  readonly #session: Session | undefined;
  readonly #tags = new TagSets();
  readonly #slots = new Map<string, number>();
  /** Paths of the last call, their slots, and its values: most calls name the same paths. */
  readonly #rowPaths: string[] = [];
  readonly #rowSlots: number[] = [];
  readonly #rowValues: number[] = [];
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
    this.#settings = resolveSettings(options, process.env);
    this.#parts = openParts(this.#settings);
    this.#session = this.#parts.session;
    this.#status = this.#parts.status;
    this.runId = this.#parts.runId;
  }

  /** Path of the run file; undefined where there is none. */
  get path(): string | undefined {
    return this.#parts.path;
  }

  /** `running` until the run is closed, then what it was closed with. */
  get status(): string {
    return this.#status;
  }

  /**
   * A handle on one path: `run.at("train/loss").log(0.5, { step: 1 })`.
   *
   * @param path name like `train/loss`; slashes at either end do not count
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("train/loss").log(0.5, { step: 1 });
   * run.at("sys/tags").add("baseline");
   * ```
   */
  at(path: string): RunField {
    return new RunField(this, checkPath(path));
  }

  /**
   * Sets a config: a scalar, `Date`, `Set`, `null`, or an object whose values are set one by one
   * under `path/…`.
   *
   * @throws {UsageError} the value cannot be stored
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.set("parameters", { lr: 1e-3, layers: [64, 32] }); // parameters/lr, parameters/layers/0 …
   * run.set("sys/description", "with warm-up");
   * ```
   */
  set(path: string, value: unknown): void {
    this.#write(() => flattenConfigs({ [checkPath(path)]: value }));
  }

  /**
   * Sets many configs.
   *
   * @param options.flatten take nested objects apart. @default {true}
   * @throws {UsageError} a value cannot be stored; nothing of the call is then recorded
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.logConfigs({ model: { hidden: 256 } }); // model/hidden
   * ```
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
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.logMetrics({ "train/loss": 0.5, "train/accuracy": 0.85 }, { step: 100 });
   * run.logMetrics({ "train/loss": NaN }); // at the next step, 101
   * ```
   */
  logMetrics(data: Readonly<Record<string, unknown>>, options?: StepOptions): void { // hot: bench/log_metrics.ts
    const session = this.#writable();
    const step = stepOf(options);
    const paths = this.#rowPaths, slots = this.#rowSlots, values = this.#rowValues;
    const plain = Object.getPrototypeOf(data) === Object.prototype;
    let count = 0;
    for (const path in data) { // twice as fast as Object.keys(): no look-up a value
      if (!plain && !Object.hasOwn(data, path)) continue;
      const value = data[path];
      if (typeof value !== "number") return this.logMetrics(toNumbers(data), options);
      values[count] = value;
      if (paths[count] !== path) {
        paths[count] = path;
        slots[count] = -1;
      }
      count++;
    }
    if (session === undefined) return;
    const recorder = session.recorder, now = Date.now();
    for (let i = 0; i < count; i++) {
      if (slots[i]! < 0) slots[i] = this.#slotOf(paths[i]!, session);
      recorder.point(slots[i]!, step, values[i]!, now);
    }
    recorder.publish();
  }

  /**
   * Adds one text to each named string series; a text at the same step is replaced.
   *
   * @param data path → text; other values become text
   * @throws {UsageError} the step is not finite
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.logStrings({ sample: "Once upon a time" }, { step: 100 });
   * ```
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

  /**
   * Adds one record of the record stream, for importers and bridges.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.put({ t: "log", level: "warning", message: "loss is rising" });
   * ```
   */
  put(record: RunRecord): void {
    this.#writable()?.put(record);
  }

  /**
   * Whether a config or a series of that path exists.
   *
   * @throws {ConflictError} the run has no local storage
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * run.set("lr", 0.1);
   * if (!run.exists("lr")) throw new Error("unreachable");
   * ```
   */
  exists(path: string): boolean {
    return this.#localReads().exists(checkPath(path));
  }

  /**
   * Waits until everything logged so far is in the run file, and sends it where the run is synced.
   *
   * @returns false when the file cannot be written
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.logMetrics({ loss: 0.5 });
   * if (!run.sync()) console.error("the disk is full?");
   * ```
   */
  sync(): boolean {
    return this.#session?.closed === false ? this.#session.flush() : true;
  }

  /**
   * Waits until nothing is pending: written, and sent where the run is synced.
   *
   * @param timeoutMs longest wait, in ms. @default {60000}
   * @returns false when something is still pending
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * if (!(await run.wait(10_000))) console.error("something is still pending");
   * ```
   */
  async wait(timeoutMs: number = 60_000): Promise<boolean> {
    return this.#session === undefined ? true : await this.#session.drained(timeoutMs);
  }

  /**
   * What became of what was logged: dropped, waited for, trouble.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * if (run.diagnostics().dropped > 0) console.error("points were dropped");
   * ```
   */
  diagnostics(): Diagnostics {
    return this.#session?.diagnostics() ??
      { dropped: 0, stalls: 0, broken: false, problem: undefined };
  }

  /**
   * Paths of the metric series that have points, sorted.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * run.logMetrics({ loss: 0.5 });
   * if ((await run.getMetricPaths())[0] !== "loss") throw new Error("unreachable");
   * ```
   */
  getMetricPaths(): Promise<string[]> {
    return this.#read((reads) => reads.metricPaths());
  }

  /**
   * Paths of the string series that have points, sorted.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * run.logStrings({ notes: "good" });
   * if ((await run.getStringPaths())[0] !== "notes") throw new Error("unreachable");
   * ```
   */
  getStringPaths(): Promise<string[]> {
    return this.#read((reads) => reads.stringPaths());
  }

  /**
   * Points of a metric series in step order, as buckets where there are more than `maxPoints`.
   *
   * @param options.stepMin inclusive @param options.stepMax inclusive
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * for (let step = 0; step < 1000; step++) run.logMetrics({ loss: 1 / (step + 1) }, { step });
   * const { buckets } = await run.getMetricData("loss", { stepMin: 100, maxPoints: 50 });
   * if (buckets?.length !== 50) throw new Error("unreachable");
   * ```
   */
  getMetricData(path: string, options: MetricDataOptions = {}): Promise<MetricData> {
    return this.#read((reads) => reads.metricData(checkPath(path), options));
  }

  /**
   * Points of a string series in step order.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * run.logStrings({ notes: "good" }, { step: 3 });
   * const [first] = await run.getStringData("notes", { limit: 1 });
   * if (first?.value !== "good") throw new Error("unreachable");
   * ```
   */
  getStringData(path: string, options: StringDataOptions = {}): Promise<StringData[]> {
    return this.#read((reads) => reads.stringData(checkPath(path), options));
  }

  /**
   * All configs, sorted by path.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
   * run.set("lr", 0.1);
   * const lr = (await run.getConfigs()).find((config) => config.path === "lr");
   * if (lr?.value !== 0.1) throw new Error("unreachable");
   * ```
   */
  getConfigs(): Promise<ConfigEntry[]> {
    return this.#read((reads) => reads.configs());
  }

  /**
   * Ends the run: when this returns, everything is in one file. A second call does nothing.
   *
   * @param options.status `finished`, `failed`, or a word of your own
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.close({ status: "diverged" });
   * ```
   */
  close(options: CloseOptions = {}): void {
    if (this.#closed || this.#session === undefined) return;
    this.#closed = true;
    this.#status = options.status ?? "finished";
    this.#session.close({ status: this.#status, mark: true });
  }

  /**
   * Ends the run as failed, with the error as its traceback.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * try {
   *   throw new Error("out of memory");
   * } catch (error) {
   *   run.fail(error);
   * }
   * ```
   */
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

  #slotOf(path: string, session: Session): number {
    let slot = this.#slots.get(path);
    if (slot === undefined) {
      slot = session.recorder.metricSlot(checkPath(path));
      this.#slots.set(path, slot);
    }
    return slot;
  }

  #write(entries: () => [string, unknown][]): void {
    const session = this.#writable();
    const records = configRecords(entries(), Date.now()); // all are checked before one is recorded
    if (session === undefined) return;
    for (const record of records) session.put(record);
    this.#tags.forget();
  }

  /** Reads back what is in the run file; errors become the promise's. */
  #read<T>(work: (reads: RunReads) => T): Promise<T> {
    return new Promise((resolve) => resolve(work(this.#localReads())));
  }

  #localReads(): RunReads {
    return readsOf(this.#parts, this.#settings);
  }

  /** The session to write to; undefined when the run is disabled. */
  #writable(): Session | undefined {
    if (this.#settings.readOnly) throw new ConflictError("Run is read-only");
    if (this.#closed || this.#session?.closed === true) throw new ConflictError("Run is closed");
    return this.#session;
  }
}
