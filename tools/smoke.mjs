// Tries a compiled program as a user would: outside the repository, with an empty home.
// node tools/smoke.mjs dist/goodseed
// deno-lint-ignore-file no-console -- a tool talks to the terminal
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const LIMIT_MS = 20_000;

const program = realpathSync(process.argv[2] ?? "dist/goodseed");
const folder = mkdtempSync(join(tmpdir(), "goodseed-smoke-"));
const home = join(folder, "home");
const env = { PATH: process.env.PATH, HOME: home, TMPDIR: join(folder, "tmp"), NO_COLOR: "1" };

/** Runs the program to its end; gives what it printed. */
function goodseed(args, input = "") {
  const result = spawnSync(program, args, {
    cwd: folder,
    env,
    input,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  assert.equal(result.status, 0, `goodseed ${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Starts the server, asks it for the runs and the page, and ends it. */
async function serveAndAsk() {
  const child = spawn(program, ["serve", "--port", "0", "--verbose"], { cwd: folder, env });
  let printed = "";
  const address = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address in: ${printed}`)), LIMIT_MS);
    const read = (chunk) => {
      printed += chunk;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`serve ended with ${code}: ${printed}`)));
  });
  try {
    const url = await address;
    const runs = await fetch(`${url}/api/runs?project=p`);
    assert.equal(runs.status, 200, await runs.clone().text());
    assert.match(await runs.text(), /"r1"/);
    const page = await fetch(`${url}/`, { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/i);
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }
}

mkdirSync(home);
mkdirSync(env.TMPDIR);
try {
  assert.match(goodseed(["--version"]), /\d+\.\d+\.\d+/);
  assert.deepEqual(readdirSync(home), [], "--version left something in the home");
  goodseed(["log", "--project", "p", "--run-id", "r1"], '{"step":1,"loss":0.5}\n');
  assert.deepEqual(readdirSync(join(home, ".goodseed/projects/p/runs")), ["r1.sqlite"]);
  assert.match(goodseed(["list", "--project", "p"]), /r1/);
  assert.match(goodseed(["export", "p/r1"]), /loss,1(\.0)?,0\.5/);
  await serveAndAsk();
  const left = readdirSync(home).flatMap((name) =>
    name === ".cache" ? readdirSync(join(home, name)).map((part) => `${name}/${part}`) : [name]
  );
  assert.deepEqual(left.sort(), [".cache/goodseed", ".goodseed"], "left in the home");
  assert.deepEqual(readdirSync(env.TMPDIR), [], "something was left in the temporary folder");
  console.log(`${program}: version, log, list, export, serve are right`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
