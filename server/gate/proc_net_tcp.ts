/**
 * Who owns a socket, by `/proc/net/tcp` and `/proc/net/tcp6`. Slower than netlink (the kernel walks
 * its whole table, some ms a read) but needs no native call.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { mapToIp6, parseIp } from "./ip_address.ts";
import type { SocketEnds } from "./socket_ends.ts";

const UID_FIELD = 7, INODE_FIELD = 9;

/** The two tables; an IPv4 connection may belong to an IPv6 socket and then stands in the second. */
export interface TcpTables {
  readonly tcp: string;
  readonly tcp6: string;
}

/**
 * Finds the row of exactly this connection.
 *
 * @returns the owner's user number; undefined when there is no such row, or its inode is 0 (closed)
 */
export function findInTcpTables(tables: TcpTables, ends: SocketEnds): number | undefined {
  const local = parseIp(ends.address), remote = parseIp(ends.remoteAddress);
  if (local === undefined || remote === undefined || local.length !== remote.length) {
    return undefined;
  }
  const rowKey = (from: Uint8Array, to: Uint8Array) =>
    ` ${hexAddress(from)}:${hexPort(ends.port)} ${hexAddress(to)}:${hexPort(ends.remotePort)} `;
  if (local.length === 16) return ownerIn(tables.tcp6, rowKey(local, remote));
  return ownerIn(tables.tcp, rowKey(local, remote)) ??
    ownerIn(tables.tcp6, rowKey(mapToIp6(local), mapToIp6(remote)));
}

function ownerIn(table: string, key: string): number | undefined {
  const at = table.indexOf(key);
  if (at < 0) return undefined;
  const start = table.lastIndexOf("\n", at) + 1, end = table.indexOf("\n", at);
  const fields = table.slice(start, end < 0 ? undefined : end).trim().split(/\s+/);
  const uid = fields[UID_FIELD], inode = fields[INODE_FIELD];
  if (uid === undefined || inode === undefined || !/^\d+$/.test(uid)) return undefined;
  return /^[1-9]\d*$/.test(inode) ? Number(uid) : undefined;
}

/** Four bytes at a time, each group as a little-endian number: `127.0.0.1` is `0100007F`. */
function hexAddress(bytes: Uint8Array): string {
  let text = "";
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = 3; i >= 0; i--) text += hex(bytes[word + i] ?? 0, 2);
  }
  return text;
}

function hexPort(port: number): string {
  return hex(port, 4);
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** Reads a file as text; tests give their own. */
export type ReadText = (path: string) => Promise<string>;

/**
 * Reads the tables, at most one reading at a time. A question is only answered by a reading that
 * began after it was asked; all that are asked meanwhile share the next one.
 */
export class TcpTableReader {
  readonly #readText: ReadText;
  #current: Promise<TcpTables> | undefined;
  #next: Promise<TcpTables> | undefined;

  constructor(readText: ReadText = (path) => readFile(path, "utf8")) {
    this.#readText = readText;
  }

  /** @returns the owner's user number; undefined when unknown, also when `/proc` cannot be read */
  async findOwner(ends: SocketEnds): Promise<number | undefined> {
    try {
      return findInTcpTables(await this.#tables(), ends);
    } catch { // no /proc, or not readable: unknown, and the gate refuses the unknown
      return undefined;
    }
  }

  #tables(): Promise<TcpTables> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#current = this.#read();
    return this.#next = this.#current.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#current = this.#read();
    });
  }

  async #read(): Promise<TcpTables> {
    try {
      const tcp = await this.#readText("/proc/net/tcp");
      const tcp6 = await this.#readText("/proc/net/tcp6").catch(() => ""); // no IPv6 here
      return { tcp, tcp6 };
    } finally {
      this.#current = undefined;
    }
  }
}
