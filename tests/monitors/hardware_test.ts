import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CpuMeter } from "../../monitors/cpu.ts";
import { DiskSpaceMeter, TrafficMeter } from "../../monitors/disk_net.ts";
import type { ProbeRunner } from "../../monitors/gpu_probe.ts";
import { hardwareMonitor, type HardwareMonitorOptions } from "../../monitors/hardware.ts";
import { MemoryMeter } from "../../monitors/memory.ts";
import type { MonitorSink } from "../../monitors/monitor.ts";
import { RateMeter } from "../../monitors/rate.ts";
import { type TempDir, tempDir } from "../_harness.ts";

/** A sink that keeps what it gets. */
class Kept implements MonitorSink {
  readonly rounds: Record<string, number>[] = [];
  readonly configs: Record<string, string | number | boolean> = {};

  metrics(values: Readonly<Record<string, number>>): void {
    this.rounds.push(values);
  }
  text(): void {
    throw new Error("the hardware monitor has no texts");
  }
  config(path: string, value: string | number | boolean): void {
    this.configs[path] = value;
  }
}

interface Machine {
  readonly busy: number;
  readonly idle: number;
  readonly readBytes: number;
  readonly received: number;
}

/** Writes a stand-in for `/proc` with one process, number 7. */
function machine(dir: TempDir, { busy, idle, readBytes, received }: Machine): void {
  const files: Record<string, string> = {
    "stat": `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0\n`,
    "meminfo": "MemTotal:  8388608 kB\nMemAvailable:  2097152 kB\n",
    "7/status": "VmRSS:  1048576 kB\n",
    "7/task/7/children": "",
    "7/cgroup": "0::/\n",
    "7/io": `read_bytes: ${readBytes}\nwrite_bytes: 0\n`,
    "7/net/dev": `a\nb\n  eth0: ${received} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dir.join(path, ".."), { recursive: true });
    writeFileSync(dir.join(path), text);
  }
}

const NO_TOOL: ProbeRunner = () => Promise.resolve({ missing: true });

function tool(name: string, stdout: string): ProbeRunner {
  return (command) =>
    Promise.resolve(
      command === name
        ? { missing: false, code: 0, stdout, timedOut: false, truncated: false }
        : { missing: true },
    );
}

function optionsFor(dir: TempDir): HardwareMonitorOptions {
  return { procRoot: dir.path, cgroupRoot: dir.join("none"), pid: 7, run: NO_TOOL };
}

test("RateMeter tells nothing at first, after no time, and after a reset", () => {
  const meter = new RateMeter();
  assert.equal(meter.update(100, 0), undefined);
  assert.equal(meter.update(300, 2_000), 100);
  assert.equal(meter.update(400, 2_000), undefined);
  assert.equal(meter.update(5, 3_000), undefined);
  assert.equal(meter.update(15, 4_000), 10);
});

test("CpuMeter gives 0 first, then percent since the sample before", () => {
  using dir = tempDir();
  let ownMs = 100;
  const meter = new CpuMeter({ procRoot: dir.path, ownTimeMs: () => ownMs });
  machine(dir, { busy: 1_000, idle: 1_000, readBytes: 0, received: 0 });
  assert.deepEqual(meter.sample(0), { cpu: 0 });
  machine(dir, { busy: 1_250, idle: 1_750, readBytes: 0, received: 0 });
  ownMs = 15_100;

  assert.deepEqual(meter.sample(10_000), { cpu: 25, cpu_process: 150 });
});

test("CpuMeter works without /proc", () => {
  const meter = new CpuMeter({ procRoot: "/nowhere" });

  assert.equal(meter.sample(0)["cpu"], 0);
  const { cpu } = meter.sample(1_000);
  assert.ok(cpu !== undefined && cpu >= 0 && cpu <= 100);
});

test("MemoryMeter gives GB with two decimals and percent", () => {
  using dir = tempDir();
  machine(dir, { busy: 0, idle: 1, readBytes: 0, received: 0 });
  const meter = new MemoryMeter({ procRoot: dir.path, cgroupRoot: dir.join("none"), pid: 7 });

  assert.equal(meter.limitBytes, 8 * 1024 ** 3);
  assert.deepEqual(meter.sample(), { memory: 1, memory_percent: 12.5, memory_system: 75 });
});

test("MemoryMeter tells the memory of this process without /proc", () => {
  const meter = new MemoryMeter({ procRoot: "/nowhere" });
  const values = meter.sample();

  assert.deepEqual(Object.keys(values), ["memory"]);
  assert.ok(values["memory"]! > 0);
  assert.equal(meter.limitBytes, undefined);
});

test("TrafficMeter gives MB a second from the second sample on", () => {
  using dir = tempDir();
  const meter = new TrafficMeter({ procRoot: dir.path, pid: 7 });
  machine(dir, { busy: 0, idle: 1, readBytes: 0, received: 1024 ** 2 });
  assert.deepEqual(meter.sample(0), {});
  machine(dir, { busy: 0, idle: 1, readBytes: 20 * 1024 ** 2, received: 6 * 1024 ** 2 });

  const values = meter.sample(10_000);

  assert.deepEqual(values, { disk_read: 2, disk_write: 0, net_recv: 0.5, net_sent: 0 });
  assert.deepEqual(new TrafficMeter({ procRoot: "/nowhere" }).sample(0), {});
});

test("DiskSpaceMeter tells the free space of a folder, and nothing of a missing one", async () => {
  using dir = tempDir();
  const { disk_free: free } = await new DiskSpaceMeter(dir.path).sample();

  assert.ok(free !== undefined && free > 0);
  assert.deepEqual(await new DiskSpaceMeter(dir.join("missing")).sample(), {});
});

test("hardwareMonitor() gives one round of all values, every ten seconds", async () => {
  using dir = tempDir();
  machine(dir, { busy: 10, idle: 10, readBytes: 0, received: 0 });
  const sink = new Kept();
  let nowMs = 0;
  const monitor = hardwareMonitor({
    ...optionsFor(dir),
    home: dir.path,
    now: () => nowMs,
    ownTimeMs: () => nowMs / 2,
    run: tool("nvidia-smi", "50, 1, 2, 100.26\n"),
  });
  assert.equal(monitor.intervalMs, 10_000);

  await monitor.sample(sink);
  nowMs = 10_000;
  machine(dir, { busy: 20, idle: 40, readBytes: 10 * 1024 ** 2, received: 0 });
  await monitor.sample(sink);

  assert.deepEqual(sink.configs, { memory_limit: 8 });
  const gpu = { gpu: 50, gpu_memory: 50, gpu_power: 100.3 };
  const memory = { memory: 1, memory_percent: 12.5, memory_system: 75 };
  const [first, second] = sink.rounds.map(({ disk_free: free, ...values }) => {
    assert.ok(free! > 0);
    return values;
  });
  assert.equal(sink.rounds.length, 2);
  assert.deepEqual(first, { cpu: 0, ...memory, ...gpu });
  assert.deepEqual(second, {
    cpu: 25,
    cpu_process: 50,
    ...memory,
    ...gpu,
    disk_read: 1,
    disk_write: 0,
    net_recv: 0,
    net_sent: 0,
  });
});

test("hardwareMonitor() asks AMD's tool only when NVIDIA's gave nothing", async () => {
  using dir = tempDir();
  machine(dir, { busy: 0, idle: 1, readBytes: 0, received: 0 });
  const amd = JSON.stringify({ card0: { "GPU use (%)": "9" } });
  const asked: string[] = [];
  const both: ProbeRunner = (command, ...rest) => {
    asked.push(command);
    return (command === "nvidia-smi" ? tool(command, "1, 1, 2, 3\n") : tool(command, amd))(
      command,
      ...rest,
    );
  };
  const nvidia = new Kept(), rocm = new Kept();

  await hardwareMonitor({ ...optionsFor(dir), run: both }).sample(nvidia);
  await hardwareMonitor({ ...optionsFor(dir), run: tool("rocm-smi", amd) }).sample(rocm);

  assert.deepEqual(asked, ["nvidia-smi"]);
  assert.equal(nvidia.rounds[0]!["gpu"], 1);
  assert.equal(rocm.rounds[0]!["gpu"], 9);
});

test("hardwareMonitor() records a round that waits for a GPU tool when it is stopped, once", async () => {
  using dir = tempDir();
  machine(dir, { busy: 0, idle: 1, readBytes: 0, received: 0 });
  const sink = new Kept();
  const hanging: ProbeRunner = (_command, _args, { signal }) =>
    new Promise((resolve) => {
      signal!.addEventListener("abort", () => {
        resolve({ missing: false, code: 137, stdout: "", timedOut: true, truncated: false });
      });
    });
  const monitor = hardwareMonitor({ ...optionsFor(dir), run: hanging });

  const sampling = monitor.sample(sink);
  monitor.stop?.(sink);
  await sampling;

  assert.equal(sink.rounds.length, 1);
  assert.equal(sink.rounds[0]!["memory"], 1);
});

test("hardwareMonitor() ends with a last round when the one before is a second old", async () => {
  using dir = tempDir();
  machine(dir, { busy: 0, idle: 1, readBytes: 0, received: 0 });
  for (const [elapsedMs, rounds] of [[999, 1], [1_000, 2]] as const) {
    const sink = new Kept();
    let nowMs = 0;
    const monitor = hardwareMonitor({ ...optionsFor(dir), now: () => nowMs });
    await monitor.sample(sink);
    nowMs = elapsedMs;
    monitor.stop?.(sink);
    assert.equal(sink.rounds.length, rounds);
  }
});

test("MemoryMeter tells nothing of another process that has ended, least of all our own memory", () => {
  using dir = tempDir();
  machine(dir, { busy: 0, idle: 0, readBytes: 0, received: 0 });

  const values = new MemoryMeter({ pid: 99, procRoot: dir.path, cgroupRoot: dir.path }).sample();

  assert.equal(values["memory"], undefined);
  assert.equal(values["memory_system"], 75);
});
