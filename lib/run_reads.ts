/**
 * What a run reads back from its own file.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { decodeConfig } from "./config_value.ts";
import { NotFoundError, quoted, UsageError } from "./errors.ts";
import { type MetricData, metricData, type MetricDataOptions } from "./metric_buckets.ts";
import { RunReader } from "./store/run_reader.ts";

export type { MetricBucket, MetricData, MetricDataOptions } from "./metric_buckets.ts";

/** Part of a string series. */
export interface StringDataOptions {
  /** At most that many. @default {all} */
  readonly limit?: number;
  /** After leaving out that many. @default {0} */
  readonly offset?: number;
}

/** One point of a string series. */
export interface StringData {
  readonly step: number;
  readonly value: string;
}

/** One config. */
export interface ConfigEntry {
  readonly path: string;
  readonly typeTag: string;
  /** The value in its own type; see `ConfigValue`. */
  readonly value: ReturnType<typeof decodeConfig>;
  /** ISO time. */
  readonly updatedAt: string;
}

/** Reads one run file; every call opens it anew, so it sees what has been flushed. */
export class RunReads {
  readonly #path: string;

  /** @throws {NotFoundError} there is no such file */
  constructor(path: string, runId: string) {
    if (!existsSync(path)) {
      throw new NotFoundError(`Run not found: ${quoted(runId)} at ${path}; check project and home`);
    }
    this.#path = path;
  }

  /** The stored status. */
  status(): string {
    return this.#read((reader) => reader.summary().status);
  }

  /** Whether a config or a series of that path exists. */
  exists(path: string): boolean {
    return this.#read((reader) =>
      reader.configs().some((config) => config.path === path) ||
      reader.metricSeries().some((series) => series.path === path) ||
      reader.stringSeries().some((series) => series.path === path)
    );
  }

  /** Paths of metric series with points, sorted. */
  metricPaths(): string[] {
    return this.#read((reader) => [...reader.metricPaths()]);
  }

  /** Paths of string series with points, sorted. */
  stringPaths(): string[] {
    return this.#read((reader) => [...reader.stringPaths()]);
  }

  /** Points of a metric series, or buckets. */
  metricData(path: string, options: MetricDataOptions): MetricData {
    const { maxPoints = Infinity, ...window } = options;
    const points = this.#read((reader) => reader.points(path, window));
    return metricData(path, points, { maxPoints });
  }

  /** Points of a string series. */
  stringData(path: string, options: StringDataOptions): StringData[] {
    const { rows } = this.#read((reader) => reader.strings({ path, ...options }));
    return rows.map(({ step, value }) => ({ step, value }));
  }

  /** All configs, sorted by path. */
  configs(): ConfigEntry[] {
    return this.#read((reader) =>
      reader.configs().map(({ path, tag, value, updatedAt }) => ({
        path,
        typeTag: tag,
        value: decodeConfig(tag, value),
        updatedAt,
      }))
    );
  }

  /**
   * A set of strings; undefined when there is no such config.
   *
   * @throws {UsageError} the path holds another type
   */
  stringSet(path: string): Set<string> | undefined {
    const config = this.configs().find((entry) => entry.path === path);
    if (config === undefined) return undefined;
    if (config.value instanceof Set) return config.value;
    throw new UsageError(
      `editing tags at ${quoted(path)}: it holds a value of type ${quoted(config.typeTag)}, ` +
        "not a string_set; set it to a Set first",
    );
  }

  #read<T>(work: (reader: RunReader) => T): T {
    using reader = RunReader.open(this.#path);
    return work(reader);
  }
}
