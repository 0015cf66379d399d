/**
 * Routes that list: projects, runs.
 *
 * @module
 */
import { Hono } from "hono";
import { validateProject } from "../../lib/names.ts";
import type { RouteDeps, RouteEnv } from "../env.ts";
import { methodNotAllowed } from "../errors.ts";
import { textParam } from "../params.ts";
import { queryOf } from "../request_path.ts";
import { sendRead } from "../respond.ts";

/** `GET /api/projects`, `GET /api/runs[?project=NAME]` (contract §5). */
export function listRoutes({ reads }: Pick<RouteDeps, "reads">): Hono<RouteEnv> {
  return new Hono<RouteEnv>()
    .get(
      "/api/projects",
      async (c) => sendRead(c.req.raw, await reads.query({ q: "projects" })),
    )
    .get("/api/runs", async (c) => {
      const name = textParam(queryOf(c.req.raw.url), "project");
      const only = name === undefined ? {} : { project: validateProject(name) };
      return sendRead(c.req.raw, await reads.query({ q: "runs", ...only }));
    })
    .on(
      "ALL",
      ["/api/projects", "/api/runs"],
      (c) => methodNotAllowed(c.req.method, "GET, HEAD, OPTIONS"),
    );
}
