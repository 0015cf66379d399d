import { test } from "node:test";
import assert from "node:assert/strict";
import { fsKind, judge, mountName } from "../../../lib/store/fs_kind.ts";
import { tempDir } from "../../_harness.ts";

const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /home rw shared:7 - nfs4 server:/home rw,vers=4.2
31 30 0:26 / /home/me/my\\040disk rw - fuse.sshfs me@host:/ rw
32 22 0:27 / /tmp rw - tmpfs tmpfs rw
33 22 0:28 / /tmp rw - overlay overlay rw
`;

test("mountName() takes the longest mount point, whole folder names, and the upper of two", () => {
  assert.equal(mountName(MOUNTS, "/etc"), "ext4");
  assert.equal(mountName(MOUNTS, "/home/you/x"), "nfs4");
  assert.equal(mountName(MOUNTS, "/homes"), "ext4");
  assert.equal(mountName(MOUNTS, "/home/me/my disk/a"), "fuse.sshfs");
  assert.equal(mountName(MOUNTS, "/tmp"), "overlay");
  assert.equal(mountName("garbage\n\n", "/x"), undefined);
});

test("judge() knows filesystems of other hosts by number or by name", () => {
  assert.deepEqual(judge(0x6969, undefined), { name: "nfs", remote: true });
  assert.deepEqual(judge(0x0bd00bd0, "lustre"), { name: "lustre", remote: true });
  assert.deepEqual(judge(undefined, "fuse.sshfs"), { name: "fuse.sshfs", remote: true });
  assert.deepEqual(judge(0x65735546, "fuse.gocryptfs"), { name: "fuse.gocryptfs", remote: false });
  assert.deepEqual(judge(0xef53, "ext4"), { name: "ext4", remote: false });
  assert.deepEqual(judge(0x1234, undefined), { name: "unknown", remote: false });
});

test("fsKind() answers for a folder that is not there yet with its parent's filesystem", () => {
  using dir = tempDir();

  const here = fsKind(dir.path);

  assert.notEqual(here.name, "");
  assert.deepEqual(fsKind(dir.join("a", "b", "c")), here);
});
