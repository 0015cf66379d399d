/**
 * Signals on their way to the command.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

/** Signals that mean the command, not us. */
const PASSED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
/** Signals of a terminal's keys; the terminal sends them to the command itself. */
const KEYS = ["SIGINT", "SIGQUIT"] as const;

type PassedSignal = (typeof PASSED)[number] | (typeof KEYS)[number];

/** Time in which a signal to the whole group has reached everyone in it, in ms. */
const GROUP_MS = 50;

/** What a {@linkcode SignalForwarder} needs. */
export interface SignalForwarderOptions {
  /** True when standard input is a terminal. */
  readonly terminal: boolean;
}

/**
 * Passes signals on to the command, once: one that was sent to the whole process group has reached
 * it already. A small process in our group, the canary, tells the difference: it dies of it.
 */
export class SignalForwarder {
  readonly #listeners = new Map<PassedSignal, () => void>();
  #canary: Canary | undefined;
  #target: number | undefined;
  #sameGroup = true;
  #early: PassedSignal[] = [];
  #groupSignal: string | undefined;

  /** Begins to listen; what comes before {@linkcode target} is kept. */
  constructor(options: SignalForwarderOptions) {
    this.#canary = new Canary();
    for (const signal of PASSED) this.#listen(signal, () => void this.#pass(signal));
    for (const signal of KEYS) {
      this.#listen(signal, options.terminal ? () => {} : () => void this.#pass(signal));
    }
  }

  /** Last signal that was sent to the whole group. */
  get groupSignal(): string | undefined {
    return this.#groupSignal;
  }

  /**
   * Names the process that takes the signals.
   *
   * @param sameGroup it is in our process group: what is sent to the group reaches it
   */
  target(pid: number, sameGroup: boolean): void {
    this.#target = pid;
    this.#sameGroup = sameGroup;
    for (const signal of this.#early) send(pid, signal);
    this.#early = [];
  }

  /** Listens no longer and sends nothing any more. */
  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
    this.#target = undefined;
    this.#canary?.end();
    this.#canary = undefined;
  }

  #listen(signal: PassedSignal, listener: () => void): void {
    this.#listeners.set(signal, listener);
    process.on(signal, listener);
  }

  async #pass(signal: PassedSignal): Promise<void> {
    const canary = this.#canary, hadTarget = this.#target !== undefined;
    await new Promise((resolve) => setTimeout(resolve, GROUP_MS));
    if (this.#canary === undefined || canary === undefined) return; // disposed meanwhile
    if (canary.dead) {
      this.#groupSignal = signal;
      if (canary === this.#canary) this.#canary = new Canary();
      if (this.#sameGroup && hadTarget) return;
    }
    if (this.#target === undefined) this.#early.push(signal);
    else send(this.#target, signal);
  }
}

/** A process that waits for its input to end; it ends with us, whatever ends us. */
class Canary {
  readonly #child: ChildProcess | undefined;
  dead = false;

  constructor() {
    try {
      this.#child = spawn("cat", [], { stdio: ["pipe", "ignore", "ignore"] });
      this.#child.once("exit", () => this.dead = true);
      this.#child.on("error", () => {}); // no `cat`: every signal counts as sent to us alone
      this.#child.stdin?.on("error", () => {}); // it is dead already
      this.#child.unref();
    } catch { // Deno 2.4 throws in place of the event
    }
  }

  end(): void {
    this.#child?.stdin?.end();
  }
}

function send(pid: number, signal: PassedSignal): void {
  try {
    process.kill(pid, signal);
  } catch { // it has ended
  }
}
