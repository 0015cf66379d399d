/** The application over reads that remember what they were asked. */
import { NotFoundError } from "../../lib/errors.ts";
import type { RunRef } from "../../lib/run_ref.ts";
import { type AccessEntry, type App, buildApp } from "../../server/app.ts";
import { hostsGate } from "../../server/gate/hosts.ts";
import { originGate } from "../../server/gate/origin.ts";
import type { ReadQuery, ReadResult, Reads } from "../../server/reads/types.ts";

/** How the fake answers. */
export type Answer = (query: ReadQuery) => ReadResult | Promise<ReadResult>;

/** The application and what it did. */
export interface FakeApp {
  readonly app: App;
  readonly asked: ReadQuery[];
  readonly trashed: [RunRef, boolean][];
  readonly unexpected: unknown[];
  readonly accesses: AccessEntry[];
  /** Sends a request to `http://localhost:8765` + path. */
  send(path: string, init?: RequestInit): Promise<Response>;
}

/** Echoes the question; the run `gone` does not exist. */
export function echo(query: ReadQuery): ReadResult {
  if ("ref" in query && query.ref.runId === "gone") {
    throw new NotFoundError(`Run not found: ${query.ref.project}/${query.ref.runId}`);
  }
  return { etag: '"v1"', body: JSON.stringify(query) };
}

/** Reads for tests. */
export function fakeReads(answer: Answer = echo, asked: ReadQuery[] = []): Reads {
  return {
    async query(query) {
      asked.push(query);
      return await answer(query);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Builds it with the gates that need no socket. */
export function fakeApp(answer: Answer = echo): FakeApp {
  const asked: ReadQuery[] = [], trashed: [RunRef, boolean][] = [];
  const unexpected: unknown[] = [], accesses: AccessEntry[] = [];
  const app = buildApp({
    gates: [hostsGate({ ownNames: [] }), originGate()],
    reads: fakeReads(answer, asked),
    setTrashed(ref, mark) {
      if (ref.runId === "gone") throw new NotFoundError(`Run not found: ${ref.project}/gone`);
      trashed.push([ref, mark]);
    },
    version: "1.2.3",
    onUnexpected: (error) => unexpected.push(error),
    onAccess: (entry) => accesses.push(entry),
  });
  return {
    app,
    asked,
    trashed,
    unexpected,
    accesses,
    send: (path, init) => app.fetch(request(path, init), undefined),
  };
}

/** A request with a `Host` header, as a server hands it over. */
export function request(path: string, init: RequestInit = {}): Request {
  const url = path.startsWith("/") ? `http://localhost:8765${path}` : path;
  const headers = new Headers(init.headers);
  if (!headers.has("host")) headers.set("host", "localhost:8765");
  return rawRequest(url, { ...init, headers });
}

/**
 * A request whose URL and headers stay as they are given: `Request` itself would resolve `..`, and
 * drops headers that pages may not set.
 */
export function rawRequest(url: string, init: RequestInit & { headers: Headers }): Request {
  const inner = new Request("http://placeholder.invalid/", { ...init, headers: {} });
  const own: Record<string, unknown> = { url, headers: init.headers };
  return new Proxy(inner, {
    get(target, key) {
      if (typeof key === "string" && Object.hasOwn(own, key)) return own[key];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
