/**
 * Errors as plain values, so that they cross the boundary of a Worker and come out as the class that
 * went in.
 *
 * @module
 */
import {
  AuthError,
  ConflictError,
  GoodseedError,
  LimitError,
  messageOf,
  NotFoundError,
  StoreError,
  TransportError,
  UsageError,
} from "../../lib/errors.ts";

/** An error as a plain value. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly httpStatus?: number;
  readonly path?: string;
  readonly limit?: number;
  readonly actual?: number;
  readonly retryable?: boolean;
}

/** Takes an error apart; anything that is none of ours becomes a {@linkcode GoodseedError}. */
export function toWire(error: unknown): WireError {
  if (!(error instanceof GoodseedError)) {
    return { name: "GoodseedError", message: `reading runs failed: ${messageOf(error)}` };
  }
  const { name, message, httpStatus } = error;
  const wire = { name, message, httpStatus };
  if (error instanceof StoreError) return { ...wire, path: error.path };
  if (error instanceof LimitError) return { ...wire, limit: error.limit, actual: error.actual };
  if (error instanceof TransportError) return { ...wire, retryable: error.retryable };
  return wire;
}

/** Puts an error together again. */
export function fromWire(wire: WireError): GoodseedError {
  const { name, message } = wire;
  switch (name) {
    case "UsageError":
      return new UsageError(message);
    case "NotFoundError":
      return new NotFoundError(message);
    case "ConflictError":
      return new ConflictError(message);
    case "StoreError":
      return new StoreError(message, wire.path ?? "");
    case "TransportError":
      return new TransportError(message, wire.retryable ?? false);
    case "AuthError":
      return new AuthError(message, wire.httpStatus as 401 | 403 | 421);
    case "LimitError": {
      const { limit = 0, actual = 0, httpStatus } = wire;
      return new LimitError(message, limit, actual, httpStatus as 413 | 429);
    }
    default:
      return new GoodseedError(message);
  }
}
