import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../../lib/errors.ts";
import { GitRef, resolveSettings } from "../../lib/settings.ts";
import { stepOf, toNumber } from "../../lib/values.ts";
import { VERSION } from "../../lib/version.ts";
import { ROOT } from "../_harness.ts";

test("resolveSettings() takes the option, else the environment, else the default", () => {
  const env = {
    GOODSEED_PROJECT: "env/project",
    GOODSEED_RUN_ID: "env-run",
    GOODSEED_STORAGE: "local",
    GOODSEED_API_KEY: "gsk_env",
  };

  const defaults = resolveSettings({}, {});
  const fromEnv = resolveSettings({}, env);
  const fromOptions = resolveSettings({
    project: "p",
    runId: "r",
    storage: "disabled",
    apiKey: "k",
  }, env);

  assert.deepEqual(
    [defaults.project, defaults.runId, defaults.storage, defaults.apiKey],
    ["default", undefined, "cloud", undefined],
  );
  assert.deepEqual(
    [fromEnv.project, fromEnv.runId, fromEnv.storage, fromEnv.apiKey],
    ["env/project", "env-run", "local", "gsk_env"],
  );
  assert.deepEqual(
    [fromOptions.project, fromOptions.runId, fromOptions.storage, fromOptions.apiKey],
    ["p", "r", "disabled", "k"],
  );
});

test("resolveSettings() understands tags, namespace and git", () => {
  const settings = resolveSettings({
    tags: new Set(["a", "b"]),
    monitoringNamespace: "mon/",
    gitRef: new GitRef({ repositoryPath: "/repo" }),
  }, {});

  assert.deepEqual(settings.tags, ["a", "b"]);
  assert.equal(settings.monitoringNamespace, "mon");
  assert.equal(settings.gitPath, "/repo");
  assert.equal(resolveSettings({ tags: "one" }, {}).tags.length, 1);
  assert.equal(resolveSettings({ gitRef: GitRef.DISABLED }, {}).gitPath, false);
  assert.equal(resolveSettings({ gitRef: false }, {}).gitPath, false);
  assert.equal(resolveSettings({ gitRef: null }, {}).gitPath, ".");
});

test("resolveSettings() refuses what is not valid, naming it", () => {
  for (
    const [options, message] of [
      [{ runId: "abc\n" }, /letters/],
      [{ runId: "a", resumeRunId: "b" }, /exclude each other/],
      [{ name: "x".repeat(201) }, /200/],
      [{ storage: "clod" as "cloud" }, /"clod" is not a valid Storage/],
      [{ durability: "all" as "kill" }, /durability is "all"/],
      [{ closeTimeoutMs: -1 }, /closeTimeoutMs is -1/],
    ] as const
  ) {
    assert.throws(
      () => resolveSettings(options, {}),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});

test("stepOf() and toNumber() take what Python's float() takes, and nothing else", () => {
  assert.ok(Number.isNaN(stepOf(undefined)));
  assert.ok(Number.isNaN(stepOf({ step: null })));
  assert.equal(stepOf({ step: -0.25 }), -0.25);
  assert.equal(stepOf({ step: 3n }), 3);
  for (const step of [NaN, Infinity, "1"]) {
    assert.throws(() => stepOf({ step: step as number }), UsageError);
  }
  assert.equal(toNumber("p", " 1e3 "), 1000);
  assert.equal(toNumber("p", "-inf"), -Infinity);
  assert.ok(Number.isNaN(toNumber("p", "NaN")));
  assert.equal(toNumber("p", true), 1);
  for (const value of ["", "0x10", "1,5", null, undefined, {}, [], "abc"]) {
    assert.throws(() => toNumber("p", value), UsageError, String(value));
  }
});

test("VERSION is that of deno.json and package.json", () => {
  for (const file of ["deno.json", "package.json"]) {
    assert.equal(JSON.parse(readFileSync(join(ROOT, file), "utf8")).version, VERSION, file);
  }
});
