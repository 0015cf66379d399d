// Builds the npm package of the library (Node >= 22, Deno, Bun) into dist/npm.
// deno-lint-ignore-file no-console explicit-module-boundary-types -- a tool in plain JavaScript
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { bundle } from "./dev/bundle.mjs";
import { ToolError } from "./dev/errors.mjs";
import { ROOT, tscPath } from "./dev/runtimes.mjs";
import { capture } from "./dev/spawn.mjs";

/** What is imported, and the Worker that must lie beside it. */
const ENTRIES = ["lib/mod.ts", "lib/worker_main.ts"];

/** node:sqlite needs no flag from here on. */
const MIN_NODE = "22.13";

const TSC_FLAGS = [
  ...["--declaration", "--emitDeclarationOnly", "--strict", "--skipLibCheck"],
  ...["--allowImportingTsExtensions", "--exactOptionalPropertyTypes"],
  ...["--module", "nodenext", "--target", "es2024"],
  ...["--lib", "es2024,esnext.disposable,dom", "--types", "node"],
];

/**
 * Builds the package.
 *
 * @param {string[]} args `--out DIR` builds elsewhere than in dist/npm
 * @returns the exit code
 */
export async function buildNpm(args) {
  if (args.length > 0 && !(args.length === 2 && args[0] === "--out")) {
    throw new ToolError(`build:npm takes only --out DIR, found "${args.join(" ")}"`);
  }
  const out = args[1] ?? join(ROOT, "dist/npm");
  const names = await bundle(ENTRIES, out, { keepNames: true });
  await writeTypes(join(out, "types"));
  writePackage(out, names[0]);
  console.log(`built ${out}: ${readdirSync(out).join(", ")}`);
  return 0;
}

/** Declaration files of everything that the types of `lib/mod.ts` reach. */
async function writeTypes(dir) {
  const scratch = mkdtempSync(join(tmpdir(), "goodseed-types-"));
  try {
    const target = ["--rootDir", ROOT, "--outDir", scratch, join(ROOT, ENTRIES[0])];
    const args = [tscPath(), ...TSC_FLAGS, ...target];
    const { code, output } = await capture(process.execPath, args);
    if (code !== 0) throw new ToolError(`the TypeScript compiler found errors:\n${output}`);
    const entry = join(scratch, ENTRIES[0].replace(/\.ts$/, ".d.ts"));
    for (const path of reachable(entry)) {
      const target = join(dir, relative(scratch, path));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, withJsSpecifiers(readFileSync(path, "utf8")));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Relative specifiers in `from "./x.ts"` and `import("./x.ts")`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(\s*)"(\.{1,2}\/[^"]+)\.ts"/g;

/** A declaration file beside `x.js` is found by the name `x.js`. */
function withJsSpecifiers(text) {
  return text.replaceAll(SPECIFIER, '$1"$2.js"');
}

/** All declaration files that `entry` reaches, itself included. */
function reachable(entry) {
  const found = new Set([entry]);
  for (const path of found) { // a Set goes on over what is added meanwhile
    for (const [, , specifier] of readFileSync(path, "utf8").matchAll(SPECIFIER)) {
      found.add(join(dirname(path), `${specifier}.d.ts`));
    }
  }
  return found;
}

function writePackage(out, main) {
  const deno = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const types = `./types/${ENTRIES[0].replace(/\.ts$/, ".d.ts")}`;
  const manifest = {
    name: deno.name,
    version: deno.version,
    description: "Records machine-learning runs: one SQLite file a run, never slowing the training",
    license: deno.license,
    type: "module",
    engines: { node: `>=${MIN_NODE}` },
    exports: { ".": { types, default: `./${main}` } },
    types,
  };
  writeFileSync(join(out, "package.json"), JSON.stringify(manifest, undefined, 2) + "\n");
  copyFileSync(join(ROOT, "tools/npm_readme.md"), join(out, "README.md"));
  if (!existsSync(join(ROOT, "LICENSE"))) throw new ToolError("there is no LICENSE to pack");
  copyFileSync(join(ROOT, "LICENSE"), join(out, "LICENSE"));
}
