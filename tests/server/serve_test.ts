import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { hostname } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import { openDb } from "../../lib/store/open.ts";
import { SEED_DDL, WRITER_PRAGMAS } from "../../lib/store/schema.ts";
import type { ReadResult } from "../../server/reads/types.ts";
import { type RunningServer, type ServeOptions, startServer } from "../../server/serve.ts";
import { tempDir, until } from "../_harness.ts";
import { skip } from "../_skip.ts";
import { fakeReads } from "./_fake_app.ts";
import { curl, whyNoOtherUser } from "./gate/_other_user.ts";
import { exchange, parseAnswer, type RawAnswer } from "./_raw_http.ts";

async function serving(
  options: Partial<ServeOptions>,
  work: (server: RunningServer, lines: string[]) => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const server = await startServer({
    projectsDir: "/nonexistent",
    version: "1.2.3",
    port: 0,
    reads: fakeReads(),
    log: (line) => lines.push(line),
    ...options,
  });
  try {
    await work(server, lines);
  } finally {
    await server.stop();
  }
}

/** Sends lines as they are; the connection is closed by the server. */
async function raw(port: number, ...lines: string[]): Promise<RawAnswer> {
  const text = [...lines, "Connection: close", "", ""].join("\r\n");
  return parseAnswer(await exchange({ port, host: "127.0.0.1" }, text));
}

test("startServer() answers the user who started it", async () => {
  await serving({}, async ({ url, port, warnings }) => {
    const answer = await fetch(`${url}/api/projects`);

    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.deepEqual(await answer.json(), { q: "projects" });
    assert.deepEqual(warnings, []);
  });
});

test("startServer() refuses another user, unless --share was given", async (t) => {
  const reason = whyNoOtherUser();
  if (reason !== undefined) return skip(t, reason);
  for (const host of ["127.0.0.1", "::1"]) {
    await serving({ host }, async ({ url }) => {
      const other = await curl(["-g", `${url}/api/projects`], true);
      assert.equal(other.status, 403);
      assert.equal(JSON.parse(other.body).code, "forbidden");
    });
  }
  await serving({ openReads: true }, async ({ url }) => {
    assert.equal((await curl([`${url}/api/projects`], true)).status, 403);
  });
  using dir = tempDir();
  const path = makeRun(dir.path);
  for (const host of ["127.0.0.1", "0.0.0.0", "::"]) {
    await serving({ share: true, host, projectsDir: dir.path }, async ({ port, warnings }) => {
      const url = host === "::" ? `http://[::1]:${port}` : `http://127.0.0.1:${port}`;
      const trash = ["-g", "-X", "POST", `${url}/api/runs/p/r1/trash`];
      assert.equal((await curl(["-g", `${url}/api/projects`], true)).status, 200, host);
      assert.equal((await curl(trash, true)).status, 403, host);
      assert.equal(isTrashed(path), false);
      assert.equal((await curl(trash, false)).status, 200, host);
      assert.equal((await curl(trash.with(-1, trash[3] + "/restore"), false)).status, 200, host);
      assert.match(warnings.join(), /--share/);
    });
  }
});

test("startServer() on a socket: the owner reaches it, another user does not", async (t) => {
  using dir = tempDir();
  const socket = dir.join("run/s.sock");
  chmodSync(dir.path, 0o755);
  const target = ["--unix-socket", socket, "http://localhost/api/projects"];
  await serving({ socket }, async ({ url }) => {
    assert.equal(url, `unix:${socket}`);
    const answer = parseAnswer(
      await exchange(
        { path: socket },
        "GET /api/projects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      ),
    );
    assert.equal(answer.status, 200);
    const foreign = await exchange(
      { path: socket },
      "GET /api/projects HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    assert.equal(parseAnswer(foreign).status, 421);

    const reason = whyNoOtherUser();
    if (reason !== undefined) return skip(t, reason);
    assert.equal((await curl(target, true)).status, 0);
    chmodSync(dirname(socket), 0o755); // even then the socket's own mode keeps others out
    assert.equal((await curl(target, true)).status, 0);
    assert.equal((await curl(target, false)).status, 200);
  });
});

test("startServer() refuses an address of other machines without --share", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "login.example"]) {
    await assert.rejects(
      startServer({
        projectsDir: "/x",
        version: "1",
        host,
        port: 0,
        reads: fakeReads(),
      }),
      { name: "UsageError", message: /ssh -L.*--socket.*--share/ },
      host,
    );
  }
  await serving({ host: "0.0.0.0", share: true }, async ({ port }) => {
    assert.equal((await raw(port, "GET /healthz HTTP/1.1", "Host: 127.0.0.1")).status, 200);
  });
});

test("startServer() names a busy port", async () => {
  await serving({}, async ({ port }) => {
    let disposed = false;
    const reads = {
      ...fakeReads(),
      [Symbol.asyncDispose]: () => Promise.resolve(void (disposed = true)),
    };

    await assert.rejects(startServer({ projectsDir: "/x", version: "1", port, reads }), {
      name: "UsageError",
      message: new RegExp(`port ${port} is in use.*--port`),
    });
    assert.equal(disposed, true);
  });
});

test("startServer() refuses foreign host names in header and request line", async () => {
  await serving({ allowedHosts: ["runs.example"] }, async ({ port }) => {
    const status = async (...lines: string[]) => (await raw(port, ...lines)).status;
    const line = "GET /api/projects HTTP/1.1";

    assert.equal(await status(line, `Host: localhost:${port}`), 200);
    assert.equal(await status(line, `Host: ${hostname()}`), 200);
    assert.equal(await status(line, "Host: runs.example"), 200);
    const rebound = await raw(port, line, "Host: evil.example");
    assert.equal(rebound.status, 421);
    assert.equal(rebound.headers.get("access-control-allow-origin"), undefined);
    assert.equal(JSON.parse(unchunked(rebound)).code, "wrong_host");
    assert.equal(await status("GET /api/projects HTTP/1.0"), 421);
    assert.equal(await status(line, "Host: localhost@evil.example"), 421);
    // some runtimes refuse these themselves
    assert.ok([400, 421].includes(await status(line)));
    assert.ok([400, 421].includes(await status(line, "Host: localhost", "Host: evil.example")));
    // an absolute form counts only where the runtime puts it into the URL; the header always does
    const absolute = await status(
      "GET http://evil.example/api/projects HTTP/1.1",
      "Host: localhost",
    );
    assert.equal(absolute, "Bun" in globalThis ? 200 : 421);
    assert.equal(
      await status("GET http://localhost/api/projects HTTP/1.1", "Host: evil.example"),
      421,
    );
  });
});

test("startServer() lets no hostile path through, as it comes over the wire", async () => {
  const asked: unknown[] = [];
  const reads = fakeReads((query) => {
    asked.push(query);
    return { etag: '"1"', body: "{}" };
  });
  await serving({ reads }, async ({ port }) => {
    for (
      const path of [
        "/api/runs/..%2F..%2Fetc/x/configs",
        "/api/runs/../../outside/secret/configs",
        "/api/runs/%2e%2e/%2e%2e/x/configs",
        "/api/runs//abs/path/x/configs",
        "/api/runs/a/x%00/configs",
        "/api/runs/a\\..\\b/x./configs",
        "/api/runs/a%5c..%5cb/x/configs",
        "/api/runs/%E2%80%AEa/x/configs",
        `/api/runs/${"a".repeat(5000)}/x/configs`,
        "/api/runs/%C0%AE%C0%AE/x/configs",
        "//evil.example/api/projects",
        "/\\evil.example/api",
        "*",
      ]
    ) {
      const { status } = await raw(port, `GET ${path} HTTP/1.1`, "Host: localhost");
      assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    }
  });
  assert.deepEqual(asked, []);
});

/** A closed run `p/r1` in a projects folder. */
function makeRun(projects: string): string {
  const path = `${projects}/p/runs/r1.sqlite`;
  mkdirSync(dirname(path), { recursive: true });
  const db = openDb(path, { mode: "write" });
  db.exec(WRITER_PRAGMAS);
  db.exec(SEED_DDL);
  db.close();
  return path;
}

function isTrashed(path: string): boolean {
  const db = openDb(path, { mode: "immutable" });
  const statement = db.prepare("SELECT value FROM run_meta WHERE key = 'trashed'");
  const row = statement.get();
  db.close();
  return row?.[0] === "true";
}

test("startServer() trashes for its own pages and programs, not for other sites", async () => {
  using dir = tempDir();
  const path = makeRun(dir.path);
  const options = { projectsDir: dir.path, openReads: true, allowOrigins: ["https://a.example"] };
  await serving(options, async ({ port }) => {
    const post = async (action: string, ...headers: string[]) =>
      (await raw(
        port,
        `POST /api/runs/p/r1/${action} HTTP/1.1`,
        `Host: localhost:${port}`,
        "Content-Length: 0",
        ...headers,
      )).status;

    for (
      const headers of [
        ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"],
        ["Origin: https://evil.example", "Content-Type: application/json"],
        ["Origin: https://a.example", "Sec-Fetch-Site: cross-site"],
        ["Origin: https://app.goodseed.ai", "Sec-Fetch-Site: cross-site"],
        ["Origin: null"],
        ["Origin: http://localhost:1", "Sec-Fetch-Site: same-site"],
        ["Sec-Fetch-Site: cross-site", "Content-Type: text/plain"],
      ]
    ) {
      assert.equal(await post("trash", ...headers), 403, headers.join());
    }
    assert.equal(isTrashed(path), false);

    assert.equal(await post("trash"), 200);
    assert.equal(isTrashed(path), true);
    const own = [`Origin: http://localhost:${port}`, "Sec-Fetch-Site: same-origin"];
    assert.equal(await post("trash/restore", ...own), 200);
    assert.equal(isTrashed(path), false);
    assert.equal(await post("trash".repeat(2)), 405);
  });
});

test("startServer() answers a POST with a body that nobody reads, and goes on", async () => {
  using dir = tempDir();
  makeRun(dir.path);
  await serving({ projectsDir: dir.path }, async ({ url }) => {
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`${url}/api/runs/p/r1/trash`, {
        method: "POST",
        body: "x".repeat(50_000),
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { ok: true });
    }
    const large = await fetch(`${url}/api/runs/p/r1/trash`, {
      method: "POST",
      body: "x".repeat(100_000),
    });
    assert.equal(large.status, 413);
    await large.text();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });
});

test("startServer() sends HEAD, OPTIONS, 405 and 304 as answers of HTTP", async () => {
  await serving({}, async ({ port }) => {
    const host = `Host: localhost:${port}`;
    const head = await raw(port, "HEAD /api/projects HTTP/1.1", host);
    const options = await raw(port, "OPTIONS /api/runs/a/b/trash HTTP/1.1", host);
    const put = await raw(port, "PUT /api/projects HTTP/1.1", host, "Content-Length: 0");
    const trace = await raw(port, "TRACE /api/projects HTTP/1.1", host);
    const known = await raw(port, "GET /api/projects HTTP/1.1", host, 'If-None-Match: "v1"');

    assert.deepEqual([head.status, head.body], [200, ""]);
    assert.deepEqual([options.status, options.body], [204, ""]);
    assert.equal(options.headers.get("access-control-allow-methods"), "GET, POST, OPTIONS");
    assert.equal(put.status, 405);
    assert.equal(put.headers.get("allow"), "GET, HEAD, OPTIONS");
    assert.equal(trace.status, 405);
    assert.deepEqual([known.status, known.body], [304, ""]);
    assert.equal(known.headers.get("etag"), 'W/"v1"');
  });
});

test("startServer() compresses once, whole texts and streams", async () => {
  const text = JSON.stringify({ text: "0123456789".repeat(2000) });
  const stream = () => new Response(text).body ?? undefined;
  const answers: (() => ReadResult)[] = [
    () => ({ etag: '"1"', body: text }),
    () => ({ etag: '"1"', body: stream() as ReadableStream<Uint8Array> }),
  ];
  for (const answer of answers) {
    await serving({ reads: fakeReads(answer) }, async ({ port }) => {
      const packed = await raw(
        port,
        "GET /api/projects HTTP/1.1",
        "Host: localhost",
        "Accept-Encoding: gzip",
      );
      const plain = await raw(port, "GET /api/projects HTTP/1.1", "Host: localhost");

      assert.equal(packed.headers.get("content-encoding"), "gzip");
      assert.equal(gunzipSync(Buffer.from(unchunked(packed), "latin1")).toString(), text);
      assert.equal(plain.headers.get("content-encoding"), undefined);
      assert.equal(unchunked(plain), text);
    });
  }
});

test("startServer() stops reading for a client that has gone", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65536))),
    cancel: () => void (cancelled = true),
  });
  await serving({ reads: fakeReads(() => ({ etag: '"1"', body })) }, async ({ port }) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    let received = 0;
    socket.on("data", (data) => received += data.length);
    socket.write("GET /api/projects HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
    await until("the first bytes", () => received > 100_000);

    socket.destroy();

    await until("the end of the reading", () => cancelled);
  });
});

test("startServer() logs unexpected errors, and requests only when it shall", async () => {
  const reads = fakeReads(() => {
    throw new Error("a bug");
  });
  await serving({ reads, verbose: true }, async ({ url }, lines) => {
    const answer = await fetch(`${url}/api/runs?project=a%20b`);
    assert.deepEqual(await answer.json(), { error: "internal error", code: "internal" });
    assert.match(lines[0] ?? "", /^error: GET ".*project=a%20b": Error: a bug/);
    assert.match(
      lines[1] ?? "",
      /^127\.0\.0\.1 GET \/api\/runs\?project=a%20b 500 \d+\.\d ms$/,
    );
  });
  await serving({}, async ({ url }, lines) => {
    await (await fetch(`${url}/api/projects`)).text();
    assert.deepEqual(lines, []);
  });
});

test("startServer() warns where the user of a connection is not checked", async () => {
  using dir = tempDir();
  await serving({ openReads: true }, ({ warnings }) => {
    assert.match(warnings.join("\n"), /--open-reads/);
    assert.equal(/other users/i.test(warnings.join("\n")), process.platform !== "linux");
    return Promise.resolve();
  });
  await serving({ socket: dir.join("new/s.sock") }, ({ warnings }) => {
    assert.deepEqual(warnings, []);
    return Promise.resolve();
  });
});

/** The body of an answer, whichever way it was framed. */
function unchunked({ headers, body }: RawAnswer): string {
  if (headers.get("transfer-encoding") !== "chunked") return body;
  let text = "", at = 0;
  for (;;) {
    const end = body.indexOf("\r\n", at), size = parseInt(body.slice(at, end), 16);
    if (!(size > 0)) return text;
    text += body.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
