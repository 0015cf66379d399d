/**
 * A handle on one path of a run.
 *
 * @module
 */
import { quoted, UsageError } from "./errors.ts";
import type { StepOptions } from "./values.ts";

/** What a handle asks of its run. */
export interface FieldOwner {
  at(path: string): RunField;
  set(path: string, value: unknown): void;
  logValue(path: string, value: number | bigint | string, options?: StepOptions): void;
  editTags(path: string, add: readonly string[], remove: readonly string[]): void;
}

/**
 * One path of a run: a config, a series or a set of tags.
 *
 * @example
 * ```ts
 * import { Run } from "./mod.ts";
 *
 * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
 * run.at("train/loss").log(0.9, { step: 0 });
 * run.at("sys/tags").add(["v2", "bert"]);
 * run.at("score").set(0.97);
 * ```
 */
export class RunField {
  readonly #run: FieldOwner;
  /** The path, without slashes at either end. */
  readonly path: string;

  /** Made by `run.at(path)`. */
  constructor(run: FieldOwner, path: string) {
    this.#run = run;
    this.path = path;
  }

  /**
   * The handle of `path/name`.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("train").at("loss").log(0.5); // train/loss
   * ```
   */
  at(name: string): RunField {
    return this.#run.at(`${this.path}/${name}`);
  }

  /**
   * Adds a point: a number to the metric series, a text to the string series of this path.
   *
   * @throws {UsageError} the value is neither, or the step is not finite
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("train/loss").log(0.5, { step: 1 });
   * run.at("notes").log("converged");
   * ```
   */
  log(value: number | bigint | string, options?: StepOptions): void {
    this.#run.logValue(this.path, value, options);
  }

  /**
   * Sets the config at this path; see {@linkcode Run.set}.
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("score").set(0.97);
   * ```
   */
  set(value: unknown): void {
    this.#run.set(this.path, value);
  }

  /**
   * Adds to a set of strings, which is made when it is new.
   *
   * @throws {UsageError} the path holds another type
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("sys/tags").add(["v2", "bert"]);
   * ```
   */
  add(items: string | Iterable<string>): void {
    this.#run.editTags(this.path, this.#list(items), []);
  }

  /**
   * Removes from a set of strings; nothing happens where there is none.
   *
   * @throws {UsageError} the path holds another type
   *
   * @example
   * ```ts
   * import { Run } from "./mod.ts";
   *
   * using run = new Run({ storage: "disabled" });
   * run.at("sys/tags").remove("v2");
   * ```
   */
  remove(items: string | Iterable<string>): void {
    this.#run.editTags(this.path, [], this.#list(items));
  }

  #list(items: string | Iterable<string>): string[] {
    if (typeof items === "string") return [items];
    if (items === null || typeof items !== "object") {
      throw new UsageError(`editing ${quoted(this.path)}: ${quoted(items)} is no string or list`);
    }
    return [...items].map(String);
  }
}
