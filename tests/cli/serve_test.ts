import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { test } from "node:test";
import { tempDir, until } from "../_harness.ts";
import { plainRun } from "../lib/_runs.ts";
import { type Outcome, type Program, run, start } from "./_goodseed.ts";
import { makeRunFile } from "./_run_files.ts";

/** Serves in this process until `use` is done. */
async function served(
  args: readonly string[],
  env: Record<string, string>,
  use: (url: string) => Promise<void>,
): Promise<Outcome> {
  const stop = new AbortController();
  let seen: (text: string) => void = () => {};
  const welcome = new Promise<string>((resolve) => seen = resolve);
  const ended = run(args, {
    env,
    signal: stop.signal,
    onStdout: (text) => {
      seen(text);
      return true;
    },
  });
  const url = /View your runs at (http:\S+)\//.exec(
    await Promise.race([
      welcome,
      ended.then(({ stderr }) => stderr),
    ]),
  )?.[1];
  try {
    if (url !== undefined) await use(url);
  } finally {
    stop.abort("SIGINT");
  }
  return await ended;
}

/** The address that a started program printed. */
function addressOf(program: Program): Promise<string> {
  return until("the address", () => {
    if (program.child.exitCode !== null) throw new Error(program.stderr());
    return /View your runs at (http:\S+)\//.exec(program.stdout())?.[1];
  });
}

async function projectNames(url: string): Promise<string[]> {
  const response = await fetch(`${url}/api/projects`);
  assert.equal(response.status, 200);
  const body = await response.json() as { projects: { name: string }[] };
  return body.projects.map(({ name }) => name);
}

test("serve prints the address to open, serves the folder, and stops", async () => {
  using dir = tempDir();
  makeRunFile(dir.path, "team/a", "r");
  let names: string[] = [];

  const { code, stdout, stderr } = await served(
    ["serve", dir.path, "--port", "0"],
    {},
    async (url) => {
      names = await projectNames(url);
    },
  );

  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^View your runs at http:\/\/127\.0\.0\.1:\d+\/\n\nServer stopped\.\n$/);
  assert.deepEqual(names, ["team/a"]);
});

test("serve -v prints the contract's lines as well", async () => {
  using dir = tempDir();

  const { stdout } = await served(["serve", dir.path, "--port", "0", "-v"], {}, async () => {});

  const port = /127\.0\.0\.1:(\d+)/.exec(stdout)?.[1];
  assert.equal(
    stdout,
    `Goodseed server running at http://127.0.0.1:${port}\n` +
      `Data directory: ${dir.path}\n` +
      `View your runs at http://127.0.0.1:${port}/\n` +
      `View your runs at https://app.goodseed.ai/local?port=${port}\n` +
      "\nServer stopped.\n",
  );
});

test("goodseed alone, with a folder or with the options of serve is serve", async () => {
  using dir = tempDir();
  const projects = dir.join("projects");
  const env = { GOODSEED_HOME: dir.path };
  makeRunFile(projects, "p", "r");

  for (const args of [["--port", "0"], [projects, "--port=0"], ["--port", "0", projects]]) {
    let names: string[] = [];
    const { code } = await served(args, env, async (url) => {
      names = await projectNames(url);
    });

    assert.equal(code, 0, args.join(" "));
    assert.deepEqual(names, ["p"], args.join(" "));
  }
});

test("serve makes the default folder when it is missing, but not a named one", async () => {
  using dir = tempDir();
  let names: string[] = ["?"];

  const { code } = await served(["--port", "0"], { GOODSEED_HOME: dir.path }, async (url) => {
    names = await projectNames(url);
  });
  const named = await run(["serve", dir.join("other"), "--port", "0"]);

  assert.equal(code, 0);
  assert.deepEqual(names, []);
  assert.equal(existsSync(dir.join("projects")), true);
  assert.equal(named.code, 1);
  assert.match(named.stderr, /^Error: Projects directory does not exist: .*other\n$/);
});

test("serve says in one line that the port is taken", async () => {
  using dir = tempDir();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  try {
    const { code, stdout, stderr } = await run(["serve", dir.path, "--port", String(port)]);

    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^Error: [^\\n]*${port}[^\\n]*\\n$`));
  } finally {
    other.close();
  }
});

test("serve refuses an address that others can reach", async () => {
  using dir = tempDir();

  const { code, stderr } = await run(["serve", dir.path, "--port", "0", "--host", "0.0.0.0"]);

  assert.equal(code, 1);
  assert.match(stderr, /^Error: serving on "0\.0\.0\.0": [^\n]*--share[^\n]*\n$/);
});

test("serve --socket says how to reach it", async () => {
  using dir = tempDir();
  const stop = new AbortController();

  const { code, stdout, stderr } = await run(["serve", dir.path, "--socket", dir.join("s")], {
    signal: stop.signal,
    onStdout: () => {
      stop.abort("SIGTERM");
      return true;
    },
  });

  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    stdout,
    /^View your runs at http:\/\/127\.0\.0\.1:8765\/ after: ssh -L 8765:\/.*\/s \S+\n/,
  );
});

test("serve as a program stops at SIGINT and SIGTERM with exit code 0", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("projects"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const program = start(["--port", "0"], { env: { GOODSEED_HOME: dir.path } });
    try {
      const url = await addressOf(program);
      assert.deepEqual(await projectNames(url), []);

      program.signal(signal);
      const { code, stdout, stderr } = await program.ended;

      assert.deepEqual([code, stderr], [0, ""], signal);
      assert.ok(stdout.endsWith("/\n\nServer stopped.\n"), stdout);
    } finally {
      program.child.kill("SIGKILL");
    }
  }
});

test("serve as a program stops at once while a client keeps its connection after a chart", async () => {
  using dir = tempDir();
  const run = plainRun(dir.path, { runId: "r" });
  for (let step = 0; step < 20_000; step++) run.logMetrics({ m: Math.sin(step) }, { step });
  run.close();
  const program = start(["--port", "0"], { env: { GOODSEED_HOME: dir.path } });
  const agent = new Agent({ keepAlive: true });
  try {
    const url = await addressOf(program);
    const path = "/api/runs/default/r/metrics?path=m&pointCount=1000";
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { "accept-encoding": "gzip" };
      get(url + path, { agent, headers }, (answer) => {
        let text = "";
        answer.setEncoding("latin1").on("data", (piece: string) => text += piece);
        answer.on("end", () => resolve(text));
      }).on("error", reject);
    });
    assert.ok(body.length > 10_000);

    const started = performance.now();
    program.signal("SIGTERM");
    const { code } = await program.ended;

    assert.equal(code, 0);
    assert.ok(performance.now() - started < 4000, `${performance.now() - started} ms`);
  } finally {
    agent.destroy();
    program.child.kill("SIGKILL");
  }
});
