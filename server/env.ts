/**
 * What the routes get from their host.
 *
 * @module
 */
import type { RunRef } from "../lib/run_ref.ts";
import type { Reads } from "./reads/types.ts";

/** Hono's environment of a request: the path is decoded already. */
export interface RouteEnv {
  readonly Bindings: { readonly path: string };
}

/** What the routes need; tests pass a few lines. */
export interface RouteDeps {
  readonly reads: Pick<Reads, "query">;
  /** Marks a run as trashed, or takes the mark away. */
  setTrashed(ref: RunRef, trashed: boolean): void;
  /** Version of GoodSeed. */
  readonly version: string;
}
