/**
 * Is the writer of a run alive? Derived, never stored.
 *
 * @module
 */
import { readLease } from "./lease.ts";
import { hostName, isAlive, processStartMs } from "./process_identity.ts";

/** `unknown`: the writer ran on another host, or left no trace to judge by. */
export type Liveness = "alive" | "dead" | "unknown";

/** What a run file of another program says about its writer. */
export interface WriterFacts {
  readonly hostname?: string;
  readonly pid?: number;
  /** When the run was created, in ms since 1970. */
  readonly createdMs?: number;
}

/** Slack between the clock of the process table and the run's times, in ms. */
const CLOCK_SLACK_MS = 10_000;

/**
 * Tells whether the process that writes a run still exists.
 *
 * By the lease beside the file; without one (files of other programs) by host name and process
 * number among the run's configs, if they are given.
 */
export function livenessOf(runFile: string, facts: WriterFacts = {}): Liveness {
  const lease = readLease(runFile);
  if (lease !== undefined) return word(isAlive(lease));
  if (facts.hostname !== hostName() || facts.pid === undefined) return "unknown";
  const alive = isAlive({ host: facts.hostname, pid: facts.pid });
  if (alive !== true || facts.createdMs === undefined) return word(alive);
  const started = processStartMs(facts.pid);
  if (started === undefined) return "unknown";
  return started > facts.createdMs + CLOCK_SLACK_MS ? "dead" : "alive"; // the number was given anew
}

function word(alive: boolean | undefined): Liveness {
  return alive === undefined ? "unknown" : alive ? "alive" : "dead";
}
