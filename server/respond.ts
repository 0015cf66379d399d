/**
 * Successful answers: JSON with an entity tag, compressed where that pays.
 *
 * @module
 */
import { JSON_HEADERS } from "./errors.ts";
import { acceptsGzip, gzipStream, gzipText } from "./gzip.ts";
import type { ReadResult } from "./reads/types.ts";

/** Below this compressing costs more than it saves, in characters. */
const MIN_GZIP_CHARS = 1024;

/** Answers with a value as JSON. */
export function sendJson(request: Request, value: unknown): Response {
  return sendText(request, JSON.stringify(value), JSON_HEADERS);
}

/** Answers with a text, compressed if the client likes. */
export function sendText(
  request: Request,
  text: string,
  headers: Readonly<Record<string, string>>,
): Response {
  if (request.method === "HEAD") return new Response(null, { headers });
  if (text.length < MIN_GZIP_CHARS || !acceptsGzip(request)) return new Response(text, { headers });
  return new Response(gzipText(text), { headers: { ...headers, "content-encoding": "gzip" } });
}

/** Answers with what was read: 304 when the client has it already. */
export async function sendRead(request: Request, { etag, body }: ReadResult): Promise<Response> {
  const tag = weakTag(etag), headers = { ...JSON_HEADERS, etag: tag };
  const known = isKnown(request, tag);
  if (!known && typeof body === "string") return sendText(request, body, headers);
  if (known || request.method === "HEAD") {
    if (typeof body !== "string") await body.cancel();
    return new Response(null, { status: known ? 304 : 200, headers });
  }
  const stream = body as ReadableStream<Uint8Array>;
  if (!acceptsGzip(request)) return new Response(stream, { headers });
  return new Response(gzipStream(stream), { headers: { ...headers, "content-encoding": "gzip" } });
}

/** Weak: the plain and the compressed answer carry one tag. */
export function weakTag(etag: string): string {
  const opaque = etag.replace(/^W\//, "");
  return `W/${opaque.startsWith('"') ? opaque : `"${opaque}"`}`;
}

/** Whether `If-None-Match` names the tag. */
export function isKnown(request: Request, tag: string): boolean {
  const tags = request.headers.get("if-none-match");
  if (tags === null) return false;
  return tags.split(",").some((item) => item.trim() === "*" || weakTag(item.trim()) === tag);
}
