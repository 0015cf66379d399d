/**
 * The start page for people, and its files.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { createHash } from "node:crypto";
import type { RouteEnv } from "../env.ts";
import { methodNotAllowed, notFound } from "../errors.ts";
import { isKnown, sendText } from "../respond.ts";

/** The browser may load and call nothing but this server; nobody may frame the page. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE_HEADERS = {
  "cache-control": "no-cache",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "vary": "Accept, Accept-Encoding",
  "x-content-type-options": "nosniff",
};

/** `GET /` for browsers (`Accept` with `text/html`; programs get the contract's 404), `GET /ui/…`. */
export function pageRoutes(): Hono<RouteEnv> {
  return new Hono<RouteEnv>()
    .get("/", (c) => {
      const wanted = (c.req.header("accept") ?? "").includes("text/html");
      return wanted ? sendAsset(c) : notFound();
    })
    .get("/ui/*", sendAsset)
    .on("ALL", ["/", "/ui/*"], (c) => methodNotAllowed(c.req.method, "GET, HEAD, OPTIONS"));
}

async function sendAsset(c: Context<RouteEnv>): Promise<Response> {
  const { UI_ASSETS } = await import("../ui_assets.ts"); // late: most starts never show the page
  const { path } = c.env;
  const asset = Object.hasOwn(UI_ASSETS, path) ? UI_ASSETS[path] : undefined;
  if (asset === undefined) return notFound();
  const digest = createHash("sha256").update(asset.text).digest("base64url").slice(0, 16);
  const headers = { ...PAGE_HEADERS, "content-type": asset.type, "etag": `W/"${digest}"` };
  if (isKnown(c.req.raw, headers.etag)) return new Response(null, { status: 304, headers });
  return sendText(c.req.raw, asset.text, headers);
}
