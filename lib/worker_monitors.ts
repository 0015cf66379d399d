/**
 * The monitors of a run, as they work in its writer.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import process from "node:process";
import { ConsoleLog } from "../monitors/console_log.ts";
import { gitFacts } from "../monitors/git.ts";
import { hardwareMonitor } from "../monitors/hardware.ts";
import { MonitorHost } from "../monitors/host.ts";
import type { Monitor, MonitorSink } from "../monitors/monitor.ts";
import { treeProcessorMs } from "../monitors/process_tree.ts";
import { slurmFacts } from "../monitors/slurm.ts";
import { staticFacts } from "../monitors/static_facts.ts";
import { encodeConfig } from "./config_value.ts";
import { isoUtc } from "./iso_time.ts";
import { mayReadEnvironment } from "./runtime/permissions.ts";
import type { RunWriter } from "./run_writer.ts";
import { VERSION } from "./version.ts";
import type { MonitorSettings } from "./worker_protocol.ts";
import type { LoopMonitors } from "./writer_loop.ts";

/** Longest that describing the repository may take in all, in ms. */
const GIT_MS = 10_000;

/** Longest that the end of a run waits for the repository's description, in ms. */
const GIT_CLOSE_MS = 2_000;

/** Console, hardware, git and static facts of one run. */
export class WorkerMonitors implements LoopMonitors {
  readonly #settings: MonitorSettings;
  readonly #writer: RunWriter;
  readonly #console: ConsoleLog;
  #host: MonitorHost | undefined;
  readonly #tell: (message: string) => void;
  #git: Promise<void> = Promise.resolve();
  #stopped = false;
  #round: number | undefined;

  /** @param tell takes what went wrong, once a cause */
  constructor(settings: MonitorSettings, writer: RunWriter, tell: (message: string) => void) {
    this.#settings = settings;
    this.#writer = writer;
    this.#tell = tell;
    this.#console = new ConsoleLog(writer, settings.namespace);
  }

  /** Takes the first samples; nothing here waits. */
  start(): void {
    if (this.#settings.facts) {
      this.#configs(
        `${this.#settings.namespace}/`,
        staticFacts({
          tid: process.pid, // the program's main thread has the number of its process
          version: VERSION,
          argv: this.#settings.argv,
          cwd: this.#settings.cwd,
        }),
      );
      if (mayReadEnvironment("SLURM_JOB_ID")) {
        this.#configs(`${this.#settings.namespace}/`, slurmFacts(process.env));
      }
    }
    if (this.#settings.ofChild !== true) this.#sample(process.pid);
    if (this.#settings.gitPath !== false) {
      this.#git = this.#describeGit(this.#settings.gitPath);
    }
  }

  onConsole(stream: "stdout" | "stderr", text: string, ts: number): void {
    this.#console.print(stream, text, ts);
  }

  turn(): void {
    this.#console.turn(Date.now());
  }

  watch(pid: number): void {
    if (this.#settings.ofChild === true && this.#host === undefined) this.#sample(pid);
  }

  async stop(): Promise<void> {
    this.#host?.stop();
    await Promise.race([this.#git, sleep(GIT_CLOSE_MS)]); // also a very short run has its facts
    this.#console.finish();
    this.#stopped = true;
  }

  #sample(pid: number): void {
    this.#host = new MonitorHost({
      monitors: this.#settings.hardware ? [hardware(this.#writer.path, pid)] : [],
      sink: this.#sink(),
      onError: (monitor, error) => this.#tell(`monitor ${monitor}: ${String(error)}`),
    });
    this.#host.start();
  }

  async #describeGit(gitPath: string): Promise<void> {
    try {
      const facts = await gitFacts({
        repositoryPath: resolve(this.#settings.cwd, gitPath),
        timeoutMs: GIT_MS,
      });
      if (!this.#stopped) this.#configs("", facts);
    } catch (error) {
      this.#tell(`describing the git repository: ${String(error)}`);
    }
  }

  #configs(prefix: string, facts: Readonly<Record<string, string | number | boolean>>): void {
    const now = isoUtc(Date.now());
    for (const [name, value] of Object.entries(facts)) {
      const { tag, text } = encodeConfig(value);
      this.#writer.put({ t: "config", path: prefix + name, tag, value: text, updated_at: now });
    }
  }

  #sink(): MonitorSink {
    const { namespace } = this.#settings, writer = this.#writer;
    return {
      metrics: (values) => {
        const step = this.#nextRound(), now = Date.now();
        for (const [name, value] of Object.entries(values)) {
          writer.putPoint(`${namespace}/${name}`, step, value, now);
        }
      },
      text: (path, line) => writer.putText(`${namespace}/${path}`, NaN, line, Date.now()),
      config: (path, value) => this.#configs(`${namespace}/`, { [path]: value }),
    };
  }

  /** Rounds count on after a resume with the same namespace. */
  #nextRound(): number {
    this.#round ??= Math.max(-1, this.#writer.maxStep(`${this.#settings.namespace}/cpu`)) + 1;
    return this.#round++;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function hardware(runFile: string, pid: number): Monitor {
  return hardwareMonitor({
    home: dirname(runFile),
    ...(pid === process.pid ? {} : { pid, ownTimeMs: () => treeProcessorMs(pid) }),
  });
}
