import assert from "node:assert/strict";
import { test } from "node:test";
import { MonitorHost } from "../../monitors/host.ts";
import type { Monitor, MonitorSink } from "../../monitors/monitor.ts";
import { until } from "../_harness.ts";

/** A sink that writes down what it gets. */
function notes(): { readonly sink: MonitorSink; readonly got: string[] } {
  const got: string[] = [];
  return {
    got,
    sink: {
      metrics: (values) => void got.push(`metrics ${JSON.stringify(values)}`),
      text: (path, line) => void got.push(`text ${path} ${line}`),
      config: (path, value) => void got.push(`config ${path} ${value}`),
    },
  };
}

test("MonitorHost samples at once, then at the interval, and ends with stop()", async () => {
  const { sink, got } = notes();
  let rounds = 0;
  const monitor: Monitor = {
    name: "counting",
    intervalMs: 5,
    sample: (to) => to.metrics({ round: rounds++ }),
    stop: (to) => to.text("end", "stopped"),
  };
  const host = new MonitorHost({ monitors: [monitor], sink });

  host.start();
  assert.deepEqual(got, ['metrics {"round":0}']);
  host.start();
  await until("three rounds", () => rounds >= 3);
  host.stop();
  host.stop();
  const after = got.length;
  await new Promise((resolve) => setTimeout(resolve, 30));

  assert.equal(got.length, after);
  assert.equal(got.at(-1), "text end stopped");
  assert.equal(got.filter((line) => line.startsWith("text")).length, 1);
});

test("MonitorHost never runs a monitor twice at once and skips the rounds that it missed", async () => {
  let running = 0, most = 0, samples = 0;
  const starts: number[] = [];
  const slow: Monitor = {
    name: "slow",
    intervalMs: 20,
    sample: async () => {
      starts.push(performance.now());
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
      samples++;
    },
  };
  const host = new MonitorHost({ monitors: [slow], sink: notes().sink });

  host.start();
  await until("four samples", () => samples >= 4);
  host.stop();

  assert.equal(most, 1);
  for (let i = 1; i < 4; i++) assert.ok(starts[i]! - starts[i - 1]! >= 35, `${starts}`);
});

test("MonitorHost counts errors, tells the first of each monitor, and goes on", async () => {
  const told: string[] = [];
  let rounds = 0;
  const broken: Monitor = {
    name: "broken",
    intervalMs: 2,
    sample: () => {
      rounds++;
      throw new Error(`round ${rounds}`);
    },
    stop: () => {
      throw new Error("at the end");
    },
  };
  const rejecting: Monitor = {
    name: "rejecting",
    intervalMs: 2,
    sample: () => Promise.reject(new Error("later")),
  };
  const fine: Monitor = { name: "fine", intervalMs: 2, sample: () => {} };
  const host = new MonitorHost({
    monitors: [broken, rejecting, fine],
    sink: notes().sink,
    onError: (monitor, error) => {
      told.push(`${monitor}: ${(error as Error).message}`);
      throw new Error("whoever is told fails too");
    },
  });

  host.start();
  await until("several rounds", () => rounds >= 3 && host.errors["rejecting"]! >= 2);
  host.stop();

  assert.deepEqual(told, ["broken: round 1", "rejecting: later"]);
  assert.equal(host.errors["broken"], rounds + 1);
  assert.equal(host.errors["fine"], 0);
});

test("MonitorHost does not wait for a sample under way, and drops what it brings", async () => {
  const { sink, got } = notes();
  let release = (): void => {};
  const hanging: Monitor = {
    name: "hanging",
    intervalMs: 1,
    sample: async (to) => {
      await new Promise<void>((resolve) => release = resolve);
      to.metrics({ late: 1 });
    },
  };
  const host = new MonitorHost({ monitors: [hanging], sink });

  host.start();
  host.stop();
  release();
  await new Promise((resolve) => setTimeout(resolve, 5));

  assert.deepEqual(got, []);
});

test("MonitorHost that was never started stops without a sample", () => {
  const { sink, got } = notes();
  const host = new MonitorHost({
    monitors: [{
      name: "m",
      intervalMs: 1,
      sample: (to) => to.metrics({ a: 1 }),
      stop: (to) => to.metrics({ b: 1 }),
    }],
    sink,
  });

  host.stop();
  host.start();

  assert.deepEqual(got, []);
});
