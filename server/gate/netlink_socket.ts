/**
 * Asks the kernel by `NETLINK_SOCK_DIAG` who owns a socket: microseconds, and no privilege needed.
 *
 * @module
 */
import process from "node:process";
import { openLibrary } from "../../lib/runtime/ffi.ts";
import {
  decodeDiagAnswer,
  DIAG_SOCKET,
  encodeDiagRequest,
  MAX_ANSWER_BYTES,
} from "./netlink_diag.ts";
import type { SocketEnds } from "./socket_ends.ts";

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u64", "i32"], result: "i64" },
  recv: { parameters: ["i32", "buffer", "u64", "i32"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** The answer lies ready when `send()` returns, so there is never anything to wait for. */
const MSG_DONTWAIT = 0x40;

/** Old answers that are skipped before a question counts as unanswered. */
const MAX_OLD_ANSWERS = 8;

/** An open way to ask. */
export interface DiagSocket extends Disposable {
  /** @returns the owner's user number; undefined when nobody holds such a socket */
  findOwner(ends: SocketEnds): number | undefined;
}

/** Opens the way; undefined off Linux, and where native calls or netlink are not permitted. */
export function openDiagSocket(): DiagSocket | undefined {
  if (process.platform !== "linux") return undefined;
  const libc = openLibrary(["libc.so.6", "libc.so"], LIBC);
  if (libc === undefined) return undefined;
  const { socket, send, recv, close } = libc.symbols;
  const fd = socket(...DIAG_SOCKET);
  if (fd < 0) {
    libc.close();
    return undefined;
  }
  const answer = new Uint8Array(MAX_ANSWER_BYTES);
  let seq = 0;
  return {
    findOwner(ends) {
      seq = (seq + 1) >>> 0;
      const request = encodeDiagRequest(ends, seq);
      if (request === undefined) return undefined;
      if (Number(send(fd, request, request.length, 0)) !== request.length) return undefined;
      for (let i = 0; i < MAX_OLD_ANSWERS; i++) {
        const length = Number(recv(fd, answer, answer.length, MSG_DONTWAIT));
        if (length <= 0) return undefined;
        const found = decodeDiagAnswer(answer.subarray(0, length), request);
        if (found === "other") continue;
        // a closed socket is shown as owned by root, but has no inode any more
        return found === "none" || found.inode === 0 ? undefined : found.uid;
      }
      return undefined;
    },
    [Symbol.dispose]() {
      close(fd);
      libc.close();
    },
  };
}
