/**
 * The web application: gates, then routes, then one shape for everything that goes wrong.
 *
 * @module
 */
import { Hono } from "hono";
import type { Peer } from "../lib/runtime/http.ts";
import type { RouteDeps, RouteEnv } from "./env.ts";
import { notFound, refusalOf, responseOf } from "./errors.ts";
import type { Gate } from "./gate/gate.ts";
import { preflight } from "./gate/origin.ts";
import { decodePath } from "./request_path.ts";
import { infoRoutes } from "./routes/info_routes.ts";
import { listRoutes } from "./routes/list_routes.ts";
import { pageRoutes } from "./routes/page_routes.ts";
import { runRoutes } from "./routes/run_routes.ts";

/** What the application needs from its host. */
export interface ServerDeps extends RouteDeps {
  /** Asked in this order before anything else; see {@linkcode Gate}. */
  readonly gates: readonly Gate[];
  /** Hears of errors that nobody expected; the client sees only "internal error". */
  readonly onUnexpected: (error: unknown, request: Request) => void;
  /** Hears of every answer. */
  readonly onAccess?: (entry: AccessEntry) => void;
}

/** One line of an access log. */
export interface AccessEntry {
  readonly method: string;
  /** Path and query as they were sent, still encoded. */
  readonly target: string;
  readonly status: number;
  /** From the request to the head of the answer. */
  readonly durationMs: number;
  readonly peer: Peer | undefined;
}

/** Something that answers requests. */
export interface App {
  fetch(request: Request, peer: Peer | undefined): Promise<Response>;
}

/** Builds the application; all state is in `deps`. */
export function buildApp(deps: ServerDeps): App {
  const routes = buildRoutes(deps);

  async function admitted(request: Request): Promise<Response> {
    const unexpected = (error: unknown) => deps.onUnexpected(error, request);
    try {
      if (request.method === "OPTIONS") return preflight();
      return await routes.fetch(request, { path: decodePath(request.url) });
    } catch (error) {
      return responseOf(error, unexpected);
    }
  }

  async function answer(request: Request, peer: Peer | undefined): Promise<Response> {
    try {
      for (const gate of deps.gates) await gate(request, peer);
    } catch (error) {
      return refusalOf(error, (unexpected) => deps.onUnexpected(unexpected, request));
    }
    return admitted(request);
  }

  return {
    async fetch(request, peer) {
      const startMs = performance.now();
      const response = await answer(request, peer);
      deps.onAccess?.({
        method: request.method,
        target: targetOf(request.url),
        status: response.status,
        durationMs: performance.now() - startMs,
        peer,
      });
      return response;
    },
  };
}

function buildRoutes(deps: ServerDeps): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>({
    getPath: (_request, options) => options?.env?.path ?? "/",
  });
  routes.route("/", pageRoutes());
  routes.route("/", infoRoutes(deps));
  routes.route("/", listRoutes(deps));
  routes.route("/", runRoutes(deps));
  routes.notFound(() => notFound());
  routes.onError((error, c) =>
    responseOf(error, (unexpected) => deps.onUnexpected(unexpected, c.req.raw))
  );
  return routes;
}

function targetOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url)?.[1] || url;
}
