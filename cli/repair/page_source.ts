/**
 * The pages of a damaged database: from its log where that has them, else from the file.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { type BtreePage, type PageShape, parsePage, type Payload } from "./btree_page.ts";
import { readWal, type WalPages } from "./wal_pages.ts";

/** A larger log is not taken into memory, in bytes. */
const MAX_WAL_BYTES = 1024 * 1024 * 1024;
const PAGE_SIZES = [4096, 1024, 2048, 8192, 16384, 32768, 65536, 512];
/** Part of a file that is looked at to guess the size of its pages, in bytes. */
const GUESS_BYTES = 4 * 1024 * 1024;

/** A damaged database, open for reading. Only ever opened on a copy, or where nobody writes. */
export class PageSource implements Disposable {
  readonly shape: PageShape;
  /** What is wrong with the file as a whole. */
  readonly notes: readonly string[];
  readonly #fd: number;
  readonly #pageBytes: number;
  readonly #walBytes: Uint8Array;
  readonly #wal: WalPages | undefined;
  readonly #fileBytes: number;

  /** @param path the file; its log is looked for beside it */
  constructor(path: string) {
    const notes: string[] = [];
    this.#fd = openSync(path, "r");
    this.#fileBytes = fstatSync(this.#fd).size;
    this.#walBytes = walOf(path, notes);
    this.#wal = this.#walBytes.length === 0 ? undefined : readWal(this.#walBytes);
    if (this.#walBytes.length > 0 && this.#wal === undefined) {
      notes.push("the log (-wal) is damaged at its beginning; nothing of it was used");
    } else if (this.#wal?.whole === false) {
      notes.push("the log (-wal) is used up to its last whole commit");
    }
    const head = this.#read(0, 100);
    this.#pageBytes = this.#wal?.pageBytes ?? headerPageBytes(head) ?? this.#guessPageBytes(notes);
    const reserved = headerPageBytes(head) === this.#pageBytes ? head[20]! : 0;
    const inFile = Math.ceil(this.#fileBytes / this.#pageBytes);
    const pageCount = Math.max(inFile, this.#wal?.pageCount ?? 0);
    this.shape = { usableBytes: this.#pageBytes - (reserved <= 32 ? reserved : 0), pageCount };
    this.notes = notes;
  }

  /** Bytes of a page; undefined when the file does not reach to it. */
  page(number: number): Uint8Array | undefined {
    if (number < 1 || number > this.shape.pageCount) return undefined;
    const offset = this.#wal?.offsets.get(number);
    if (offset !== undefined) return this.#walBytes.subarray(offset, offset + this.#pageBytes);
    const bytes = this.#read((number - 1) * this.#pageBytes, this.#pageBytes);
    return bytes.length === this.#pageBytes ? bytes : undefined;
  }

  /** A page as one of a b-tree; undefined when it is none. */
  btree(number: number): BtreePage | undefined {
    const bytes = this.page(number);
    return bytes && parsePage(bytes, number === 1 ? 100 : 0, this.shape);
  }

  /** A whole payload; undefined where its overflow pages are not whole. */
  payload(payload: Payload, onPage: (page: number) => void = () => {}): Uint8Array | undefined {
    if (payload.overflow === 0) return payload.local;
    const bytes = new Uint8Array(payload.totalBytes), size = this.shape.usableBytes - 4;
    bytes.set(payload.local);
    const seen = new Set<number>();
    for (let at = payload.local.length, next = payload.overflow; at < bytes.length;) {
      const page = seen.has(next) ? undefined : this.page(next);
      if (page === undefined || page.every((byte) => byte === 0)) return undefined; // a hole
      seen.add(next);
      const part = page.subarray(4, 4 + Math.min(size, bytes.length - at));
      bytes.set(part, at);
      at += part.length;
      next = new DataView(page.buffer, page.byteOffset).getUint32(0);
      if ((at === bytes.length) !== (next === 0)) return undefined;
    }
    for (const page of seen) onPage(page);
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  /** The size that finds most pages of b-trees; a multiple of the true one finds fewer. */
  #guessPageBytes(notes: string[]): number {
    let best = 4096, most = 0;
    for (const pageBytes of PAGE_SIZES) {
      const pageCount = Math.ceil(this.#fileBytes / pageBytes);
      let fits = 0;
      for (let page = 2; page <= Math.min(pageCount, GUESS_BYTES / pageBytes); page++) {
        const bytes = this.#read((page - 1) * pageBytes, pageBytes);
        if (bytes.length < pageBytes) break;
        const parsed = parsePage(bytes, 0, { usableBytes: pageBytes, pageCount });
        if (parsed && parsed.cells.length > 0 && parsed.cells.every(Boolean)) fits++;
      }
      if (fits > most) [best, most] = [pageBytes, fits];
    }
    notes.push(`the header of the file is destroyed; taken to have pages of ${best} bytes`);
    return best;
  }

  #read(offset: number, bytes: number): Uint8Array {
    const buffer = new Uint8Array(bytes);
    let done = 0;
    while (done < bytes) {
      const got = readSync(this.#fd, buffer, done, bytes - done, offset + done);
      if (got === 0) break;
      done += got;
    }
    return buffer.subarray(0, done);
  }
}

function headerPageBytes(head: Uint8Array): number | undefined {
  if (
    head.length < 100 || !"SQLite format 3\0".split("").every((c, i) => head[i] === c.charCodeAt(0))
  ) {
    return undefined;
  }
  const stored = head[16]! * 256 + head[17]!;
  const size = stored === 1 ? 65536 : stored;
  return size >= 512 && (size & (size - 1)) === 0 ? size : undefined;
}

function walOf(path: string, notes: string[]): Uint8Array {
  const stats = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.size === 0) return new Uint8Array(0);
  if (stats.size <= MAX_WAL_BYTES) return new Uint8Array(readFileSync(`${path}-wal`));
  notes.push("the log (-wal) is larger than 1 GiB and was not used");
  return new Uint8Array(0);
}
