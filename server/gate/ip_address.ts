/**
 * IP addresses as bytes.
 *
 * @module
 */

/**
 * Reads an IPv4 or IPv6 address as text; an IPv4 address inside IPv6 (`::ffff:127.0.0.1`) is taken
 * as IPv4, because that is what the other end sees.
 *
 * @returns 4 or 16 bytes, or undefined when the text is no address
 */
export function parseIp(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return parseIp4(text);
  const bytes = parseIp6(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** The 16 bytes under which an IPv4 address appears in IPv6 sockets. */
export function mapToIp6(ip4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.fill(0xff, 10, 12);
  bytes.set(ip4, 12);
  return bytes;
}

/** True for `127.0.0.0/8` and `::1`. */
export function isLoopback(text: string): boolean {
  const bytes = parseIp(text);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
}

function parseIp4(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const parts = text.split(".").map(Number);
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
}

function parseIp6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = words(halves[0] ?? ""), tail = words(halves[1] ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...tail]);
}

/** Bytes of `0:a:…`, whose last part may be an IPv4 address. */
function words(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [], parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const ip4 = i === parts.length - 1 ? parseIp4(part) : undefined;
    if (ip4 !== undefined) {
      bytes.push(...ip4);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      const word = parseInt(part, 16);
      bytes.push(word >> 8, word & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}
