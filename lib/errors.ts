/**
 * The errors of GoodSeed. Every message says what was being done, what was found and what to do;
 * data that a program may want stands in fields. `exitCode` and `httpStatus` are decided here once.
 *
 * @module
 */

/** Base of all errors that GoodSeed raises on purpose. */
export class GoodseedError extends Error {
  override readonly name: string = "GoodseedError";
  /** Exit code of the command line: 1 any error, 2 authentication or authorisation refused. */
  readonly exitCode: number = 1;
  /** Status that an HTTP answer carries for this error. */
  readonly httpStatus: number = 500;
}

/** The caller's fault: a wrong argument, flag or request. */
export class UsageError extends GoodseedError {
  override readonly name: string = "UsageError";
  override readonly httpStatus: number = 400;
}

/** Authentication or authorisation was refused. */
export class AuthError extends GoodseedError {
  override readonly name: string = "AuthError";
  override readonly exitCode: number = 2;
  override readonly httpStatus: number;

  /** @param httpStatus 401 (who are you), 403 (you may not) or 421 (not a host of ours) */
  constructor(message: string, httpStatus: 401 | 403 | 421 = 403, options?: ErrorOptions) {
    super(message, options);
    this.httpStatus = httpStatus;
  }
}

/** The named run, project, series or file does not exist. */
export class NotFoundError extends GoodseedError {
  override readonly name: string = "NotFoundError";
  override readonly httpStatus: number = 404;
}

/** What was asked for cannot be done in the present state (exists already, still running …). */
export class ConflictError extends GoodseedError {
  override readonly name: string = "ConflictError";
  override readonly httpStatus: number = 409;
}

/** A limit was passed. */
export class LimitError extends GoodseedError {
  override readonly name: string = "LimitError";
  override readonly httpStatus: number;

  /**
   * @param limit what is allowed
   * @param actual what was found
   * @param httpStatus 413 (too large) or 429 (too many)
   */
  constructor(
    message: string,
    readonly limit: number,
    readonly actual: number,
    httpStatus: 413 | 429 = 413,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.httpStatus = httpStatus;
  }
}

/** A file could not be opened, read or written. */
export class StoreError extends GoodseedError {
  override readonly name: string = "StoreError";

  /** @param path the file concerned */
  constructor(message: string, readonly path: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Something on the network failed. */
export class TransportError extends GoodseedError {
  override readonly name: string = "TransportError";
  override readonly httpStatus: number = 502;

  /** @param retryable true when the same request may succeed later */
  constructor(message: string, readonly retryable: boolean, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Quotes a value from outside for a message: JSON, at most 80 characters. */
export function quoted(value: unknown): string {
  let text: string;
  try {
    text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? String(value);
  } catch { // cyclic, too deep or otherwise not printable
    text = Object.prototype.toString.call(value);
  }
  return text.length <= 80 ? text : text.slice(0, 79) + "…";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch { // an object without a text form, as Deno 2.4 hands out for errors of a Worker
    return "unknown error";
  }
}
