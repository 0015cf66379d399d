/**
 * Origin gate: which web pages a browser may show our answers to, and which may change anything.
 *
 * Programs that are no browsers send neither `Origin` nor `Sec-Fetch-Site` and pass: the peer gate
 * has decided about them.
 *
 * @module
 */
import { AuthError, quoted, UsageError } from "../../lib/errors.ts";
import type { Gate } from "./gate.ts";

/** Settings of {@linkcode originGate}. */
export interface OriginOptions {
  /** Origins that may read beside our own and those of goodseed.ai: `https://host[:port]`. */
  readonly allowOrigins?: readonly string[];
  /** Every web page may read. Never opens writing. @default {false} */
  readonly openReads?: boolean;
  /** Paths that hold no data, so that a link on any page may lead there. @default {["/"]} */
  readonly pages?: readonly string[];
}

/** Sites of the hosted viewer, which reads from the viewer's own machine. */
const GOODSEED_SITES = ["https://goodseed.ai", "https://app.goodseed.ai"];

/** The seed's headers: with the gate in front, `*` gives nothing to a page that was refused. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": "Content-Type",
};

/** Answer to `OPTIONS`, whatever the path: permission to ask, not yet to get an answer. */
export function preflight(): Response {
  return new Response(null, { status: 204, headers: { ...CORS_HEADERS, vary: "Origin" } });
}

/**
 * Reading: our own pages, goodseed.ai, `allowOrigins`, or everybody with `openReads`.
 * Writing (all methods but GET, HEAD, OPTIONS): our own pages only.
 *
 * @throws {UsageError} an entry of `allowOrigins` is not an origin
 */
export function originGate(options: OriginOptions = {}): Gate {
  const { allowOrigins = [], openReads = false, pages = ["/"] } = options;
  const readers = new Set([...GOODSEED_SITES, ...allowOrigins.map(parseOrigin)]);
  return function checkOrigin(request) {
    const { method, headers } = request;
    if (method === "OPTIONS") return;
    const origin = headers.get("origin"), site = headers.get("sec-fetch-site");
    const own = origin === null || isOwnOrigin(origin, headers.get("host"));
    if (own && (site === null || site === "same-origin" || site === "none")) return;
    if (method !== "GET" && method !== "HEAD") throw refusal("change anything here", origin, site);
    if (openReads || (origin !== null && readers.has(origin))) return;
    if (origin === null && isVisit(headers) && isPage(request.url, pages)) return;
    throw refusal("read from this server (--allow-origin ORIGIN allows one)", origin, site);
  };
}

function refusal(what: string, origin: string | null, site: string | null): AuthError {
  const who = origin === null ? `pages of another site (${site})` : `pages of ${quoted(origin)}`;
  return new AuthError(`${who} may not ${what}`, 403);
}

/** The origin that served this very request, whether directly or through a proxy with TLS. */
function isOwnOrigin(origin: string, host: string | null): boolean {
  const authority = /^https?:\/\/(.+)$/.exec(origin)?.[1];
  return authority !== undefined && authority === host?.toLowerCase();
}

/** The user follows a link into a window of its own; frames count as reading. */
function isVisit(headers: Headers): boolean {
  return headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

function isPage(url: string, pages: readonly string[]): boolean {
  const path = URL.parse(url)?.pathname;
  return path !== undefined && pages.includes(path);
}

function parseOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || text.replace(/\/$/, "") !== url.origin) {
    throw new UsageError(
      `reading --allow-origin: ${
        quoted(text)
      } is not an origin; write it as https://host or https://host:port`,
    );
  }
  return url.origin;
}
