/**
 * The record format of SQLite: one row as bytes. Pure.
 *
 * @module
 */

/** A stored value; texts stay bytes, so that nothing is lost on the way into another file. */
export type StoredValue = null | number | bigint | StoredText | StoredBlob;

/** A text, in UTF-8 if the file is right. */
export interface StoredText {
  readonly kind: "text";
  readonly bytes: Uint8Array;
}

/** Bytes. */
export interface StoredBlob {
  readonly kind: "blob";
  readonly bytes: Uint8Array;
}

/** A number of 1 to 9 bytes. */
export interface Varint {
  /** Exact up to 2^53; what is larger is never needed exactly here. */
  readonly value: number;
  /** Where the next byte is. */
  readonly next: number;
}

/** Reads a varint; undefined where the bytes end before it does. */
export function readVarint(bytes: Uint8Array, at: number): Varint | undefined {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    if (i === 8) return { value: signed64(value, byte), next: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return undefined;
}

/** The ninth byte counts in full; only then can the number be negative. */
function signed64(high56: number, low: number): number {
  const value = BigInt.asIntN(64, (BigInt(high56) << 8n) | BigInt(low));
  return Number(value);
}

/** Width of integers by serial type, in bytes. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

/**
 * Decodes a record.
 *
 * @param payload exactly the bytes of the record
 * @param maxColumns more make it no record of ours
 * @returns undefined where header and body do not fit together to the byte
 */
export function decodeRecord(payload: Uint8Array, maxColumns: number): StoredValue[] | undefined {
  const head = readVarint(payload, 0);
  if (head === undefined || head.value < 1 || head.value > payload.length) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const values: StoredValue[] = [];
  let at = head.next, body = head.value;
  while (at < head.value) {
    const type = readVarint(payload, at);
    if (type === undefined || type.next > head.value || values.length === maxColumns) {
      return undefined;
    }
    at = type.next;
    const bytes = byteCount(type.value);
    if (bytes === undefined || body + bytes > payload.length) return undefined;
    values.push(decodeValue(type.value, payload, view, body, bytes));
    body += bytes;
  }
  return at === head.value && body === payload.length ? values : undefined;
}

function byteCount(type: number): number | undefined {
  if (type >= 12) return Math.floor((type - 12) / 2);
  if (type === 7) return 8;
  if (type === 8 || type === 9) return 0;
  return INTEGER_BYTES[type]; // 10 and 11 are not used in files
}

function decodeValue(
  type: number,
  payload: Uint8Array,
  view: DataView,
  at: number,
  bytes: number,
): StoredValue {
  if (type >= 12) {
    return { kind: type % 2 === 1 ? "text" : "blob", bytes: payload.subarray(at, at + bytes) };
  }
  switch (type) {
    case 0:
      return null;
    case 6: {
      const value = view.getBigInt64(at);
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    case 7: {
      const number = view.getFloat64(at);
      return number !== number ? null : number; // SQLite reads a stored NaN as NULL
    }
    case 8:
      return 0;
    case 9:
      return 1;
    default: {
      let value = view.getInt8(at);
      for (let i = 1; i < bytes; i++) value = value * 256 + view.getUint8(at + i);
      return value;
    }
  }
}
