/**
 * Errors as HTTP answers: one JSON shape for every route, `{"error": TEXT, "code": WORD}`.
 *
 * `error` is the contract's key and, where it has one, the contract's text; `code` is for programs.
 *
 * @module
 */
import { GoodseedError, StoreError } from "../lib/errors.ts";
import { CORS_HEADERS } from "./gate/origin.ts";

/** Body of every answer that is not a success. */
export interface ErrorBody {
  readonly error: string;
  readonly code: string;
}

const CODES: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "too_large",
  421: "wrong_host",
  429: "too_many",
  502: "bad_gateway",
};

/** Headers that every JSON answer carries, errors included. */
export const JSON_HEADERS: Readonly<Record<string, string>> = {
  ...CORS_HEADERS,
  "content-type": "application/json",
  "cache-control": "no-cache",
  "cross-origin-resource-policy": "same-origin",
  "vary": "Accept-Encoding, Origin",
  "x-content-type-options": "nosniff",
};

/** An error answer; `headers` are added to those of all JSON answers. */
export function errorResponse(
  status: number,
  body: ErrorBody,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_HEADERS, ...headers } });
}

/**
 * Turns anything thrown into an answer. Our own errors keep their message; of all others the
 * client learns nothing, and `onUnexpected` hears everything.
 */
export function responseOf(error: unknown, onUnexpected: (error: unknown) => void): Response {
  if (error instanceof GoodseedError) {
    const { httpStatus: status, message } = error;
    const code = error instanceof StoreError ? "store" : CODES[status] ?? "error";
    return errorResponse(status, { error: message, code });
  }
  onUnexpected(error);
  return errorResponse(500, { error: "internal error", code: "internal" });
}

/** The contract's answer to an unknown route. */
export function notFound(): Response {
  return errorResponse(404, { error: "Not found", code: "not_found" });
}

/** Answer to a method that the route does not know. @param allow such as `GET, HEAD, OPTIONS` */
export function methodNotAllowed(method: string, allow: string): Response {
  const error = `Method ${method} is not allowed here; allowed: ${allow}`;
  return errorResponse(405, { error, code: "method_not_allowed" }, { allow });
}

/** A refusal of a gate, without the header that would let a foreign page read it. */
export function refusalOf(error: unknown, onUnexpected: (error: unknown) => void): Response {
  const response = responseOf(error, onUnexpected);
  for (const name of Object.keys(CORS_HEADERS)) response.headers.delete(name);
  return response;
}
