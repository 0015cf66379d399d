/**
 * A run written to like an object: `run["lr"] = 0.1`.
 *
 * @module
 */
import type { Run } from "./run.ts";
import type { RunField } from "./run_field.ts";

/** Reading gives the handle of a path, assigning sets its config. */
export interface RunObject {
  [path: string]: RunField | unknown;
}

/**
 * Sugar over {@linkcode Run.at} and {@linkcode Run.set}, for those who like brackets.
 *
 * @example
 * ```ts
 * import { asObject, Run, type RunField } from "./mod.ts";
 *
 * using run = new Run({ storage: "local", goodseedHome: await Deno.makeTempDir(), quiet: true });
 * const fields = asObject(run);
 * fields["parameters"] = { lr: 1e-3 };
 * (fields["train/loss"] as RunField).log(0.5, { step: 0 });
 * ```
 */
export function asObject(run: Run): RunObject {
  return new Proxy<RunObject>({}, {
    get: (_target, path) => typeof path === "string" ? run.at(path) : undefined,
    set: (_target, path, value) => {
      if (typeof path !== "string") return false;
      run.set(path, value);
      return true;
    },
    has: (_target, path) => typeof path === "string" && run.exists(path),
  });
}
