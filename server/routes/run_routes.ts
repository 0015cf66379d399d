/**
 * Routes of one run: reading its parts, moving it to the trash and back.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { LimitError, UsageError } from "../../lib/errors.ts";
import type { RunRef } from "../../lib/run_ref.ts";
import type { RouteDeps, RouteEnv } from "../env.ts";
import { methodNotAllowed, notFound } from "../errors.ts";
import { intParam, MAX_POINT_COUNT, textParam } from "../params.ts";
import type { ReadQuery } from "../reads/types.ts";
import {
  parseRunAction,
  parseRunPart,
  queryOf,
  type RunPart,
  RUNS_PREFIX,
} from "../request_path.ts";
import { sendJson, sendRead } from "../respond.ts";

/** The bodies of our own POST routes mean nothing; more than this is refused, in bytes. */
const MAX_IGNORED_BODY_BYTES = 65_536;

/** `GET /api/runs/PROJECT/RUN[/PART]`, `POST …/trash`, `POST …/trash/restore` (contract §5). */
export function runRoutes(deps: Pick<RouteDeps, "reads" | "setTrashed">): Hono<RouteEnv> {
  return new Hono<RouteEnv>()
    .get(`${RUNS_PREFIX}*`, async (c) => {
      const found = parseRunPart(c.env.path);
      if (found === undefined) return notFound();
      const query = readQuery(found.part, found.ref, queryOf(c.req.raw.url));
      return sendRead(c.req.raw, await deps.reads.query(query));
    })
    .post(`${RUNS_PREFIX}*`, async (c) => {
      const found = parseRunAction(c.env.path);
      if (found === undefined) return otherMethod(c);
      await ignoreBody(c.req.raw);
      deps.setTrashed(found.ref, found.action === "trash");
      return sendJson(c.req.raw, { ok: true });
    })
    .all(`${RUNS_PREFIX}*`, otherMethod);
}

function otherMethod(c: Context<RouteEnv>): Response {
  const { path } = c.env;
  if (parseRunAction(path) !== undefined) return methodNotAllowed(c.req.method, "POST, OPTIONS");
  if (parseRunPart(path) === undefined) return notFound();
  return methodNotAllowed(c.req.method, "GET, HEAD, OPTIONS");
}

function readQuery(part: RunPart, ref: RunRef, query: URLSearchParams): ReadQuery {
  switch (part) {
    case "run":
      return { q: "run", ref };
    case "configs":
      return { q: "configs", ref };
    case "metric-paths":
      return { q: "metricPaths", ref };
    case "metrics":
      return metricsQuery(ref, query);
    case "string_series":
      return stringsQuery(ref, query);
  }
}

function metricsQuery(ref: RunRef, query: URLSearchParams): ReadQuery {
  const path = textParam(query, "path");
  if (textParam(query, "pointCount") === undefined) {
    return { q: "metrics", ref, ...defined({ path }) };
  }
  if (path === undefined) throw new UsageError("pointCount requires a path parameter");
  const pointCount = intParam(query, "pointCount", {
    message: "pointCount must be an integer",
    min: 1,
    max: MAX_POINT_COUNT,
  }) ?? 1;
  const message = "firstPointIndex and lastPointIndex must be integers";
  const first = intParam(query, "firstPointIndex", { message });
  const last = intParam(query, "lastPointIndex", { message });
  const window = defined({ first: first && Math.max(0, first), last });
  return { q: "downsampled", ref, path, pointCount, ...window };
}

function stringsQuery(ref: RunRef, query: URLSearchParams): ReadQuery {
  const message = "limit, offset, and tail must be integers";
  const path = textParam(query, "path");
  const limit = intParam(query, "limit", { message, min: -1 });
  const offset = intParam(query, "offset", { message, min: 0 });
  const tail = intParam(query, "tail", { message, min: 0 });
  return { q: "strings", ref, ...defined({ path, limit, offset, tail }) };
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The same object without the fields that are undefined. */
function defined<T extends Readonly<Record<string, unknown>>>(fields: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}

async function ignoreBody(request: Request): Promise<void> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > MAX_IGNORED_BODY_BYTES) {
    throw new LimitError(
      `this request takes no body, found ${length} bytes; send it without one`,
      MAX_IGNORED_BODY_BYTES,
      length,
    );
  }
  await request.body?.cancel();
}
