/** A small server that speaks the remote API as far as an upload needs it, and remembers all. */
import { createServer, type IncomingMessage } from "node:http";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";

/** One request that the stub got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body's text, decompressed. */
  readonly body: string;
}

/** A point of an ingest request; non-finite numbers come as text. */
export interface SentPoint {
  readonly path: string;
  readonly step: number;
  readonly timestampMs: number;
  readonly number?: number | string;
  readonly text?: string;
}

/** A config of a request. */
export interface SentConfig {
  readonly path: string;
  readonly type_tag: string;
  readonly value: string;
}

/** The running stub. */
export interface StubHub extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  configs(): SentConfig[];
  points(): SentPoint[];
}

const ID = "6dee1c5a-a71d-4e36-ad06-08b7fb7c457c";

/** Starts the stub on a free port. */
export async function startStubHub(): Promise<StubHub> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    received.push({
      method: request.method ?? "",
      path,
      headers: request.headers,
      body: await bodyText(request),
    });
    const [status, reply] = answer(path);
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const bodies = <T>(end: string, key: string): T[] =>
    received.filter((r) => r.path.endsWith(end)).flatMap((r) =>
      (parseLoose(r.body) as Record<string, T[]>)[key] ?? []
    );
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    received,
    configs: () => bodies<SentConfig>(`${ID}/configs`, "configs"),
    points: () => bodies<SentPoint>(`${ID}/ingest`, "points"),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections?.();
      }),
  };
}

/** The exact status codes that the client asks for. */
function answer(path: string): [number, string] {
  if (path === "/api/v1/runs") return [200, JSON.stringify({ id: ID })];
  if (path === "/api/v1/auth/me") return [200, JSON.stringify({ name: "team-a" })];
  if (path.endsWith(`${ID}/configs`)) return [204, ""];
  if (path.endsWith(`${ID}/ingest`)) return [200, "{}"];
  if (path.endsWith(`${ID}/heartbeat`) || path.endsWith(`${ID}/status`)) return [200, "{}"];
  return [404, JSON.stringify({ error_code: "NotFound" })];
}

async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
}

/** JSON as Python writes it: the bare words NaN and Infinity become texts. */
function parseLoose(text: string): unknown {
  return JSON.parse(text.replaceAll(/"number": (NaN|-?Infinity)/g, '"number": "$1"'));
}
