import assert from "node:assert/strict";
import { hostname } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { staticFacts } from "../../monitors/static_facts.ts";

test("staticFacts() tells where and on what the run runs", () => {
  const facts = staticFacts({
    tid: 140171401923456,
    version: "1.2.3",
    argv: ["deno", "run", "train.ts", "--lr", "0.1", "--api-key", "abc"],
    cwd: "/data/project",
    env: { CUDA_VISIBLE_DEVICES: "0,1", HIP_VISIBLE_DEVICES: "" },
  });

  assert.equal(facts["hostname"], hostname());
  assert.equal(facts["pid"], process.pid);
  assert.equal(facts["tid"], 140171401923456);
  assert.equal(facts["goodseed_version"], "1.2.3");
  assert.equal(facts["argv"], '["deno","run","train.ts","--lr","0.1","--api-key","***"]');
  assert.equal(facts["cwd"], "/data/project");
  assert.equal(facts["cuda_visible_devices"], "0,1");
  assert.equal("hip_visible_devices" in facts, false);
  assert.equal(facts["os"], process.platform);
  assert.match(String(facts["runtime"]), /^(deno|bun|node)$/);
  assert.match(String(facts["runtime_version"]), /^\d+\.\d+\.\d+/);
  assert.ok(Number(facts["cpu_count"]) >= 1);
  assert.ok(Number(facts["memory_total"]) > 0);
});

test("staticFacts() finds out by itself what it can", () => {
  const facts = staticFacts();

  assert.equal(facts["cwd"], process.cwd());
  assert.ok((JSON.parse(String(facts["argv"])) as string[]).length > 0);
  assert.equal("tid" in facts, false);
  assert.equal("goodseed_version" in facts, false);
});
