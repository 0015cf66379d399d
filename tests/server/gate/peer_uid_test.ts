import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { AuthError } from "../../../lib/errors.ts";
import { type HttpServer, type Peer, serveHttp } from "../../../lib/runtime/http.ts";
import { responseOf } from "../../../server/errors.ts";
import { openDiagSocket } from "../../../server/gate/netlink_socket.ts";
import { openOwnerFinder, peerUidGate } from "../../../server/gate/peer_uid.ts";
import { TcpTableReader } from "../../../server/gate/proc_net_tcp.ts";
import type { FindOwner } from "../../../server/gate/socket_ends.ts";
import { skip, type SkippableTest } from "../../_skip.ts";
import { until } from "../../_harness.ts";
import { curl, OTHER_UID, whyNoOtherUser } from "./_other_user.ts";

const PEER = { address: "127.0.0.1", port: 40000, localAddress: "127.0.0.1", localPort: 8765 };
const REQUEST = new Request("http://localhost/");
const OWN_UID = process.getuid?.() ?? -1;

test("peerUidGate() lets its own user pass and refuses others and the unknown", async () => {
  const gate = (owner: number | undefined) =>
    peerUidGate({ ownUid: 1000, findOwner: () => owner })(REQUEST, PEER);

  assert.equal(gate(1000), undefined);
  assert.throws(() => gate(1001), (error) => {
    assert.ok(error instanceof AuthError);
    assert.equal(error.httpStatus, 403);
    assert.match(error.message, /user number 1000, yours is 1001.*goodseed serve.*--share/);
    return true;
  });
  assert.throws(() => gate(0), AuthError);
  assert.throws(() => gate(undefined), { name: "AuthError", message: /could not be found out/ });

  const later = peerUidGate({ ownUid: 1000, findOwner: () => Promise.resolve(1001) });
  await assert.rejects(Promise.resolve(later(REQUEST, PEER)), { name: "AuthError" });
});

test("peerUidGate() asks for the client's end of the whole connection, each time anew", () => {
  const asked: unknown[] = [];
  const gate = peerUidGate({
    ownUid: 1,
    findOwner(ends) {
      asked.push(ends);
      return 1;
    },
  });

  gate(REQUEST, PEER);
  gate(REQUEST, PEER);
  gate(REQUEST, undefined); // a unix socket: nothing to ask

  const ends = { address: "127.0.0.1", port: 40000, remoteAddress: "127.0.0.1", remotePort: 8765 };
  assert.deepEqual(asked, [ends, ends]);
});

test("peerUidGate() with onlyWrites lets everybody read", () => {
  const gate = peerUidGate({ ownUid: 1000, findOwner: () => 1001, onlyWrites: true });
  const asking = (method: string) => () => gate(new Request("http://localhost/", { method }), PEER);

  for (const method of ["GET", "HEAD", "OPTIONS"]) assert.doesNotThrow(asking(method), method);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    assert.throws(
      asking(method),
      { name: "AuthError", message: /only takes changes from/ },
      method,
    );
  }
});

test("peerUidGate() takes the client's own address for ours when every address is served", () => {
  const asked: unknown[] = [];
  const gate = peerUidGate({
    ownUid: 1,
    findOwner(ends) {
      asked.push(ends.remoteAddress);
      return 1;
    },
  });

  for (const localAddress of ["0.0.0.0", "::", "127.0.0.1"]) {
    gate(REQUEST, { ...PEER, localAddress });
  }
  gate(REQUEST, { ...PEER, address: "10.0.0.9", localAddress: "0.0.0.0" });

  assert.deepEqual(asked, ["127.0.0.1", "127.0.0.1", "127.0.0.1", "10.0.0.9"]);
});

test("openOwnerFinder() asks /proc only when netlink does not know", async () => {
  const diag = (uid: number | undefined) => ({
    findOwner: () => uid,
    [Symbol.dispose]() {},
  });
  const tables = { findOwner: () => Promise.resolve(7) };
  const ends = { address: "127.0.0.1", port: 1, remoteAddress: "127.0.0.1", remotePort: 2 };

  assert.equal(openOwnerFinder(diag(5), tables).findOwner(ends), 5);
  assert.equal(openOwnerFinder(diag(0), tables).findOwner(ends), 0);
  assert.equal(await openOwnerFinder(diag(undefined), tables).findOwner(ends), 7);
});

/** Both ways to find an owner; each alone, so that neither hides the other's failure. */
async function eachWay(work: (name: string, find: FindOwner) => Promise<void>): Promise<void> {
  using diag = openDiagSocket();
  assert.ok(diag, "netlink must work on Linux with -A");
  await work("netlink", (ends) => diag.findOwner(ends));
  const tables = new TcpTableReader();
  await work("/proc", (ends) => tables.findOwner(ends));
}

async function serving(
  hostname: string,
  find: FindOwner,
  work: (server: HttpServer, peers: (Peer | undefined)[]) => Promise<void>,
): Promise<void> {
  const gate = peerUidGate({ ownUid: OWN_UID, findOwner: find });
  const peers: (Peer | undefined)[] = [];
  const server = await serveHttp(async (request, peer) => {
    peers.push(peer);
    try {
      await gate(request, peer);
      return new Response("data");
    } catch (error) {
      return responseOf(error, () => {});
    }
  }, { hostname, port: 0 });
  try {
    await work(server, peers);
  } finally {
    await server.stop(200);
  }
}

function needsLinux(t: SkippableTest): boolean {
  if (process.platform !== "linux") skip(t, "needs Linux");
  return process.platform !== "linux";
}

test("our own process is let in, over IPv4 and IPv6, by netlink and by /proc", async (t) => {
  if (needsLinux(t)) return;
  await eachWay(async (name, find) => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      await serving(hostname, find, async ({ url }) => {
        for (let i = 0; i < 3; i++) { // keep-alive: more than one request a connection
          const answer = await fetch(url);
          assert.equal(answer.status, 200, `${name} ${hostname}`);
          assert.equal(await answer.text(), "data");
        }
      });
    }
  });
});

test("another user's process is refused, over IPv4 and IPv6, by netlink and by /proc", async (t) => {
  const reason = whyNoOtherUser();
  if (reason !== undefined) return skip(t, reason);
  await eachWay(async (name, find) => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      await serving(hostname, find, async ({ url }) => {
        const other = await curl(["-g", `${url}/`], true),
          own = await curl(["-g", `${url}/`], false);

        assert.equal(other.status, 403, `${name} ${hostname}`);
        assert.match(other.body, new RegExp(`yours is ${OTHER_UID}`));
        assert.deepEqual(own, { status: 200, body: "data" }, `${name} ${hostname}`);
      });
    }
  });
});

test("a client that reaches IPv4 by an IPv6 socket is known all the same", async (t) => {
  if (needsLinux(t)) return;
  await eachWay(async (name, find) => {
    await serving("127.0.0.1", find, async ({ port }, peers) => {
      const socket = connect({ port, host: "::ffff:127.0.0.1", family: 6 });
      const answer = await answerOn(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

      assert.match(answer, /^HTTP\/1.1 200 /, name);
      assert.equal(peers[0]?.address.replace("::ffff:", ""), "127.0.0.1");
    });
  });
});

test("a port that passes to another user is judged anew", async (t) => {
  const reason = whyNoOtherUser();
  if (reason !== undefined) return skip(t, reason);
  await eachWay(async (name, find) => {
    await serving("127.0.0.1", find, async ({ url, port }, peers) => {
      for (let attempt = 1;; attempt++) { // the kernel may hold a port for a while
        const before = peers.length, socket = connect(port, "127.0.0.1");
        const own = await wholeAnswerOn(
          socket, // the server closes first, so that the port is free at once
          "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        );
        const ownPort = peers[before]?.port;

        const other = await curl(["--local-port", String(ownPort), `${url}/`], true);

        assert.match(own, /^HTTP\/1.1 200 /, name);
        if (peers[before + 1]?.port !== ownPort && attempt < 10) continue;
        assert.equal(peers[before + 1]?.port, ownPort, `${name}: the port was not taken over`);
        assert.equal(other.status, 403, name);
        return;
      }
    });
  });
});

test("owners are unknown for connections that do not exist", async (t) => {
  if (needsLinux(t)) return;
  await eachWay(async (name, find) => {
    await serving("127.0.0.1", find, async ({ port }) => {
      const socket = connect(port, "127.0.0.1");
      await until("the connection", () => socket.localPort);
      const ends = {
        address: "127.0.0.1",
        port: socket.localPort ?? 0,
        remoteAddress: "127.0.0.1",
        remotePort: port,
      };

      assert.equal(await find(ends), OWN_UID, name);
      assert.equal(await find({ ...ends, remotePort: 1 }), undefined, `${name}: other port`);
      assert.equal(await find({ ...ends, address: "127.0.0.9" }), undefined, `${name}: address`);
      assert.equal(
        await find({ ...ends, port, remotePort: 1 }),
        undefined,
        `${name}: the listener`,
      );
      assert.equal(await find({ ...ends, address: "nonsense" }), undefined, `${name}: no address`);
      socket.destroy();
      await until("the end of the connection", async () => await find(ends) === undefined);
    });
  });
});

/** Sends a request and waits until the other side has closed. */
function wholeAnswerOn(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    socket.on("data", (data) => answer += data);
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
    socket.write(text);
  });
}

/** Sends a request on an open socket and waits for the first piece of the answer. */
function answerOn(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.write(text);
  });
}
