/**
 * What a stream and the command line together say about the run to record.
 *
 * @module
 */
import { encodeConfig } from "../lib/config_value.ts";
import { quoted, UsageError } from "../lib/errors.ts";
import { flattenConfigs } from "../lib/flatten.ts";
import { isoUtc } from "../lib/iso_time.ts";
import { normalizePath } from "../lib/names.ts";
import type { ConfigRecord, HeaderRecord } from "../lib/records.ts";
import { resolveSettings, type RunSettings } from "../lib/settings.ts";
import type { CommandContext } from "./context.ts";
import type { CommonArgs } from "./context.ts";

/** Arguments of `goodseed log`. */
export interface LogArgs extends CommonArgs {
  readonly file: string;
  readonly project?: string | undefined;
  readonly runId?: string | undefined;
  readonly name?: string | undefined;
  readonly config?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly resume?: boolean | undefined;
  readonly follow?: boolean | undefined;
  readonly sync?: boolean | undefined;
  readonly blobs?: string | undefined;
}

/** Settings of the run: the command line, else the stream's header, else the environment. */
export function logSettings(
  args: LogArgs,
  header: HeaderRecord | undefined,
  ctx: CommandContext,
): RunSettings {
  const runId = args.runId ?? header?.run_id ?? (ctx.env.GOODSEED_RUN_ID || undefined);
  if (args.resume === true && runId === undefined) {
    throw new UsageError("resuming: neither --run-id nor the stream names a run; give --run-id");
  }
  const createdAt = header?.created_at ??
    (header?.created_ms === undefined ? undefined : isoUtc(header.created_ms));
  return resolveSettings({
    project: args.project ?? header?.project ?? null,
    runId: args.resume === true ? null : runId ?? null,
    resumeRunId: args.resume === true ? runId ?? null : null,
    name: args.name ?? header?.name ?? null,
    tags: [...header?.tags ?? [], ...args.tag ?? []],
    createdAt: createdAt ?? null,
    storage: args.sync === true ? "cloud" : "local",
    captureStdout: false,
    captureStderr: false,
    captureHardwareMetrics: false,
    captureTraceback: false,
    gitRef: false,
    handleSignals: false,
    quiet: true,
  }, args.resume === true ? { ...ctx.env, GOODSEED_RUN_ID: "" } : ctx.env);
}

/**
 * True for the stream of an exported run, which brings its own automatic configs: its header has
 * the stored text of the creation time.
 */
export function isExported(header: HeaderRecord | undefined): boolean {
  return header?.created_at !== undefined;
}

/**
 * The configs of `--config key=value`: JSON where the value is JSON, else text.
 *
 * @throws {UsageError} for one without `=`
 */
export function configOptions(options: readonly string[]): ConfigRecord[] {
  return options.flatMap((option) => {
    const equals = option.indexOf("=");
    if (equals <= 0) {
      throw new UsageError(`--config must be KEY=VALUE, got ${quoted(option)}`);
    }
    const path = normalizePath(option.slice(0, equals));
    return flattenConfigs({ [path]: jsonOrText(option.slice(equals + 1)) }).map(([at, value]) => {
      const { tag, text } = encodeConfig(value);
      return { t: "config" as const, path: at, tag, value: text };
    });
  });
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch { // text it is
    return text;
  }
}
