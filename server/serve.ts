/**
 * The server as a whole: reads, gates, application and listener put together.
 *
 * @module
 */
import { hostname, networkInterfaces } from "node:os";
import process from "node:process";
import { messageOf, quoted, UsageError } from "../lib/errors.ts";
import { type HttpServer, serveHttp } from "../lib/runtime/http.ts";
import { type AccessEntry, type App, buildApp } from "./app.ts";
import type { Gate } from "./gate/gate.ts";
import { hostsGate } from "./gate/hosts.ts";
import { isLoopback } from "./gate/ip_address.ts";
import { originGate } from "./gate/origin.ts";
import { openOwnerFinder, type OwnerFinder, peerUidGate } from "./gate/peer_uid.ts";
import type { Reads } from "./reads/types.ts";
import { setTrashed } from "./trash.ts";

/** Settings of {@linkcode startServer}. */
export interface ServeOptions {
  /** Folder of all projects. */
  readonly projectsDir: string;
  /** Version that `/version` tells. */
  readonly version: string;
  /** Address to serve on; anything but this machine itself needs `share`. @default {"127.0.0.1"} */
  readonly host?: string;
  /** 0 picks a free one. @default {8765} */
  readonly port?: number;
  /** Serve on this unix socket instead of a port. */
  readonly socket?: string;
  /** Let everybody read who can connect; any address may be served on. @default {false} */
  readonly share?: boolean;
  /** Origins of web pages that may read, beside our own and goodseed.ai's. */
  readonly allowOrigins?: readonly string[];
  /** Host names to answer to, beside this machine's own. */
  readonly allowedHosts?: readonly string[];
  /** Let every web page read. @default {false} */
  readonly openReads?: boolean;
  /** Answers questions about the run files; made for `projectsDir` when absent, ended with the server. */
  readonly reads?: Reads;
  /** Takes lines about errors nobody expected, and with `verbose` one line a request. */
  readonly log?: (line: string) => void;
  /** @default {false} */
  readonly verbose?: boolean;
}

/** A server that runs. */
export interface RunningServer {
  /** `http://127.0.0.1:8765`, or `unix:/path`. */
  readonly url: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** What the user should know about who can reach the server; one sentence each. */
  readonly warnings: readonly string[];
  /** Ends it; running requests are answered first. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8765;

/**
 * Starts serving the run files of a folder; prints nothing.
 *
 * @throws {UsageError} an option is wrong, the port is taken, or the address needs `share`
 */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const { log = () => {} } = options;
  const place = placeOf(options);
  const reads = options.reads ?? await openReads(options.projectsDir);
  const owners = canFindUsers(options) ? openOwnerFinder() : undefined;
  async function release(): Promise<void> {
    owners?.[Symbol.dispose]();
    await reads[Symbol.asyncDispose]();
  }
  let server: HttpServer;
  try {
    const app = assemble(options, buildGates(options, place, owners), reads);
    const onError = (error: unknown) => log(`error: ${messageOf(error)}`);
    server = await serveHttp((request, peer) => app.fetch(request, peer), { ...place, onError });
  } catch (error) {
    await release();
    throw error;
  }
  return {
    url: server.url,
    port: server.port,
    warnings: warningsOf(options),
    async stop() {
      await server.stop();
      await release();
    },
  };
}

type Place = { readonly hostname: string; readonly port: number } | { readonly socketPath: string };

function placeOf({ host = "127.0.0.1", port = DEFAULT_PORT, socket, share }: ServeOptions): Place {
  if (socket !== undefined) return { socketPath: socket };
  const hostname = host === "localhost" ? "127.0.0.1" : host.replace(/^\[(.*)\]$/, "$1");
  if (share === true || isLoopback(hostname)) return { hostname, port };
  throw new UsageError(
    `serving on ${quoted(host)}: other machines can reach that address, and access tokens come ` +
      "only with the hub; leave --host out and connect through ssh -L 8765:localhost:8765, " +
      "use --socket PATH, or add --share to let everybody read",
  );
}

/** Loaded late, so that whoever brings other reads needs none of it. */
async function openReads(projectsDir: string): Promise<Reads> {
  const { startReads } = await import("./reads/reads.ts");
  return startReads({ projectsDir });
}

/** Whether it can be told which user the other end of a connection belongs to. */
function canFindUsers({ socket }: ServeOptions): boolean {
  return socket === undefined && process.platform === "linux";
}

function warningsOf(options: ServeOptions): string[] {
  const warnings: string[] = [];
  if (options.share === true) {
    warnings.push("Everybody who can connect to this server can read all runs (--share).");
  } else if (options.socket === undefined && !canFindUsers(options)) {
    warnings.push("Other users of this machine can connect: their user is only checked on Linux.");
  }
  if (options.openReads === true) {
    warnings.push(
      "Every web page that is open in a browser here can read all runs (--open-reads).",
    );
  }
  return warnings;
}

/** In the order in which they are asked: host, peer, origin. */
function buildGates(options: ServeOptions, place: Place, owners: OwnerFinder | undefined): Gate[] {
  const { allowedHosts = [], allowOrigins = [], openReads = false } = options;
  const gates = [hostsGate({ ownNames: ownNames(options, place), allowedHosts })];
  const share = options.share === true, ownUid = process.getuid?.();
  if (owners !== undefined && ownUid !== undefined) {
    gates.push(peerUidGate({ ownUid, findOwner: owners.findOwner, onlyWrites: share }));
  } else if (share && options.socket === undefined) {
    gates.push(peerUidGate({ ownUid: -1, findOwner: () => undefined, onlyWrites: true }));
  }
  gates.push(originGate({ allowOrigins, openReads }));
  return gates;
}

function ownNames(options: ServeOptions, place: Place): string[] {
  const full = hostname(), names = [full, full.split(".")[0] ?? full];
  if ("hostname" in place) names.push(place.hostname);
  if (options.share !== true) return names;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...names, ...addresses.map(({ address }) => address.replace(/%.*$/, ""))];
}

function assemble(options: ServeOptions, gates: readonly Gate[], reads: Reads): App {
  const { log = () => {}, verbose = false, projectsDir, version } = options;
  return buildApp({
    gates,
    reads,
    version,
    setTrashed: (ref, trashed) => setTrashed(projectsDir, ref, trashed),
    onUnexpected: (error, request) => log(unexpectedLine(error, request)),
    ...(verbose ? { onAccess: (entry) => log(accessLine(entry)) } : {}),
  });
}

function unexpectedLine(error: unknown, request: Request): string {
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  return `error: ${request.method} ${quoted(request.url)}: ${detail}`;
}

function accessLine({ method, target, status, durationMs, peer }: AccessEntry): string {
  return `${peer?.address ?? "socket"} ${method} ${target} ${status} ${durationMs.toFixed(1)} ms`;
}
