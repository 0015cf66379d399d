/**
 * Which kind of filesystem a folder is on, and whether other hosts may share it: SQLite's
 * write-ahead log works on one host only.
 *
 * @module
 */
import { readFileSync, realpathSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";

/** A filesystem. */
export interface FsKind {
  /** Name as the kernel gives it (`ext4`, `nfs4`, `fuse.sshfs` …); `unknown` when it gives none. */
  readonly name: string;
  /** True when it is, or may be, served by another host. */
  readonly remote: boolean;
}

/** Numbers of `statfs` (kernel headers) of filesystems that other hosts serve. */
const REMOTE_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x65735546, "fuse"],
  [0x0bd00bd0, "lustre"],
  [0x47504653, "gpfs"],
  [0x19830326, "beegfs"],
  [0x00c36400, "ceph"],
  [0x5346414f, "afs"],
  [0x6b414653, "kafs"],
  [0xaad7aaea, "panfs"],
  [0x01021997, "9p"],
  [0x61636673, "acfs"],
  [0x7461636f, "ocfs2"],
  [0x01161970, "gfs2"],
  [0x6a656a63, "virtiofs"],
  [0x786f4256, "vboxsf"],
]);

/** Numbers of filesystems of this host, for their names only. */
const LOCAL_TYPES: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x01021994, "tmpfs"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0x794c7630, "overlay"],
  [0xf2f52010, "f2fs"],
]);

/** Names in the table of mounts that stand for other hosts' filesystems. */
const REMOTE_NAMES =
  /^(nfs\d?|cifs|smb\d?|smbfs|lustre|gpfs|mmfs|beegfs|ceph|afs|panfs|9p|ocfs2|gfs2|virtiofs|vboxsf|prl_fs|davfs|glusterfs|orangefs|pvfs2|fuse(\..+)?)$/;

/** Filesystems in user space that keep their data on a disk of this host. */
const LOCAL_FUSE =
  /^(fuseblk|fuse\.(ntfs(-3g)?|exfat|gocryptfs|encfs|cryfs|mergerfs|bindfs|fuse-overlayfs|squashfuse|lxcfs))$/;

/**
 * Tells the filesystem of a folder; of its nearest existing parent when it does not exist yet.
 *
 * By the number `statfs` gives and, on Linux, the name in `/proc/self/mountinfo`. Filesystems in
 * user space count as remote unless they are known to use a local disk. Where nothing can be
 * learned, the answer is `unknown`, not remote.
 *
 * @param dir any path
 */
export function fsKind(dir: string): FsKind {
  const path = existingPath(dir);
  const type = statfsType(path);
  const mounted = process.platform === "linux" ? mountName(readMounts(), path) : undefined;
  return judge(type, mounted);
}

/**
 * Decides from both sources.
 *
 * @param type number of `statfs`, if known
 * @param mounted name in the table of mounts, if known
 */
export function judge(type: number | undefined, mounted: string | undefined): FsKind {
  const byType = type === undefined ? undefined : REMOTE_TYPES.get(type);
  const name = mounted ?? byType ?? LOCAL_TYPES.get(type ?? -1) ?? "unknown";
  if (LOCAL_FUSE.test(name)) return { name, remote: false };
  return { name, remote: byType !== undefined || REMOTE_NAMES.test(name) };
}

/**
 * Name of the filesystem that holds `path`, by the longest mount point that is a prefix of it; of
 * two on one mount point the later one is on top.
 *
 * @param mountinfo text of `/proc/self/mountinfo`
 * @param path absolute, without symbolic links
 */
export function mountName(mountinfo: string, path: string): string | undefined {
  let best = -1;
  let name: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6);
    const point = unescapeMount(fields[4] ?? "");
    const type = dash < 0 ? undefined : fields[dash + 1];
    if (type === undefined || !holds(point, path) || point.length < best) continue;
    best = point.length;
    name = type;
  }
  return name;
}

function holds(point: string, path: string): boolean {
  return point === "/" || path === point || path.startsWith(point + "/");
}

/** Blanks, tabs, newlines and backslashes stand as three octal digits. */
function unescapeMount(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

function readMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch { // no /proc: the number of statfs has to do
    return "";
  }
}

function statfsType(path: string): number | undefined {
  if (process.platform !== "linux") return undefined; // elsewhere the numbers mean other things
  try {
    return Number(statfsSync(path).type) >>> 0;
  } catch { // not permitted
    return undefined;
  }
}

function existingPath(dir: string): string {
  for (let path = resolve(dir);;) {
    try {
      return realpathSync(path);
    } catch { // not there (yet), or not to be seen: its parent is on the same disk
      const parent = dirname(path);
      if (parent === path) return path;
      path = parent;
    }
  }
}
