/**
 * Settings of a run: what the caller gave, else the environment, else the default. Validated here,
 * once, before anything is done. Pure.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";
import { validateProject, validateRunId, validateRunName } from "./names.ts";

/** Where a run's data goes. */
export const Storage = {
  /** Nothing is recorded; every call is accepted and does nothing. */
  disabled: "disabled",
  /** The run file only. */
  local: "local",
  /** The run file, and sent to a server in the background. */
  cloud: "cloud",
} as const;

/** `disabled`, `local` or `cloud`. */
export type StorageMode = (typeof Storage)[keyof typeof Storage];

/**
 * Which git repository a run belongs to.
 *
 * @example
 * ```ts
 * import { GitRef } from "./mod.ts";
 *
 * const elsewhere = new GitRef({ repositoryPath: "/path/to/checkout" });
 * if (elsewhere.repositoryPath !== "/path/to/checkout") throw new Error("unreachable");
 * ```
 */
export class GitRef {
  /** Records nothing about git. */
  static readonly DISABLED: "disabled" = "disabled";
  /** A folder or file within the repository. */
  readonly repositoryPath: string;

  /** @param options.repositoryPath a folder or file within the repository */
  constructor(options: { readonly repositoryPath: string }) {
    this.repositoryPath = options.repositoryPath;
  }
}

/** Options of a `Run`; every field may be left out. */
export interface RunOptions {
  /** Display name, at most 200 characters (`sys/name`). */
  readonly name?: string | null;
  /** Free text (`sys/description`). */
  readonly description?: string | null;
  /** Labels (`sys/tags`); one string is one tag. */
  readonly tags?: string | Iterable<string> | null;
  /** `workspace/project` or any depth. @default {`GOODSEED_PROJECT`, else "default"} */
  readonly project?: string | null;
  /** Unique id of a new run. @default {`GOODSEED_RUN_ID`, else generated} */
  readonly runId?: string | null;
  /** Goes on with an ended run; excludes `runId`. */
  readonly resumeRunId?: string | null;
  /** Resumes also when it cannot be proved that the former writer is dead. @default {false} */
  readonly force?: boolean;
  /** `disabled`, `local` or `cloud`. @default {`GOODSEED_STORAGE`, else "cloud"} */
  readonly storage?: StorageMode | null;
  /** Key for the server. @default {`GOODSEED_API_KEY`} */
  readonly apiKey?: string | null;
  /** Reads an existing run; every write throws. @default {false} */
  readonly readOnly?: boolean;
  /** Folder of all data. @default {`GOODSEED_HOME`, else `~/.goodseed`} */
  readonly goodseedHome?: string | null;
  /** Folder for the run file itself, outside the home. */
  readonly logDir?: string | null;
  /** Records what is printed to stdout. @default {true} */
  readonly captureStdout?: boolean;
  /** Records what is printed to stderr. @default {true} */
  readonly captureStderr?: boolean;
  /** Samples CPU, memory and GPUs every 10 s. @default {true} */
  readonly captureHardwareMetrics?: boolean;
  /** Records the error that ends the run. @default {true} */
  readonly captureTraceback?: boolean;
  /** Where monitors write. @default {`monitoring/<8 hex digits>`} */
  readonly monitoringNamespace?: string | null;
  /** The repository to describe: `true` the current folder's, `false` none. @default {true} */
  readonly gitRef?: GitRef | typeof GitRef.DISABLED | boolean | null;
  /** Time of creation to record instead of now. */
  readonly createdAt?: Date | string | null;
  /** Time of modification to record. */
  readonly modifiedAt?: Date | string | null;
  /**
   * What SIGKILL may cost: `"default"` up to 250 ms of points at no cost to the caller, `"kill"`
   * nothing at about a microsecond a call.
   *
   * @default {"default"}
   */
  readonly durability?: "default" | "kill";
  /** Records SIGTERM, SIGINT and SIGHUP as the end of the run. @default {true} */
  readonly handleSignals?: boolean;
  /** Prints nothing. @default {false} */
  readonly quiet?: boolean;
  /** Longest that `close()` waits for a writer that makes no progress, in ms. @default {10000} */
  readonly closeTimeoutMs?: number;
}

/** Options after defaults and environment. */
export interface RunSettings {
  readonly storage: StorageMode;
  readonly readOnly: boolean;
  readonly project: string;
  readonly runId: string | undefined;
  readonly resume: boolean;
  readonly force: boolean;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly tags: readonly string[];
  readonly apiKey: string | undefined;
  readonly goodseedHome: string | undefined;
  readonly logDir: string | undefined;
  readonly captureStdout: boolean;
  readonly captureStderr: boolean;
  readonly captureHardwareMetrics: boolean;
  readonly captureTraceback: boolean;
  readonly monitoringNamespace: string | undefined;
  readonly gitPath: string | false;
  readonly createdAt: Date | string | undefined;
  readonly modifiedAt: Date | string | undefined;
  readonly durability: "default" | "kill";
  readonly handleSignals: boolean;
  readonly quiet: boolean;
  readonly closeTimeoutMs: number;
}

/**
 * Resolves and checks a run's options.
 *
 * @param env environment variables
 * @throws {UsageError} naming the option and the value received
 */
export function resolveSettings(
  options: RunOptions,
  env: Readonly<Record<string, string | undefined>>,
): RunSettings {
  const storage = options.storage ?? (env.GOODSEED_STORAGE || Storage.cloud);
  if (!isStorageMode(storage)) {
    throw new UsageError(
      `${quoted(storage)} is not a valid Storage; use "disabled", "local" or "cloud"`,
    );
  }
  if (options.runId && options.resumeRunId) {
    throw new UsageError("runId and resumeRunId exclude each other: give one of them");
  }
  const durability = options.durability ?? "default";
  if (durability !== "default" && durability !== "kill") {
    throw new UsageError(`durability is ${quoted(durability)}; use "default" or "kill"`);
  }
  const closeTimeoutMs = options.closeTimeoutMs ?? 10_000;
  if (!(closeTimeoutMs >= 0)) {
    throw new UsageError(`closeTimeoutMs is ${quoted(closeTimeoutMs)}; use ms, 0 or more`);
  }
  const runId = options.resumeRunId || options.runId || env.GOODSEED_RUN_ID || undefined;
  return {
    storage,
    readOnly: options.readOnly ?? false,
    project: validateProject(options.project ?? (env.GOODSEED_PROJECT || "default")),
    runId: runId === undefined ? undefined : validateRunId(runId),
    resume: Boolean(options.resumeRunId),
    force: options.force ?? false,
    name: options.name ? validateRunName(options.name) : undefined,
    description: options.description ?? undefined,
    tags: tagList(options.tags),
    apiKey: options.apiKey ?? (env.GOODSEED_API_KEY || undefined),
    goodseedHome: options.goodseedHome ?? undefined,
    logDir: options.logDir ?? undefined,
    captureStdout: options.captureStdout ?? true,
    captureStderr: options.captureStderr ?? true,
    captureHardwareMetrics: options.captureHardwareMetrics ?? true,
    captureTraceback: options.captureTraceback ?? true,
    monitoringNamespace: options.monitoringNamespace?.replace(/\/+$/, "") || undefined,
    gitPath: gitPath(options.gitRef),
    createdAt: options.createdAt ?? undefined,
    modifiedAt: options.modifiedAt ?? undefined,
    durability,
    handleSignals: options.handleSignals ?? true,
    quiet: options.quiet ?? false,
    closeTimeoutMs,
  };
}

function isStorageMode(value: string): value is StorageMode {
  return Object.hasOwn(Storage, value);
}

function tagList(tags: RunOptions["tags"]): readonly string[] {
  if (tags === undefined || tags === null) return [];
  return typeof tags === "string" ? [tags] : [...tags].map(String);
}

function gitPath(ref: RunOptions["gitRef"]): string | false {
  if (ref === false || ref === GitRef.DISABLED) return false;
  return ref instanceof GitRef ? ref.repositoryPath : ".";
}
