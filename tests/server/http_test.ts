import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { UsageError } from "../../lib/errors.ts";
import { type HttpServer, type Peer, serveHttp } from "../../lib/runtime/http.ts";
import { tempDir, until } from "../_harness.ts";
import { exchange } from "./_raw_http.ts";

const HELLO = "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async function serving(
  handler: (request: Request, peer: Peer | undefined) => Response | Promise<Response>,
  work: (server: HttpServer, errors: unknown[]) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const server = await serveHttp(handler, { hostname: "127.0.0.1", port: 0, onError });
  try {
    await work(server, errors);
  } finally {
    await server.stop(500);
  }
}

test("serveHttp() hands over both ends of the connection", async () => {
  let seen: Peer | undefined;
  await serving((_request, peer) => {
    seen = peer;
    return new Response("hello");
  }, async (server) => {
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => text += data);
    await until("the connection", () => socket.localPort);
    const ownPort = socket.localPort;

    socket.write(HELLO);
    await until("the answer", () => text.endsWith("hello"));
    socket.destroy();

    assert.equal(server.url, `http://127.0.0.1:${server.port}`);
    assert.deepEqual(seen, {
      address: "127.0.0.1",
      port: ownPort,
      localAddress: "127.0.0.1",
      localPort: server.port,
    });
  });
});

test("serveHttp() serves ::1 and takes localhost as 127.0.0.1", async () => {
  let seen: Peer | undefined;
  const handler = (_request: Request, peer: Peer | undefined) => {
    seen = peer;
    return new Response("hello");
  };
  const six = await serveHttp(handler, { hostname: "[::1]", port: 0 });
  const four = await serveHttp(handler, { hostname: "localhost", port: 0 });
  try {
    await (await fetch(`${six.url}/`)).text();
    assert.equal(six.url, `http://[::1]:${six.port}`);
    assert.equal(seen?.address, "::1");
    assert.equal(seen?.localAddress, "::1");

    await (await fetch(`${four.url}/`)).text();
    assert.equal(seen?.address, "127.0.0.1");
    assert.equal(seen?.localAddress, "127.0.0.1");
  } finally {
    await six.stop(100);
    await four.stop(100);
  }
});

test("serveHttp() names a busy port and the way out", async () => {
  await serving(() => new Response(), async ({ port }) => {
    await assert.rejects(
      serveHttp(() => new Response(), { hostname: "127.0.0.1", port }),
      (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, new RegExp(`^port ${port} is in use on 127.0.0.1: .*--port`));
        return true;
      },
    );
  });
});

test("serveHttp() refuses an address of another machine", async () => {
  await assert.rejects(
    serveHttp(() => new Response(), { hostname: "192.0.2.1", port: 0 }),
    { name: "UsageError", message: /192\.0\.2\.1.*--host/ },
  );
});

test("serveHttp() answers 500 without details when a handler throws", async () => {
  await serving(() => {
    throw new Error("secret detail");
  }, async (server, errors) => {
    const answer = await fetch(server.url + "/x");

    assert.equal(answer.status, 500);
    assert.deepEqual(await answer.json(), { error: "internal error", code: "internal" });
    assert.match(String(errors[0]), /secret detail/);
  });
});

test("HttpServer.stop() lets running requests finish and closes idle connections", async () => {
  const gate = Promise.withResolvers<void>();
  let entered = false;
  const server = await serveHttp(async (request) => {
    if (!request.url.endsWith("/late")) return new Response("at once");
    entered = true;
    await gate.promise;
    return new Response("late but whole");
  }, { hostname: "127.0.0.1", port: 0 });
  const idle = connect(server.port, "127.0.0.1");
  let idleText = "", idleClosed = false;
  idle.on("error", () => {}); // a reset is a way of closing, too
  idle.on("close", () => idleClosed = true);
  idle.on("data", (data) => idleText += data);
  idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until("the first answer", () => idleText.endsWith("at once"));
  const answer = fetch(server.url + "/late").then((response) => response.text());
  await until("the request", () => entered);

  const stopped = server.stop(), again = server.stop();
  gate.resolve();

  assert.equal(await answer, "late but whole");
  await Promise.all([stopped, again]);
  await until("the idle connection to be closed", () => idleClosed);
  await assert.rejects(fetch(server.url + "/"));
});

test("HttpServer.stop() does not wait for ever for an endless answer", async () => {
  let alive = true;
  const server = await serveHttp(() =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (alive) controller.enqueue(new Uint8Array(10));
          else controller.close();
        },
      }),
    ), { hostname: "127.0.0.1", port: 0 });
  const socket = connect(server.port, "127.0.0.1");
  let closed = false, received = 0;
  socket.on("error", () => {});
  socket.on("close", () => closed = true);
  socket.on("data", (data) => received += data.length);
  socket.write(HELLO);
  await until("the first bytes", () => received > 0);

  await server.stop(50);

  await until("the end of the connection", () => closed);
  alive = false;
});

test("serveHttp() on a socket: only its owner can reach it, and no peer is given", async () => {
  using dir = tempDir();
  const path = dir.join("new/sub/s.sock");
  let seen: unknown = "nothing";

  const server = await serveHttp((_request, peer) => {
    seen = peer;
    return new Response("over the socket");
  }, { socketPath: path });
  try {
    const answer = await exchange({ path }, HELLO);

    assert.match(answer, /over the socket$/);
    assert.equal(seen, undefined);
    assert.equal(server.url, `unix:${path}`);
    assert.equal(server.port, 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dir.join("new/sub")).mode & 0o777, 0o700);
  } finally {
    await server.stop(200);
  }
  assert.equal(existsSync(path), false);
});

test("serveHttp() on a socket refuses a folder that others can enter", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("open"));
  chmodSync(dir.join("open"), 0o755);

  await assert.rejects(
    serveHttp(() => new Response(), { socketPath: dir.join("open/s.sock") }),
    { name: "UsageError", message: /mode 755/ },
  );
});

test("serveHttp() on a socket replaces a dead one only", async () => {
  using dir = tempDir();
  chmodSync(dir.path, 0o700);
  const live = dir.join("live.sock"), dead = dir.join("dead.sock"), file = dir.join("file.sock");
  writeFileSync(file, "precious");
  const listener = createServer().listen(live);
  await until("the listener", () => existsSync(live));
  await leaveDeadSocket(dead);

  const handler = () => new Response("ok");
  await assert.rejects(serveHttp(handler, { socketPath: live }), { message: /in use/ });
  await assert.rejects(serveHttp(handler, { socketPath: file }), { message: /not a socket/ });
  const server = await serveHttp(handler, { socketPath: dead });

  assert.match(await exchange({ path: dead }, HELLO), /ok$/);
  await server.stop(200);
  listener.close();
});

test("serveHttp() on a socket refuses a name that the kernel would cut", async () => {
  using dir = tempDir();

  await assert.rejects(
    serveHttp(() => new Response(), { socketPath: dir.join("x".repeat(120)) }),
    { name: "UsageError", message: /longer than 99 bytes/ },
  );
});

test("HttpServer.stop() leaves the socket of a successor alone", async () => {
  using dir = tempDir();
  chmodSync(dir.path, 0o700);
  const path = dir.join("s.sock");
  const server = await serveHttp(() => new Response(), { socketPath: path });
  rmSync(path);
  writeFileSync(path, "somebody else's by now");

  await server.stop(200);

  assert.equal(readFileSync(path, "utf8"), "somebody else's by now");
});

/** A socket file whose listener has gone without removing it. */
async function leaveDeadSocket(path: string): Promise<void> {
  const listener = createServer().listen(path + ".tmp");
  await until("the socket", () => existsSync(path + ".tmp"));
  renameSync(path + ".tmp", path);
  listener.close();
  await until("the listener to be gone", () => refuses(path));
}

function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("error", () => resolve(true));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
}
