/**
 * The file to which a command and everything below it may append JSON lines.
 *
 * A regular file: a writer never waits, and none is harmed when nobody reads any more.
 *
 * @module
 */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { messageOf, quoted, StoreError } from "../../lib/errors.ts";
import { fsKind } from "../../lib/store/fs_kind.ts";

const PIECE_BYTES = 65_536;
/** Most that one look takes, so that nothing else waits long, in bytes. */
const LOOK_BYTES = 4 * 1024 * 1024;

/** A file that is read while others append to it. */
export class ChannelFile {
  readonly path: string;
  readonly #folder: string;
  readonly #fd: number;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #at = 0;

  /**
   * Makes the file, for this user alone.
   *
   * @param folder an existing folder on a disk of this node
   * @throws {StoreError} when it cannot be made
   */
  constructor(folder: string) {
    try {
      this.#folder = mkdtempSync(join(folder, "goodseed-run-"));
      this.path = join(this.#folder, "log.jsonl");
      closeSync(openSync(this.path, "ax", 0o600));
      this.#fd = openSync(this.path, "r");
    } catch (error) {
      const what = `making a file for JSON lines in ${quoted(folder)}: ${messageOf(error)}`;
      throw new StoreError(what, folder, { cause: error });
    }
  }

  /**
   * Takes what has been appended since the last look, in pieces that are valid during the call only.
   *
   * @returns true when there may be more
   */
  look(take: (piece: Uint8Array) => void): boolean {
    for (let taken = 0; taken < LOOK_BYTES;) {
      const count = readSync(this.#fd, this.#piece, 0, PIECE_BYTES, this.#at);
      if (count === 0) return this.#begunAnew();
      this.#at += count;
      taken += count;
      take(this.#piece.subarray(0, count));
    }
    return true;
  }

  /** Removes the file. */
  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A writer that does not append (`>` for `>>`) cuts the file first. */
  #begunAnew(): boolean {
    if (fstatSync(this.#fd).size >= this.#at) return false;
    this.#at = 0;
    return true;
  }
}

/**
 * Folder for the file: on a disk of this node where there is one.
 *
 * @param home GoodSeed's home, if no temporary folder will do
 */
export function channelFolder(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const candidates = [env.TMPDIR, env.XDG_RUNTIME_DIR, tmpdir()];
  const found = candidates.find((folder) => folder && isAbsolute(folder) && isUsable(folder));
  if (found !== undefined) return found;
  const own = join(home, "tmp");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  return own;
}

function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return !fsKind(folder).remote;
  } catch { // missing, as /run/user/<uid> is on many compute nodes
    return false;
  }
}
