/**
 * What does not change while a run lasts: where it runs, on what, and how it was started.
 *
 * @module
 */
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import process from "node:process";
import { mayRead, mayReadEnvironment, mayReadSystem } from "../lib/runtime/permissions.ts";
import { GB } from "./memory.ts";
import { rounded } from "./rate.ts";
import { readText } from "./read_text.ts";
import { redactArguments } from "./redact.ts";
import type { Environment } from "./slurm.ts";

/** What {@linkcode staticFacts} cannot find out by itself, or is told better. */
export interface StaticFactsOptions {
  /** Number of the thread that logs, as it went into the monitoring namespace. @default left out */
  readonly tid?: number;
  /** Version of GoodSeed. @default left out */
  readonly version?: string;
  /** The program's command line. @default that of this process */
  readonly argv?: readonly string[];
  /** Working folder of the program. @default that of this process */
  readonly cwd?: string;
  /** Environment in which GPUs may have been hidden. @default that of this process */
  readonly env?: Environment;
}

const GPU_VARIABLES = ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"];

/**
 * Collects the facts, as configs under the monitoring namespace. Names: `docs/monitoring.md`.
 *
 * @param options what is known elsewhere
 * @returns facts by name; secrets in the command line are replaced by `***`
 */
export function staticFacts(options: StaticFactsOptions = {}): Record<string, string | number> {
  const { node, deno, bun } = process.versions as Record<string, string | undefined>;
  const [runtime, version] = bun !== undefined
    ? ["bun", bun]
    : deno !== undefined
    ? ["deno", deno]
    : ["node", node ?? ""];
  const facts: Record<string, string | number | undefined> = {
    hostname: allowed("hostname", hostname),
    pid: process.pid,
    tid: options.tid,
    os: platform(),
    arch: arch(),
    kernel: allowed("osRelease", release),
    runtime,
    runtime_version: version,
    goodseed_version: options.version,
    cwd: options.cwd ?? ownFolder(),
    argv: JSON.stringify(redactArguments(options.argv ?? ownCommandLine())),
    ...machineFacts(),
  };
  for (const variable of GPU_VARIABLES) {
    if (options.env !== undefined) facts[variable.toLowerCase()] = options.env[variable];
    else if (mayReadEnvironment(variable)) facts[variable.toLowerCase()] = process.env[variable];
  }
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(known) as Record<string, string | number>;
}

/** The kernel's view of the command line: in a Worker `process.argv` lacks the program's arguments. */
function ownCommandLine(): string[] {
  const text = readText(`/proc/${process.pid}/cmdline`);
  if (text === undefined || text === "") return process.argv;
  return text.replace(/\0$/, "").split("\0");
}

function ownFolder(): string | undefined {
  if (!mayRead(".")) return undefined;
  try {
    return process.cwd();
  } catch { // the folder has been removed
    return undefined;
  }
}

function machineFacts(): Record<string, string | number | undefined> {
  const processors = allowed("cpus", cpus) ?? [];
  const memory = allowed("systemMemoryInfo", totalmem);
  return {
    cpu_model: processors[0]?.model.trim(),
    cpu_count: processors.length === 0 ? undefined : processors.length,
    memory_total: memory === undefined ? undefined : rounded(memory / GB, 2),
  };
}

function allowed<T>(kind: string, ask: () => T): T | undefined {
  if (!mayReadSystem(kind)) return undefined;
  try {
    return ask();
  } catch { // not offered by this system
    return undefined;
  }
}
