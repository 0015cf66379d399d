/**
 * Codec of Linux' `NETLINK_SOCK_DIAG`: one exact question for one TCP socket (see
 * `linux/netlink.h`, `linux/inet_diag.h`). Numbers are in the machine's order (little-endian on all
 * platforms we run on), ports and addresses in network order.
 *
 * @module
 */
import { mapToIp6, parseIp } from "./ip_address.ts";
import type { SocketEnds } from "./socket_ends.ts";

/** Arguments of `socket()`: AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG. */
export const DIAG_SOCKET = [16, 3 | 0x80000, 4] as const;

/** Longer than any answer to one question, in bytes. */
export const MAX_ANSWER_BYTES = 4096;

const REQUEST_BYTES = 72, ANSWER_BYTES = 88;
const SOCK_DIAG_BY_FAMILY = 20, NLM_F_REQUEST = 1, IPPROTO_TCP = 6, ANY_STATE = 0xffffffff;
const AF_INET = 2, AF_INET6 = 10;
const ID_AT = 24, ANSWER_ID_AT = 20, UID_AT = 80, INODE_AT = 84; // struct inet_diag_sockid: 48 bytes
const ADDRESSES_BYTES = 2 + 2 + 16 + 16;

/** What the kernel said: the socket, "none" (no such socket, or an error), "other" (an old answer). */
export type DiagAnswer = { readonly uid: number; readonly inode: number } | "none" | "other";

/**
 * The question for a socket.
 *
 * @param seq number that the answer repeats
 * @returns 72 bytes; undefined when an address is none or the two are of different families
 */
export function encodeDiagRequest(
  ends: SocketEnds,
  seq: number,
): Uint8Array<ArrayBuffer> | undefined {
  const local = parseIp(ends.address), remote = parseIp(ends.remoteAddress);
  if (local === undefined || remote === undefined || local.length !== remote.length) {
    return undefined;
  }
  const bytes = new Uint8Array(REQUEST_BYTES), view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST_BYTES, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint32(8, seq, true);
  bytes[16] = local.length === 4 ? AF_INET : AF_INET6;
  bytes[17] = IPPROTO_TCP;
  view.setUint32(20, ANY_STATE, true);
  view.setUint16(ID_AT, ends.port);
  view.setUint16(ID_AT + 2, ends.remotePort);
  bytes.set(local, ID_AT + 4);
  bytes.set(remote, ID_AT + 20);
  bytes.fill(0xff, ID_AT + 40, ID_AT + 48); // any cookie
  return bytes;
}

/**
 * Reads an answer to `request`. The kernel falls back to a listener on the port when there is no
 * connection of that kind, so the answer must repeat the whole question.
 */
export function decodeDiagAnswer(answer: Uint8Array, request: Uint8Array): DiagAnswer {
  if (answer.length < 16) return "none";
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const seq = new DataView(request.buffer, request.byteOffset).getUint32(8, true);
  if (view.getUint32(8, true) !== seq) return "other";
  if (view.getUint16(4, true) !== SOCK_DIAG_BY_FAMILY || answer.length < ANSWER_BYTES) {
    return "none";
  }
  const asked = idOf(request, ID_AT, answer[16] === AF_INET6 && request[16] === AF_INET);
  const found = idOf(answer, ANSWER_ID_AT, false);
  if (!asked.every((byte, i) => byte === found[i])) return "none";
  return { uid: view.getUint32(UID_AT, true), inode: view.getUint32(INODE_AT, true) };
}

/** Ports and addresses; `mapped`: as an IPv6 socket shows its IPv4 connection. */
function idOf(message: Uint8Array, at: number, mapped: boolean): Uint8Array {
  const id = message.slice(at, at + ADDRESSES_BYTES);
  if (mapped) {
    id.set(mapToIp6(id.slice(4, 8)), 4);
    id.set(mapToIp6(id.slice(20, 24)), 20);
  }
  return id;
}
