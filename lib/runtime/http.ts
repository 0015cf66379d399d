/**
 * One way to serve HTTP on Deno and Bun: a port of an address, or a unix socket.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any -- Deno and Bun describe one thing by two sets of types
import { messageOf, quoted, UsageError } from "../errors.ts";
import { SocketFile } from "./unix_socket.ts";

/** Both ends of the connection that a request came by. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The address that was served on; `0.0.0.0` and `::` when that was every address. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** Answers one request; the peer is undefined on a unix socket. */
export type HttpHandler = (
  request: Request,
  peer: Peer | undefined,
) => Response | Promise<Response>;

/** Settings of {@linkcode serveHttp}: an address and a port, or a socket. */
export type HttpOptions =
  & {
    /** Hears of everything that a handler throws; the client sees only a 500. */
    readonly onError?: (error: unknown) => void;
  }
  & (
    | {
      /** Address or `localhost`, which is taken as `127.0.0.1`. */
      readonly hostname: string;
      /** 0 picks a free one. */
      readonly port: number;
      readonly socketPath?: never;
    }
    | { readonly socketPath: string; readonly hostname?: never; readonly port?: never }
  );

/** A running server. */
export interface HttpServer {
  /** 0 on a unix socket. */
  readonly port: number;
  /** `http://127.0.0.1:8765`, or `unix:/path`. */
  readonly url: string;
  /**
   * Ends the server: running requests are answered, new ones are refused. A second call waits for
   * the first.
   *
   * @param graceMs how long running requests are waited for, in ms @default {5000}
   */
  stop(graceMs?: number): Promise<void>;
}

interface Bound {
  readonly port: number;
  readonly address: string;
  /** Closes the listener and every connection. @param deadlineMs on the clock of `performance` */
  end(deadlineMs: number): Promise<void>;
}

type Place = { readonly hostname: string; readonly port: number } | { readonly path: string };

/**
 * Serves HTTP until it is stopped; prints nothing.
 *
 * @throws {UsageError} the port is taken, the address is not ours, or the socket cannot be placed
 */
export async function serveHttp(handler: HttpHandler, options: HttpOptions): Promise<HttpServer> {
  const place: Place = options.socketPath !== undefined
    ? { path: options.socketPath }
    : { hostname: plainHost(options.hostname), port: options.port };
  const socket = "path" in place ? await SocketFile.prepare(place.path) : undefined;
  const requests = new RunningRequests(handler, options.onError);
  let bound: Bound;
  try {
    bound = bind(socket === undefined ? place : { path: socket.bindPath }, requests);
  } catch (error) {
    throw bindError(place, error);
  }
  socket?.publish();
  async function end(graceMs: number): Promise<void> {
    const deadlineMs = performance.now() + graceMs;
    await requests.drain(graceMs);
    await bound.end(deadlineMs);
    socket?.remove();
  }
  let ended: Promise<void> | undefined;
  return {
    port: bound.port,
    url: socket === undefined ? urlOf(bound) : `unix:${socket.path}`,
    stop: (graceMs = 5000) => ended ??= end(graceMs),
  };
}

/** Counts what is being answered, and turns what a handler throws into an answer. */
class RunningRequests {
  readonly #handler: HttpHandler;
  readonly #onError: ((error: unknown) => void) | undefined;
  #running = 0;
  #drained: (() => void) | undefined;

  constructor(handler: HttpHandler, onError: ((error: unknown) => void) | undefined) {
    this.#handler = handler;
    this.#onError = onError;
  }

  /** @param sent settles when the answer is out; without it the answer counts as out at once */
  async answer(request: Request, peer: Peer | undefined, sent?: Promise<void>): Promise<Response> {
    if (this.#drained !== undefined) {
      return failure(503, "the server is stopping", "stopping", { connection: "close" });
    }
    this.#running++;
    sent?.then(() => this.#done(), () => this.#done());
    try {
      return await this.#handler(request, peer);
    } catch (error) {
      this.#onError?.(error);
      return failure(500, "internal error", "internal");
    } finally {
      if (sent === undefined) this.#done();
    }
  }

  #done(): void {
    this.#running--;
    if (this.#running === 0) this.#drained?.();
  }

  /** Refuses new requests and waits for the running ones, at most `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    if (this.#running === 0) return;
    const timer = setTimeout(resolve, graceMs);
    await promise;
    clearTimeout(timer);
  }
}

/** How long bytes of answers that are on the way are waited for, in ms. */
const FLUSH_MS = 500;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function failure(status: number, error: string, code: string, headers = {}): Response {
  return Response.json({ error, code }, { status, headers });
}

function bind(place: Place, requests: RunningRequests): Bound {
  const { Deno, Bun } = globalThis as any;
  if (Bun !== undefined) return bindBun(Bun, place, requests);
  if (Deno?.serve !== undefined) return bindDeno(Deno, place, requests);
  throw new UsageError("serving HTTP needs Deno or Bun; run this with one of them");
}

function bindDeno(deno: any, place: Place, requests: RunningRequests): Bound {
  const abort = new AbortController();
  let local: { hostname: string; port: number } | undefined;
  const server = deno.serve(
    { ...place, onListen: () => {}, signal: abort.signal },
    (request: Request, { remoteAddr, completed }: any) => {
      const peer = local === undefined ? undefined : {
        address: remoteAddr.hostname,
        port: remoteAddr.port,
        localAddress: local.hostname,
        localPort: local.port,
      };
      return requests.answer(request, peer, completed);
    },
  );
  if (!("path" in place)) local = server.addr;
  return {
    port: local?.port ?? 0,
    address: local?.hostname ?? "",
    async end(deadlineMs) {
      if (performance.now() < deadlineMs) { // all is answered: what is on the way goes out
        const flushMs = Math.min(FLUSH_MS, deadlineMs - performance.now());
        await Promise.race([server.shutdown(), sleep(flushMs)]); // idle clients are not waited for
      } else { // `shutdown()` would wait for every client, and cannot be cut short
        abort.abort();
        await server.finished;
      }
    },
  };
}

function bindBun(bun: any, place: Place, requests: RunningRequests): Bound {
  const where = "path" in place ? { unix: place.path } : place;
  const localAddress = "path" in place ? "" : place.hostname;
  const server = bun.serve({
    ...where,
    development: false,
    reusePort: false, // left out, two servers would share one port unnoticed
    idleTimeout: 255, // seconds; the default of 10 cuts off answers that take longer
    fetch(request: Request, self: any): Promise<Response> {
      const remote = self.requestIP(request);
      const peer = remote === null
        ? undefined
        : { address: remote.address, port: remote.port, localAddress, localPort: self.port };
      return requests.answer(request, peer);
    },
  });
  return {
    port: server.port ?? 0,
    address: localAddress,
    async end(deadlineMs) {
      while (server.pendingRequests > 0 && performance.now() < deadlineMs) { // bodies still going out
        await sleep(10);
      }
      await server.stop(true);
    },
  };
}

/** `localhost` may be `::1` or `127.0.0.1`; brackets belong to URLs only. */
function plainHost(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host.replace(/^\[(.*)\]$/, "$1");
}

function urlOf({ address, port }: Bound): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

function bindError(place: Place, error: unknown): UsageError {
  const code = (error as { code?: string }).code, cause = { cause: error };
  if ("path" in place) {
    return new UsageError(
      `serving on the socket ${quoted(place.path)}: ${messageOf(error)}; choose another name`,
      cause,
    );
  }
  const { hostname, port } = place;
  switch (code) {
    case "EADDRINUSE":
      return new UsageError(
        `port ${port} is in use on ${hostname}: another server runs there, perhaps an earlier goodseed; stop it, or choose another port with --port (0 picks a free one)`,
        cause,
      );
    case "EADDRNOTAVAIL":
      return new UsageError(
        `${quoted(hostname)} is not an address of this machine; name one that is with --host`,
        cause,
      );
    case "EACCES":
      return new UsageError(
        `port ${port} may not be used by this user; choose one from 1024 on with --port`,
        cause,
      );
    default:
      return new UsageError(
        `serving on ${quoted(hostname)}, port ${port}: ${
          messageOf(error)
        }; check --host and --port`,
        cause,
      );
  }
}
