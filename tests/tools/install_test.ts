import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isInstalled } from "../../tools/dev/install.mjs";
import { VERSION } from "../../lib/version.ts";
import { ROOT, type TempDir, tempDir } from "../_harness.ts";

interface Package {
  readonly version: string;
  readonly integrity: string;
  readonly optional?: boolean;
}
type Packages = Record<string, Package>;

/** A folder with a lock file and what npm says it has installed. */
function folder(wanted: Packages, present: Packages): TempDir {
  const dir = tempDir();
  const write = (path: string, value: unknown): void => {
    mkdirSync(dirname(dir.join(path)), { recursive: true });
    writeFileSync(dir.join(path), JSON.stringify(value));
  };
  write("package-lock.json", { packages: { "": {}, ...wanted } });
  write("node_modules/.package-lock.json", { packages: present });
  for (const path of Object.keys(present)) write(join(path, "package.json"), {});
  return dir;
}

const A: Packages = { "node_modules/a": { version: "1.0.0", integrity: "sha512-a" } };
const B: Packages = { "node_modules/b": { version: "2.0.0", integrity: "sha512-b" } };
const other = (change: Partial<Package>): Packages => ({
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a", ...change },
});

test("isInstalled() is true for exactly what the lock names", () => {
  using same = folder(A, A);
  using optionalAbsent = folder(
    { ...A, "node_modules/b": { version: "2.0.0", integrity: "x", optional: true } },
    A,
  );

  assert.equal(isInstalled(same.path), true);
  assert.equal(isInstalled(optionalAbsent.path), true);
});

test("isInstalled() sees a missing, changed or foreign package", () => {
  const cases: [Packages, Packages][] = [
    [{ ...A, ...B }, A],
    [A, other({ version: "1.0.1" })],
    [A, other({ integrity: "sha512-z" })],
    [A, { ...A, ...B }],
  ];

  for (const [wanted, present] of cases) {
    using dir = folder(wanted, present);
    assert.equal(isInstalled(dir.path), false, JSON.stringify([wanted, present]));
  }
});

test("isInstalled() sees a folder that was removed and an install that did not end", () => {
  using dir = folder(A, {});
  const list = dir.join("node_modules/.package-lock.json");

  writeFileSync(list, JSON.stringify({ packages: A }));
  assert.equal(isInstalled(dir.path), false); // listed, but its folder is not there
  writeFileSync(list, '{"packages": {');
  assert.equal(isInstalled(dir.path), false);
});

test("package.json, deno.json and the program agree on the version", () => {
  const versionIn = (path: string): string =>
    JSON.parse(readFileSync(join(ROOT, path), "utf8")).version;

  assert.equal(versionIn("package.json"), versionIn("deno.json"));
  assert.equal(VERSION, versionIn("deno.json"));
});

test("every npm script is a task of tools/dev.mjs, and is described in CONTRIBUTING.md", async () => {
  const { TASKS } = await import("../../tools/dev/tasks.mjs");
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const text = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");

  assert.deepEqual(Object.keys(scripts).sort(), Object.keys(TASKS).sort());
  for (const [name, command] of Object.entries(scripts)) {
    assert.equal(command, `node tools/dev.mjs ${name}`);
    assert.ok(text.includes(name), `${name} is not in CONTRIBUTING.md`);
  }
});

test("every dependency has a line in docs/dependencies.md", () => {
  const text = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");

  for (const path of ["package.json", "tools/compile/package.json"]) {
    const manifest = JSON.parse(readFileSync(join(ROOT, path), "utf8"));
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest;
    const all: Record<string, string> = {
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    };
    for (const [name, version] of Object.entries(all)) {
      const exact = version.split("@").at(-1);
      assert.ok(text.includes(name), `${name} is missing`);
      assert.ok(text.includes(`${exact}`), `${name} ${exact} is missing`);
    }
  }
});
