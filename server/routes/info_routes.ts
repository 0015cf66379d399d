/**
 * Routes about the server itself.
 *
 * @module
 */
import { Hono } from "hono";
import type { RouteDeps, RouteEnv } from "../env.ts";
import { methodNotAllowed } from "../errors.ts";
import { sendJson } from "../respond.ts";

/** `GET /healthz` → `{"status":"ok"}`; `GET /version` → `{"name":"goodseed","version":"0.1.0"}`. */
export function infoRoutes(deps: Pick<RouteDeps, "version">): Hono<RouteEnv> {
  const version = { name: "goodseed", version: deps.version };
  return new Hono<RouteEnv>()
    .get("/healthz", (c) => sendJson(c.req.raw, { status: "ok" }))
    .get("/version", (c) => sendJson(c.req.raw, version))
    .on(
      "ALL",
      ["/healthz", "/version"],
      (c) => methodNotAllowed(c.req.method, "GET, HEAD, OPTIONS"),
    );
}
