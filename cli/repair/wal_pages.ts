/**
 * The write-ahead log beside a damaged file: which pages it holds, up to its last whole commit.
 * Pure.
 *
 * @module
 */

/** What is usable of a log. */
export interface WalPages {
  /** Page number → where its newest committed content begins in the log. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly pageBytes: number;
  /** Pages of the file after the last commit; 0 without one. */
  readonly pageCount: number;
  /** True when everything in the log was committed and whole. */
  readonly whole: boolean;
}

const HEADER_BYTES = 32, FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/**
 * Reads a log.
 *
 * @param wal all its bytes
 * @returns undefined when its header is not whole: nothing in it can be trusted then
 */
export function readWal(wal: Uint8Array): WalPages | undefined {
  if (wal.length < HEADER_BYTES) return undefined;
  const view = new DataView(wal.buffer, wal.byteOffset, wal.byteLength);
  const magic = view.getUint32(0);
  if ((magic & ~1) >>> 0 !== MAGIC) return undefined;
  const little = (magic & 1) === 0;
  const pageBytes = view.getUint32(8);
  if (pageBytes < 512 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  let sum = checksum(view, 0, 24, little, [0, 0]);
  if (sum[0] !== view.getUint32(24) || sum[1] !== view.getUint32(28)) return undefined;
  const offsets = new Map<number, number>(), open = new Map<number, number>();
  let pageCount = 0, at = HEADER_BYTES, committedTo = at;
  for (; at + FRAME_HEADER_BYTES + pageBytes <= wal.length; at += FRAME_HEADER_BYTES + pageBytes) {
    // Frames of an older round of the log carry other salts.
    if (view.getUint32(at + 8) !== view.getUint32(16)) break;
    if (view.getUint32(at + 12) !== view.getUint32(20)) break;
    sum = checksum(view, at, 8, little, sum);
    sum = checksum(view, at + FRAME_HEADER_BYTES, pageBytes, little, sum);
    if (sum[0] !== view.getUint32(at + 16) || sum[1] !== view.getUint32(at + 20)) break;
    open.set(view.getUint32(at), at + FRAME_HEADER_BYTES);
    const size = view.getUint32(at + 4);
    if (size === 0) continue;
    for (const [page, place] of open) offsets.set(page, place);
    open.clear();
    pageCount = size;
    committedTo = at + FRAME_HEADER_BYTES + pageBytes;
  }
  return { offsets, pageBytes, pageCount, whole: committedTo === wal.length };
}

type Sum = readonly [number, number];

function checksum(view: DataView, from: number, bytes: number, little: boolean, start: Sum): Sum {
  let [a, b] = start;
  for (let at = from; at < from + bytes; at += 8) {
    a = (a + view.getUint32(at, little) + b) >>> 0;
    b = (b + view.getUint32(at + 4, little) + a) >>> 0;
  }
  return [a, b];
}
