import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { memoryLimitBytes } from "../../monitors/cgroup.ts";
import {
  groupAndParents,
  parseMemoryGroups,
  parseMemoryLimit,
} from "../../monitors/cgroup_parse.ts";
import {
  parseChildren,
  parseCpuTimes,
  parseIo,
  parseMemInfo,
  parseNetDev,
  parseParentPid,
  parseResidentBytes,
} from "../../monitors/proc_parse.ts";
import { processTree, treeResidentBytes } from "../../monitors/process_tree.ts";
import { type TempDir, tempDir, until } from "../_harness.ts";
import { fixture } from "./_fixture.ts";

/** Writes files of a stand-in for `/proc` or `/sys/fs/cgroup`. */
function write(dir: TempDir, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dir.join(path, ".."), { recursive: true });
    writeFileSync(dir.join(path), text);
  }
}

test("parseCpuTimes() counts waiting as idle and guests once", () => {
  const total = 10132153 + 290696 + 3084719 + 46828483 + 16683 + 0 + 25195 + 1200;
  assert.deepEqual(parseCpuTimes(fixture("proc/stat.txt")), {
    busy: total - 46828483 - 16683,
    total,
  });
  assert.deepEqual(parseCpuTimes("cpu 1 2 3 4\n"), { busy: 6, total: 10 });
});

test("parseMemInfo() reads the machine's memory, also of old kernels", () => {
  assert.deepEqual(parseMemInfo(fixture("proc/meminfo.txt")), {
    total: 528280260 * 1024,
    available: 396210196 * 1024,
  });
  assert.deepEqual(parseMemInfo(fixture("proc/meminfo_old.txt")), {
    total: 2061100 * 1024,
    available: (131072 + 65536 + 262144) * 1024,
  });
});

test("parseResidentBytes() reads VmRSS, which kernel threads lack", () => {
  assert.equal(parseResidentBytes(fixture("proc/status.txt")), 1024 ** 3);
  assert.equal(parseResidentBytes(fixture("proc/status_kernel_thread.txt")), undefined);
});

test("parseParentPid() is not fooled by the program's name", () => {
  assert.equal(parseParentPid(fixture("proc/pid_stat.txt")), 20400);
  assert.equal(parseParentPid("7 (x) S 8) S 3 7 7"), 3);
});

test("parseIo() reads what went to and came from disks", () => {
  assert.deepEqual(parseIo(fixture("proc/io.txt")), { into: 1048576000, out: 524288 });
});

test("parseNetDev() counts each byte that leaves the machine once", () => {
  assert.deepEqual(parseNetDev(fixture("proc/net_dev.txt")), { into: 5_000_000, out: 3_200_000 });
});

test("parsers give undefined for texts that are not theirs", () => {
  const parsers = [
    parseCpuTimes,
    parseMemInfo,
    parseResidentBytes,
    parseParentPid,
    parseIo,
    parseNetDev,
  ];
  for (const parse of parsers) assert.equal(parse(""), undefined, parse.name);
  fc.assert(fc.property(fc.string(), (text) => {
    for (const parse of parsers) parse(text);
    assert.ok(parseChildren(text).every(Number.isInteger));
  }));
});

test("parseMemoryGroups() reads both versions", () => {
  const hybrid = "9:name=systemd:/\n4:memory:/slurm/job_1\n3:cpuset,memory2:/x\n0::/user.slice\n";
  assert.deepEqual(parseMemoryGroups(hybrid), { v1: "/slurm/job_1", v2: "/user.slice" });
  assert.deepEqual(parseMemoryGroups("0::/system.slice/docker-1:2.scope\n"), {
    v2: "/system.slice/docker-1:2.scope",
  });
  assert.deepEqual(parseMemoryGroups("7:cpu,memory:/a\n"), { v1: "/a" });
  assert.deepEqual(parseMemoryGroups(""), {});
});

test("parseMemoryLimit() takes max and 2^62 and more for no limit", () => {
  assert.equal(parseMemoryLimit("max\n"), undefined);
  assert.equal(parseMemoryLimit("9223372036854771712\n"), undefined);
  assert.equal(parseMemoryLimit("4611686018427387904\n"), undefined);
  assert.equal(parseMemoryLimit("0\n"), undefined);
  assert.equal(parseMemoryLimit("\n"), undefined);
  assert.equal(parseMemoryLimit("17179869184\n"), 16 * 1024 ** 3);
});

test("groupAndParents() walks up to the root and never out of it", () => {
  assert.deepEqual(groupAndParents("/a/b"), ["/a/b", "/a", ""]);
  assert.deepEqual(groupAndParents("/"), [""]);
  assert.deepEqual(groupAndParents("/../../etc"), ["/etc", ""]);
});

test("memoryLimitBytes() takes the smallest limit on the way up (version 2)", () => {
  using dir = tempDir();
  write(dir, {
    "proc/meminfo": "MemTotal:  67108864 kB\n",
    "proc/7/cgroup": "0::/slurm/job_9/step_0\n",
    "cgroup/slurm/memory.max": "34359738368\n",
    "cgroup/slurm/job_9/memory.max": "8589934592\n",
    "cgroup/slurm/job_9/step_0/memory.max": "max\n",
  });
  const options = { procRoot: dir.join("proc"), processFolder: dir.join("proc/7") };

  assert.equal(memoryLimitBytes({ ...options, cgroupRoot: dir.join("cgroup") }), 8 * 1024 ** 3);
});

test("memoryLimitBytes() reads version 1, and the root where a container hides its path", () => {
  using dir = tempDir();
  write(dir, {
    "proc/meminfo": "MemTotal:  67108864 kB\n",
    "proc/7/cgroup": "4:memory:/docker/0123abcd\n0::/\n",
    "cgroup/memory/memory.limit_in_bytes": "4294967296\n",
  });
  const options = { procRoot: dir.join("proc"), processFolder: dir.join("proc/7") };

  assert.equal(memoryLimitBytes({ ...options, cgroupRoot: dir.join("cgroup") }), 4 * 1024 ** 3);
});

test("memoryLimitBytes() is the machine's memory without a limit, and unknown elsewhere", () => {
  using dir = tempDir();
  write(dir, { "proc/meminfo": "MemTotal:  1024 kB\n", "proc/7/cgroup": "0::/\n" });
  const options = { processFolder: dir.join("proc/7"), cgroupRoot: dir.join("none") };

  assert.equal(memoryLimitBytes({ ...options, procRoot: dir.join("proc") }), 1024 ** 2);
  assert.equal(memoryLimitBytes({ ...options, procRoot: dir.join("nowhere") }), undefined);
});

test("processTree() follows the children of all threads", () => {
  using dir = tempDir();
  write(dir, {
    "10/task/10/children": "11 12 ",
    "10/task/15/children": "13",
    "11/task/11/children": "",
    "12/task/12/children": "14",
    "99/task/99/children": "",
  });

  assert.deepEqual(processTree(10, dir.path).toSorted(), [10, 11, 12, 13, 14]);
});

test("processTree() looks at all processes where the kernel lists no children", () => {
  using dir = tempDir();
  write(dir, {
    "10/stat": "10 (top) S 1 10",
    "11/stat": "11 (child) S 10 10",
    "12/stat": "12 (grand) child) S 11 10",
    "20/stat": "20 (other) S 1 20",
    "uptime": "1 2",
  });

  assert.deepEqual(processTree(10, dir.path), [10, 11, 12]);
});

test("treeResidentBytes() sums the tree and passes over what has ended", () => {
  using dir = tempDir();
  write(dir, {
    "10/task/10/children": "11 12",
    "10/status": "VmRSS:  1024 kB\n",
    "11/status": "VmRSS:  2048 kB\n",
  });

  assert.equal(treeResidentBytes(10, dir.path), 3 * 1024 ** 2);
  assert.equal(treeResidentBytes(77, dir.path), undefined);
});

test("treeResidentBytes() counts real children of this process", async () => {
  const before = treeResidentBytes(process.pid);
  if (before === undefined) return; // not Linux
  const child = spawn("sh", ["-c", "sleep 20 & wait"], { stdio: "ignore" });
  try {
    const grown = await until("the grandchild to appear", () => {
      return processTree(process.pid).includes(child.pid!) && processTree(child.pid!).length > 1;
    });
    assert.ok(grown);
  } finally {
    for (const pid of processTree(child.pid!).toReversed()) process.kill(pid, "SIGKILL");
  }
});
