/**
 * One run that is being recorded: its file, its writer, and every way in which it can end.
 *
 * The records of a run come from a `Run`, from the record stream (`goodseed log`) or from an
 * importer; all of them hold a session.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import process from "node:process";
import { dropLease } from "./lease.ts";
import { ownIdentity } from "./process_identity.ts";
import { type Diagnostics, Recorder } from "./recorder.ts";
import type { RunRecord } from "./records.ts";
import { type OpenedRun, setUpRun } from "./run_setup.ts";
import { tapConsole } from "./runtime/console.ts";
import { onWaysOut } from "./runtime/exit.ts";
import { onEndSignal, workerHearsSignals } from "./runtime/signals.ts";
import { type RunSettings, Storage } from "./settings.ts";
import type { Env } from "./store/home.ts";
import { recordOnly, type Uploader, type UploaderFactory } from "./sync/uploader.ts";
import { errorName, formatTraceback } from "./traceback.ts";
import type { MonitorSettings, RunEnd } from "./worker_protocol.ts";

/** How a session differs from a plain run. */
export interface SessionOptions {
  readonly env?: Env;
  /** Leaves out automatic configs and the marks of the end: the records bring their own. */
  readonly bare?: boolean;
  readonly uploader?: UploaderFactory;
  /**
   * Command line of another program that the run is about: nothing of this process is recorded, its
   * output comes through `recorder.console`, its hardware is sampled from `recorder.watch` on.
   */
  readonly command?: readonly string[];
}

/** Longest that the end of a run waits for its upload, in ms. */
const UPLOAD_CLOSE_MS = 30_000;

/** One run open for writing. */
export class Session {
  readonly settings: RunSettings;
  readonly run: OpenedRun;
  readonly recorder: Recorder;
  /** Path prefix of the monitors, also when none runs. */
  readonly namespace: string;
  readonly #bare: boolean;
  readonly #command: readonly string[] | undefined;
  readonly #uploader: Uploader | undefined;
  readonly #undo: (() => void)[] = [];
  #closed = false;
  #uncaught: unknown;

  /**
   * Makes or resumes the run file and starts its writer.
   *
   * @throws {ConflictError | NotFoundError | StoreError} see `setUpRun`
   */
  constructor(settings: RunSettings, options: SessionOptions = {}) {
    const env = options.env ?? process.env;
    this.settings = settings;
    this.#bare = options.bare ?? false;
    this.#command = options.command;
    this.run = setUpRun(settings, { env, now: Date.now, random: Math.random, bare: this.#bare });
    this.namespace = settings.monitoringNamespace ?? ownNamespace();
    this.recorder = this.#startWriter();
    this.#watchExits();
    this.#tap();
    this.#announce(env);
    this.#uploader = settings.storage !== Storage.cloud
      ? undefined
      : (options.uploader ?? recordOnly)({
        runFile: this.run.path,
        project: settings.project,
        runId: this.run.runId,
        apiKey: settings.apiKey,
      });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds a record of the record stream. */
  put(record: RunRecord): void {
    this.recorder.record(record);
  }

  /** Waits until everything so far is in the run file; false when that cannot be. @param timeoutMs ms */
  flush(timeoutMs?: number): boolean {
    this.#uploader?.kick();
    return this.recorder.flush(timeoutMs);
  }

  /** Waits until nothing is pending. @param timeoutMs ms */
  async drained(timeoutMs: number): Promise<boolean> {
    const started = performance.now();
    if (!this.recorder.flush(timeoutMs)) return false;
    if (this.#uploader === undefined) return true;
    return await this.#uploader.drained(Math.max(0, timeoutMs - (performance.now() - started)));
  }

  /** Counters of this run. */
  diagnostics(): Diagnostics {
    return this.recorder.diagnostics();
  }

  /** Records an error as the run's traceback. */
  traceback(error: unknown): void {
    if (!this.settings.captureTraceback) return;
    this.recorder.text(`${this.namespace}/traceback`, 0, formatTraceback(error), Date.now());
  }

  /**
   * Ends the run: everything is in one file when this returns. A second call does nothing.
   *
   * @param end.mark false leaves status and times as the records of the run set them
   */
  close(end: RunEnd = { status: "finished", mark: true }): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const undo of this.#undo) undo();
    this.recorder.close(end);
    void this.#uploader?.close(UPLOAD_CLOSE_MS);
    this.#say(`Goodseed run closed: ${this.run.runId}\n`);
  }

  #startWriter(): Recorder {
    const { settings } = this;
    try {
      return new Recorder(this.run.path, {
        durability: settings.durability,
        monitors: this.#monitors(),
        signals: settings.handleSignals && workerHearsSignals(),
        closeTimeoutMs: settings.closeTimeoutMs,
        onProblem: (message) => this.#warn(message),
      });
    } catch (error) {
      dropLease(this.run.path); // nobody writes it
      throw error;
    }
  }

  #monitors(): MonitorSettings | undefined {
    const { settings } = this;
    const gitPath = this.run.resumed || this.#bare ? false : settings.gitPath;
    const any = settings.captureHardwareMetrics || settings.captureStdout ||
      settings.captureStderr || settings.captureTraceback;
    if (gitPath === false && !any) return undefined;
    return {
      namespace: this.namespace,
      hardware: settings.captureHardwareMetrics,
      stdout: settings.captureStdout,
      stderr: settings.captureStderr,
      gitPath,
      argv: this.#command ?? process.argv,
      cwd: currentFolder(),
      facts: any,
      ofChild: this.#command !== undefined,
    };
  }

  #watchExits(): void {
    this.#undo.push(onWaysOut({
      onExit: (code) => this.#onExit(code),
      onUncaught: (error) => {
        this.#uncaught = error;
        this.traceback(error);
        this.recorder.provisionalEnd({ status: "failed", reason: errorName(error), mark: true });
      },
    }));
    if (this.settings.handleSignals && !workerHearsSignals()) {
      this.#undo.push(onEndSignal((signal) => {
        this.recorder.provisionalEnd({ status: "failed", reason: signal, mark: true });
      }));
    }
  }

  #onExit(code: number): void {
    if (code === 0) return this.close();
    const reason = this.#uncaught === undefined ? `exit code ${code}` : errorName(this.#uncaught);
    this.close({ status: "failed", reason, mark: true });
  }

  #tap(): void {
    const { captureStdout: stdout, captureStderr: stderr } = this.settings;
    if ((!stdout && !stderr) || this.#command !== undefined) return;
    this.#undo.push(tapConsole({ stdout, stderr }, (stream, text) => {
      this.recorder.console(stream, text, Date.now());
    }));
  }

  #announce(env: Env): void {
    const { run, settings } = this;
    this.#say(`Goodseed run${run.resumed ? " resumed" : ""}: ${run.runId}\n  Data: ${run.path}\n`);
    if (settings.storage !== Storage.cloud) return;
    this.#say(`  Sync: ${env.GOODSEED_API_URL || "https://api.goodseed.ai"}\n`);
    if (settings.apiKey === undefined) {
      this.#warn("no API key: recording to the run file only; rows stay pending for an upload");
    }
  }

  /** Prints, and records what was printed as the program's own output would be. */
  #say(text: string): void {
    if (this.settings.quiet) return;
    if (this.settings.captureStdout && !this.#closed) {
      this.recorder.console("stdout", text, Date.now());
    }
    print(1, text);
  }

  #warn(message: string): void {
    if (!this.settings.quiet) print(2, `[Goodseed] Warning: ${message}\n`);
  }
}

/** Namespace of this process: like the seed's, of host, process and start, so no two are equal. */
function ownNamespace(): string {
  const { host, pid, pid_start } = ownIdentity();
  const hash = createHash("md5").update(`${host}:${pid}:${pid_start ?? Date.now()}`);
  return `monitoring/${hash.digest("hex").slice(0, 8)}`;
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch { // the folder was removed
    return "/";
  }
}

function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, text);
  } catch { // nobody reads any more
  }
}
