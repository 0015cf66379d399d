import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isLoopback, mapToIp6, parseIp } from "../../../server/gate/ip_address.ts";
import { decodeDiagAnswer, encodeDiagRequest } from "../../../server/gate/netlink_diag.ts";
import { findInTcpTables, TcpTableReader } from "../../../server/gate/proc_net_tcp.ts";

const FOUR = { address: "127.0.0.1", port: 40000, remoteAddress: "127.0.0.1", remotePort: 8765 };
const SIX = { address: "::1", port: 40000, remoteAddress: "::1", remotePort: 8765 };

test("parseIp() reads addresses, and IPv4 inside IPv6 as IPv4", () => {
  const hex = (text: string) => {
    const bytes = parseIp(text);
    return bytes && [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  assert.equal(hex("127.0.0.1"), "7f000001");
  assert.equal(hex("::ffff:127.0.0.1"), "7f000001");
  assert.equal(hex("::FFFF:7f00:1"), "7f000001");
  assert.equal(hex("::1"), "00".repeat(15) + "01");
  assert.equal(hex("::"), "00".repeat(16));
  assert.equal(hex("2001:db8::a:b"), "20010db8" + "00".repeat(8) + "000a000b");
  assert.equal(hex("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  for (
    const bad of [
      "",
      "127.0.0.256",
      "127.1",
      "1.2.3",
      ":",
      ":::",
      "1::2::3",
      "::g",
      "1:2:3:4:5:6:7",
    ]
      .concat("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "fe80::1%eth0", "localhost")
  ) {
    assert.equal(hex(bad), undefined, bad);
  }
});

test("parseIp() reads every IPv6 address that the URL parser writes", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    fc.pre(bytes.subarray(0, 12).some((byte, i) => byte !== (i < 10 ? 0 : 255)));
    const words = Array.from({ length: 8 }, (_, i) => {
      return (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16);
    });
    const text = new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
    assert.deepEqual(parseIp(text), bytes);
    assert.deepEqual(parseIp(words.join(":")), bytes);
  }));
});

test("parseIp() undoes mapToIp6()", () => {
  const mapped = mapToIp6(Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual([...mapped], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]);
  assert.deepEqual(parseIp("::ffff:102:304"), Uint8Array.of(1, 2, 3, 4));
});

test("isLoopback() knows 127/8 and ::1 only", () => {
  for (const yes of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(isLoopback(yes), true, yes);
  }
  for (const no of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "1::1", "localhost", ""]) {
    assert.equal(isLoopback(no), false, no);
  }
});

test("encodeDiagRequest() lays a question out as the kernel wants it", () => {
  const bytes = encodeDiagRequest(FOUR, 7);

  assert.ok(bytes);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.equal(
    hex,
    "48000000" + "1400" + "0100" + "07000000" + "00000000" + // nlmsghdr
      "02060000" + "ffffffff" + // AF_INET, TCP; every state
      "9c40" + "223d" + "7f000001" + "00".repeat(12) + "7f000001" + "00".repeat(12) +
      "00000000" + "ff".repeat(8), // interface, cookie
  );
  assert.equal(encodeDiagRequest(SIX, 1)?.[16], 10);
  assert.equal(encodeDiagRequest({ ...FOUR, remoteAddress: "::1" }, 1), undefined);
  assert.equal(encodeDiagRequest({ ...FOUR, address: "x" }, 1), undefined);
});

/** An answer as the kernel gives it: the question's identity, then user and inode. */
function answerTo(request: Uint8Array, uid: number, inode: number): Uint8Array {
  const bytes = new Uint8Array(88), view = new DataView(bytes.buffer);
  bytes.set(request.subarray(0, 16));
  view.setUint32(0, 88, true);
  bytes[16] = request[16] ?? 0;
  bytes.set(request.subarray(24, 72), 20);
  view.setUint32(80, uid, true);
  view.setUint32(84, inode, true);
  return bytes;
}

test("decodeDiagAnswer() gives the owner, and nothing for any other socket", () => {
  const request = encodeDiagRequest(FOUR, 7) ?? new Uint8Array();
  const good = answerTo(request, 65534, 99);
  const listener = answerTo(request, 0, 5), error = answerTo(request, 0, 5);
  listener.fill(0, 40, 56); // no remote address
  error[4] = 2; // NLMSG_ERROR
  const old = answerTo(encodeDiagRequest(FOUR, 6) ?? request, 1, 2);

  assert.deepEqual(decodeDiagAnswer(good, request), { uid: 65534, inode: 99 });
  assert.equal(decodeDiagAnswer(listener, request), "none");
  assert.equal(decodeDiagAnswer(error, request), "none");
  assert.equal(decodeDiagAnswer(old, request), "other");
  assert.equal(decodeDiagAnswer(good.subarray(0, 60), request), "none");
  assert.equal(decodeDiagAnswer(new Uint8Array(3), request), "none");
});

test("decodeDiagAnswer() refuses an answer in which any byte of the connection differs", () => {
  const request = encodeDiagRequest(SIX, 7) ?? new Uint8Array();
  for (let at = 20; at < 56; at++) {
    const answer = answerTo(request, 1000, 99);
    answer[at] = (answer[at] ?? 0) ^ 1;
    assert.equal(decodeDiagAnswer(answer, request), "none", `byte ${at}`);
  }
});

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
const row = (ends: string, state: string, uid: number, inode: number) =>
  `   1: ${ends} ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0 20 4\n`;
const MINE = "0100007F:9C40 0100007F:223D", THEIRS = "0100007F:223D 0100007F:9C40";
const SIX_ENDS = "00000000000000000000000001000000:9C40 00000000000000000000000001000000:223D";
const MAPPED = "0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:223D";

test("findInTcpTables() finds the client's end of the connection, in both families", () => {
  const tcp = HEAD + row(THEIRS, "01", 0, 11) + row(MINE, "01", 1000, 12);
  const tcp6 = HEAD + row(SIX_ENDS, "01", 2000, 13);

  assert.equal(findInTcpTables({ tcp, tcp6 }, FOUR), 1000);
  assert.equal(findInTcpTables({ tcp, tcp6 }, SIX), 2000);
  assert.equal(findInTcpTables({ tcp, tcp6 }, { ...FOUR, address: "::ffff:127.0.0.1" }), 1000);
  assert.equal(findInTcpTables({ tcp: HEAD, tcp6: HEAD + row(MAPPED, "01", 7, 1) }, FOUR), 7);
  assert.equal(findInTcpTables({ tcp, tcp6 }, { ...FOUR, port: 40001 }), undefined);
  assert.equal(findInTcpTables({ tcp, tcp6 }, { ...FOUR, remotePort: 8766 }), undefined);
  assert.equal(findInTcpTables({ tcp, tcp6 }, { ...FOUR, address: "127.0.0.2" }), undefined);
});

test("findInTcpTables() takes a row without inode, or a torn one, for unknown", () => {
  const closed = { tcp: HEAD + row(MINE, "06", 0, 0), tcp6: "" };
  const torn = { tcp: HEAD + `   1: ${MINE} 01 00000000:`, tcp6: "" };

  assert.equal(findInTcpTables(closed, FOUR), undefined);
  assert.equal(findInTcpTables(torn, FOUR), undefined);
  assert.equal(findInTcpTables({ tcp: "", tcp6: "" }, FOUR), undefined);
});

test("TcpTableReader reads once at a time, and never answers from a reading begun before the question", async () => {
  let reading = 0, most = 0, round = 0;
  const gates: (() => void)[] = [];
  const reader = new TcpTableReader(async (path) => {
    if (path.endsWith("6")) return "";
    most = Math.max(most, ++reading);
    const uid = ++round;
    await new Promise<void>((resolve) => gates.push(resolve));
    reading--;
    return HEAD + row(MINE, "01", uid, 1);
  });
  const open = async () => {
    while (gates.length === 0) await Promise.resolve();
    gates.shift()?.();
  };

  const first = reader.findOwner(FOUR);
  const second = reader.findOwner(FOUR), third = reader.findOwner(FOUR);
  await open();
  assert.equal(await first, 1);
  await open();

  assert.deepEqual([await second, await third], [2, 2]);
  assert.equal(most, 1);
  const fourth = reader.findOwner(FOUR);
  await open();
  assert.equal(await fourth, 3);
});

test("TcpTableReader knows nothing where /proc cannot be read, and tries again", async () => {
  let works = false;
  const reader = new TcpTableReader(() =>
    works ? Promise.resolve(HEAD + row(MINE, "01", 5, 1)) : Promise.reject(new Error("no /proc"))
  );

  assert.equal(await reader.findOwner(FOUR), undefined);
  works = true;
  assert.equal(await reader.findOwner(FOUR), 5);
});
