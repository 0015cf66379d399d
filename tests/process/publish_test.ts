// The library as JSR would serve it: the published files alone, imported over HTTP.
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { denoPath } from "../../tools/dev/runtimes.mjs";
import { publishedFiles } from "../../tools/dev/published.mjs";
import { nodeDriver } from "../../lib/store/driver_node.ts";
import { cleanEnv, ROOT, tempDir } from "../_harness.ts";
import { skip } from "../_skip.ts";

const POINTS = 5_000;
const DENO_LTS = join(ROOT, "tools/compile/node_modules/deno-stub-pair/deno");

/** Serves exactly the given files of the repository. */
async function serve(files: readonly string[]): Promise<{ server: Server; origin: string }> {
  const known = new Set(files);
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    if (!known.has(path)) return response.writeHead(404).end(`not published: ${path}`);
    response.writeHead(200, { "content-type": "application/typescript" });
    response.end(readFileSync(join(ROOT, path)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Records a run by a script in an empty folder; gives the number of points on disk. */
async function recordOverHttp(deno: string): Promise<number> {
  using dir = tempDir();
  const { server, origin } = await serve(publishedFiles());
  try {
    const script = dir.join("script.ts");
    const home = dir.join("home");
    writeFileSync(
      script,
      `import { Run } from "${origin}/lib/mod.ts";
const run = new Run({
  project: "p", runId: "r1", storage: "local", goodseedHome: ${JSON.stringify(home)},
});
for (let step = 0; step < ${POINTS}; step++) run.logMetrics({ loss: 1 / (step + 1) }, { step });
run.close();
`,
    );
    const env = cleanEnv({ HOME: dir.path, DENO_DIR: dir.join("deno") });
    await promisify(execFile)(deno, ["run", "-A", "--no-check", script], { cwd: dir.path, env });
    const db = nodeDriver.open(join(home, "projects/p/runs/r1.sqlite"), { mode: "read" });
    try {
      const loss = db.prepare(
        `SELECT count(*) AS n FROM metric_points
         JOIN metric_series ON series_id = id WHERE path = 'loss'`,
      );
      return Number(loss.get()?.[0]);
    } finally {
      db.close();
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("deno publish lists the library and its Worker, and nothing that is not for users", () => {
  const files = publishedFiles();

  for (const path of ["deno.json", "LICENSE", "README.md", "lib/mod.ts", "lib/worker_main.ts"]) {
    assert.ok(files.includes(path), `${path} is not published`);
  }
  const foreign = files.filter((path) =>
    !/^(lib|monitors)\/|^(deno\.json|LICENSE|README\.md)$/.test(path) || /_test\.ts$/.test(path)
  );
  assert.deepEqual(foreign, []);
});

test("the published library records over HTTP on the pinned Deno", async () => {
  assert.equal(await recordOverHttp(denoPath()), POINTS);
});

test("the published library records over HTTP on Deno 2.4", async (t) => {
  if (!existsSync(DENO_LTS)) return skip(t, "Deno 2.4 is not installed: npm ci in tools/compile");
  assert.equal(await recordOverHttp(DENO_LTS), POINTS);
});
