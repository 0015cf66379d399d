import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { denoPath } from "../../tools/dev/runtimes.mjs";
import { cleanEnv, ROOT, tempDir } from "../_harness.ts";

/** Lints a tree of files by our plugin alone; gives `rule: message` of each file. */
function lint(files: Record<string, string>): Record<string, string[]> {
  using dir = tempDir();
  mkdirSync(dir.join("tools"));
  copyFileSync(join(ROOT, "tools/lint_layers.ts"), dir.join("tools/lint_layers.ts"));
  const config = { lint: { plugins: ["./tools/lint_layers.ts"], rules: { tags: [] } } };
  writeFileSync(dir.join("deno.json"), JSON.stringify(config));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(dir.join(path)), { recursive: true });
    writeFileSync(dir.join(path), text + "\n");
  }
  const found = spawnSync(denoPath(), ["lint", "--json"], {
    cwd: dir.path,
    env: cleanEnv(),
    encoding: "utf8",
  });
  const report = JSON.parse(found.stdout) as {
    diagnostics: { filename: string; code: string; message: string }[];
    errors: unknown[];
  };
  assert.deepEqual(report.errors, []);
  const result: Record<string, string[]> = {};
  for (const { filename, code, message } of report.diagnostics) {
    const path = filename.slice(filename.indexOf(dir.path) + dir.path.length + 1);
    (result[path] ??= []).push(`${code}: ${message}`);
  }
  return result;
}

test("lint_layers reports each import against the direction of dependencies", () => {
  const faults = lint({
    "lib/a.ts": 'import "../server/app.ts";',
    "lib/b.ts": 'export * from "../cli/args.ts";',
    "lib/c.ts": 'await import("../monitors/proc.ts");',
    "monitors/a.ts": 'import "../server/app.ts";',
    "server/a.ts": 'export { x } from "../cli/args.ts";',
    "server/protocols/one/a.ts": 'import "../two/b.ts";',
    "cli/a.ts": 'import "../ui/app.js";',
    "main.ts": 'import "./server/app.ts";',
    "examples/a.ts": 'import type { X } from "../server/app.ts";',
  });

  assert.deepEqual(faults, {
    "lib/a.ts": ["goodseed/layering: lib must not import server"],
    "lib/b.ts": ["goodseed/layering: lib must not import cli"],
    "lib/c.ts": ["goodseed/layering: lib must not import monitors"],
    "monitors/a.ts": ["goodseed/layering: monitors must not import server"],
    "server/a.ts": ["goodseed/layering: server must not import cli"],
    "server/protocols/one/a.ts": [
      "goodseed/layering: the protocol one must not import the protocol two",
    ],
    "cli/a.ts": ["goodseed/layering: cli must not import ui"],
    "main.ts": ["goodseed/layering: main.ts must not import server"],
    "examples/a.ts": ["goodseed/layering: examples must not import server"],
  });
});

test("lint_layers reports npm packages outside their one place", () => {
  const faults = lint({
    "lib/a.ts": 'import { Hono } from "hono";',
    "server/a.ts": 'import { Command } from "commander";',
    "cli/a.ts": 'import "npm:left-pad@1.3.0/lib";',
    "monitors/a.ts": 'import "@scope/name/sub";',
  });

  const unknown = (name: string) =>
    `goodseed/layering: the package "${name}" has no place in the table of tools/lint_layers.ts`;
  assert.deepEqual(faults, {
    "lib/a.ts": ['goodseed/layering: the package "hono" is imported in server/ only'],
    "server/a.ts": ['goodseed/layering: the package "commander" is imported in cli/ only'],
    "cli/a.ts": [unknown("left-pad")],
    "monitors/a.ts": [unknown("@scope/name")],
  });
});

test("lint_layers reports what is not pure in a pure file", () => {
  const faults = lint({
    "lib/ids.ts": 'import "node:fs";',
    "lib/names.ts": 'import "./run.ts";',
    "lib/flatten.ts": "export const a = Date.now();",
    "lib/py_float.ts": "export const a = Math.random();",
    "lib/iso_time.ts": "export const a = new Date();",
    "lib/ring_layout.ts": "export const a = performance.now();",
    "lib/record_codec.ts": 'export const a = fetch("http://x");',
    "monitors/nvidia_parse.ts": "export const a = process.env;",
  });

  const take = (what: string) => [
    `goodseed/pure: a pure file must not use ${what}: take it as a parameter`,
  ];
  assert.deepEqual(faults["lib/ids.ts"], [
    'goodseed/pure: a pure file must not import "node:fs"',
  ]);
  assert.match(faults["lib/names.ts"]?.[0] ?? "", /must import pure files only, found ".\/run.ts"/);
  assert.deepEqual(faults["lib/flatten.ts"], take("Date.now"));
  assert.deepEqual(faults["lib/py_float.ts"], take("Math.random"));
  assert.deepEqual(faults["lib/iso_time.ts"], take("the present time"));
  assert.deepEqual(faults["lib/ring_layout.ts"], take("performance.now"));
  assert.deepEqual(faults["lib/record_codec.ts"], take("fetch"));
  assert.deepEqual(faults["monitors/nvidia_parse.ts"], take("process.env"));
  assert.equal(Object.keys(faults).length, 8);
});

test("lint_layers reports the runtimes' globals outside lib/runtime", () => {
  const faults = lint({
    "lib/a.ts": "export const a = Deno.pid;",
    "server/a.ts": "export const a = globalThis.Bun;",
    "cli/a.ts": 'export const a = "Deno" in globalThis;',
    "monitors/a.ts": "const { Deno } = globalThis; export const a = 1;",
  });

  assert.deepEqual(faults["lib/a.ts"], [
    "goodseed/runtime-globals: Deno may be used in lib/runtime/ only",
  ]);
  assert.deepEqual(faults["server/a.ts"], [
    "goodseed/runtime-globals: Bun may be used in lib/runtime/ only",
  ]);
  assert.deepEqual(faults["cli/a.ts"], [
    "goodseed/runtime-globals: Deno may be asked for in lib/runtime/ only",
  ]);
  assert.match(faults["monitors/a.ts"]?.[0] ?? "", /runtime-globals/);
});

test("lint_layers accepts what the rules allow", () => {
  const faults = lint({
    "lib/run.ts": 'import "node:fs"; import "./ids.ts"; export const a = Date.now();',
    "lib/mod.ts": 'import "../monitors/proc.ts";',
    "lib/worker_main.ts": 'import "../monitors/proc.ts";',
    "lib/runtime/http.ts": "export const a = [Deno.pid, globalThis.Bun];",
    "lib/ids.ts": 'import "./names.ts"; import type { X } from "./run.ts";',
    "lib/names.ts": "export const at = (ms: number) => new Date(ms);",
    "monitors/proc.ts": 'import "../lib/run.ts";',
    "server/app.ts":
      'import "hono"; import "hono/cors"; import "../lib/run.ts"; import "../ui/a.js";',
    "cli/a.ts": 'import "commander"; import "../server/app.ts"; import "../monitors/proc.ts";',
    "main.ts": 'import "./cli/a.ts"; import "./lib/run.ts";',
    "tests/a_test.ts": 'import "fast-check"; import "../server/app.ts"; export const a = Deno.pid;',
    "tools/a.ts": 'import "esbuild"; export const a = globalThis.Bun;',
  });

  assert.deepEqual(faults, {});
});

test("lint_layers is in use, and its tables name files that exist", () => {
  const config = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const source = readFileSync(join(ROOT, "tools/lint_layers.ts"), "utf8");
  const named = source.match(/(?<=")(lib|monitors|server)\/[\w*/]+\.ts(?=")/g) ?? [];

  assert.deepEqual(config.lint.plugins, ["./tools/lint_layers.ts"]);
  assert.ok(named.length > 20);
  for (const path of named) {
    assert.ok(path.includes("*") || existsSync(join(ROOT, path)), `${path} does not exist`);
  }
});
