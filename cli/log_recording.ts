/**
 * Turns the lines of a record stream into one run.
 *
 * @module
 */
import { decodeConfig, stringSetText } from "../lib/config_value.ts";
import { GoodseedError, messageOf, quoted, UsageError } from "../lib/errors.ts";
import { isoUtc } from "../lib/iso_time.ts";
import { parseLine } from "../lib/record_codec.ts";
import type { HeaderRecord, RunRecord, StatusRecord } from "../lib/records.ts";
import { Session } from "../lib/session.ts";
import type { RunEnd } from "../lib/worker_protocol.ts";
import type { CommandContext } from "./context.ts";
import { configOptions, isExported, type LogArgs, logSettings } from "./log_settings.ts";

/** One run that is being recorded from a stream. The first record opens it. */
export class LogRecording {
  readonly #args: LogArgs;
  readonly #ctx: CommandContext;
  #session: Session | undefined;
  #streamRunId: string | undefined;
  /** True for an exported run: its records bring everything, nothing is added. */
  #bare = false;
  #status: StatusRecord | undefined;
  #tags: ReadonlySet<string> | undefined;
  #declaring = false;

  /** @param args what the command line says about the run */
  constructor(args: LogArgs, ctx: CommandContext) {
    this.#args = args;
    this.#ctx = ctx;
  }

  /** True once there is a run. */
  get started(): boolean {
    return this.#session !== undefined;
  }

  /** True after a status record that ends the run. */
  get ended(): boolean {
    return this.#status !== undefined && this.#status.status !== "running";
  }

  /**
   * Takes one line.
   *
   * @returns what of it could not be taken
   * @throws {GoodseedError} when no run can be made, or another one begins
   */
  take(text: string): string[] {
    let parsed: ReturnType<typeof parseLine>;
    try {
      parsed = parseLine(text);
    } catch (error) {
      if (error instanceof GoodseedError) return [`${messageOf(error)}; refused`];
      throw error;
    }
    for (const record of parsed.records) this.#take(record);
    return parsed.problems;
  }

  /** Ends the run as its last status record says, else as `finished`. @returns trouble, if any */
  finish(): string | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    this.#putOptions(session);
    const status = this.#status;
    if (status === undefined && this.#bare) {
      this.#close(session, { status: "failed", reason: "stream broke off", mark: true });
      return "the stream of an exported run has no status at its end: it broke off, and the run " +
        "is closed as failed";
    }
    if (status === undefined || (!this.#bare && status.status === "running")) {
      return this.#close(session, { status: "finished", mark: true });
    }
    const closedAt = this.#bare ? undefined : endTimeOf(status);
    session.put(closedAt === undefined ? status : { ...status, closed_at: closedAt });
    const end = { status: status.status, mark: closedAt === undefined && !this.#bare };
    if (closedAt === undefined) return this.#close(session, end);
    const config = { t: "config", tag: "str", updated_at: closedAt } as const;
    session.put({ ...config, path: "sys/state", value: status.status });
    session.put({ ...config, path: "sys/closed_time", value: closedAt });
    return this.#close(session, end);
  }

  /** Ends the run as `failed`, whatever it said about itself. */
  fail(reason: string): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#putOptions(session);
    this.#close(session, { status: "failed", reason, mark: true });
  }

  #take(record: RunRecord): void {
    const session = this.#session;
    if (session === undefined) return this.#open(record);
    if (this.#declaring && record.t !== "series") {
      session.flush(); // series keep their numbers: they have to be there before their points
      this.#declaring = false;
    }
    switch (record.t) {
      case "run":
        if (record.run_id !== undefined && record.run_id !== this.#streamRunId) {
          throw new UsageError(
            `the run ${quoted(record.run_id)} begins within another one; one stream is one run, ` +
              "so split the input",
          );
        }
        return session.put(this.#withoutName(record));
      case "status":
        this.#status = record;
        return;
      case "series":
        this.#declaring = record.id !== undefined;
        return session.put(record);
      case "config":
        if (record.path === "sys/tags") this.#noteTags(record.tag, record.value);
        return session.put(record);
      default:
        return session.put(record);
    }
  }

  #open(record: RunRecord): void {
    const header = record.t === "run" ? record : undefined;
    const settings = logSettings(this.#args, header, this.#ctx);
    this.#bare = isExported(header);
    const session = new Session(settings, { env: this.#ctx.env, bare: this.#bare });
    this.#session = session;
    const { runId, path, resumed } = session.run;
    this.#streamRunId = header?.run_id;
    this.#say(`Goodseed run${resumed ? " resumed" : ""}: ${runId}\n  Data: ${path}\n`);
    if (settings.storage === "cloud") this.#announceSync(settings.apiKey);
    for (const config of configOptions(this.#args.config ?? [])) session.put(config);
    if (header === undefined) return this.#take(record);
    if (this.#bare || resumed) return session.put(this.#withoutName(header));
    const { name: _name, tags: _tags, ...rest } = header; // the session has recorded them
    session.put(rest);
  }

  /** Command line options win over what an exported stream has brought. */
  #putOptions(session: Session): void {
    const { name, tag = [], config = [] } = this.#args;
    if (this.#bare || session.run.resumed) {
      if (name !== undefined) {
        session.put({ t: "config", path: "sys/name", tag: "str", value: name });
      }
      for (const record of configOptions(config)) session.put(record);
    }
    if (tag.length > 0 && (this.#tags !== undefined || this.#bare || session.run.resumed)) {
      const value = stringSetText([...this.#tags ?? [], ...tag]);
      session.put({ t: "config", path: "sys/tags", tag: "string_set", value });
    }
  }

  #close(session: Session, end: RunEnd): string | undefined {
    session.close(end);
    this.#say(`Goodseed run closed: ${session.run.runId}\n`);
    const { dropped, problem } = session.diagnostics();
    if (dropped > 0) {
      return `${dropped} records could not be written: ${problem ?? "no reason known"}`;
    }
    return problem;
  }

  #withoutName(record: HeaderRecord): HeaderRecord {
    if (record.tags !== undefined) this.#tags = new Set(record.tags);
    if (this.#args.name === undefined) return record;
    const { name: _name, ...rest } = record;
    return rest;
  }

  #noteTags(tag: string, text: string): void {
    const value = decodeConfig(tag, text);
    if (value instanceof Set) this.#tags = value;
  }

  #announceSync(apiKey: string | undefined): void {
    const { env } = this.#ctx;
    this.#say(`  Sync: ${env.GOODSEED_API_URL || "https://api.goodseed.ai"}\n`);
    if (apiKey !== undefined) return;
    this.#ctx.stderr("Warning: no API key (GOODSEED_API_KEY): recording to the run file only\n");
  }

  #say(text: string): void {
    if (this.#args.quiet !== true) this.#ctx.stdout(text);
  }
}

/** When the record says that the run ended; undefined: now. */
function endTimeOf(status: StatusRecord): string | undefined {
  return status.closed_at ?? (status.ts === undefined ? undefined : isoUtc(status.ts));
}
