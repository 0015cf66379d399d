/**
 * The file of a unix socket: who may reach it, and whether somebody listens there already.
 *
 * @module
 */
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { quoted, UsageError } from "../errors.ts";

/** The kernel's room for the name of a socket (macOS; Linux has 107), less our ending, in bytes. */
const MAX_PATH_BYTES = 99;

/** Type bits of a file mode (`Stats.isSocket()` says false on an older runtime). */
const TYPE_BITS = 0o170000, SOCKET_TYPE = 0o140000;

/**
 * A socket that only its owner can reach. It is bound under another name and renamed when its mode
 * is set, so nobody ever sees it open, and a runtime that removes what it bound removes nothing.
 */
export class SocketFile {
  readonly path: string;
  /** Where to bind. */
  readonly bindPath: string;
  #inode = -1;

  private constructor(path: string) {
    this.path = path;
    this.bindPath = `${path}.new`;
  }

  /**
   * Makes the place ready: a folder that only its owner can enter (made with mode 0700 when it is
   * missing), and no old socket that somebody listens on.
   *
   * @throws {UsageError} the folder is open to others, the name is taken, or somebody listens there
   */
  static async prepare(path: string): Promise<SocketFile> {
    if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
      throw refusal(path, `its name is longer than ${MAX_PATH_BYTES} bytes; choose a shorter one`);
    }
    prepareFolder(path);
    const found = statOf(path, lstatSync);
    if (found !== undefined && (found.mode & TYPE_BITS) !== SOCKET_TYPE) {
      throw refusal(path, "a file of that name is not a socket; choose another name");
    }
    if (found !== undefined && await somebodyListens(path)) {
      throw refusal(path, "it is in use by another server; stop that one or choose another name");
    }
    const file = new SocketFile(path);
    rmSync(file.bindPath, { force: true });
    return file;
  }

  /** After binding: closes the socket to everybody else and gives it its name. */
  publish(): void {
    chmodSync(this.bindPath, 0o600);
    this.#inode = lstatSync(this.bindPath).ino;
    renameSync(this.bindPath, this.path);
  }

  /** Removes the file unless its name has come to belong to another one. */
  remove(): void {
    if (statOf(this.path, lstatSync)?.ino === this.#inode) rmSync(this.path, { force: true });
  }
}

function prepareFolder(path: string): void {
  const folder = dirname(path), found = statOf(folder, statSync);
  if (found === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700); // whatever the umask says
    return;
  }
  const mode = found.mode & 0o777, uid = process.getuid?.();
  if ((mode & 0o077) === 0 && (uid === undefined || found.uid === uid)) return;
  throw refusal(
    path,
    `its folder has mode ${mode.toString(8)} and owner ${found.uid}, so others could reach it; ` +
      "name a folder of your own with mode 700, or one that does not exist yet",
  );
}

function refusal(path: string, what: string): UsageError {
  return new UsageError(`serving on the socket ${quoted(path)}: ${what}`);
}

function statOf(path: string, stat: (path: string) => Stats): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}
