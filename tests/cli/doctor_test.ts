import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { CHECKS, examine } from "../../cli/doctor.ts";
import { cacheCheck } from "../../cli/doctor/cache.ts";
import { type Check, type DoctorContext, type Finding, ok } from "../../cli/doctor/check.ts";
import { clockCheck, judgeSkew } from "../../cli/doctor/clock.ts";
import { filesystemCheck } from "../../cli/doctor/filesystem.ts";
import { gpuCheck } from "../../cli/doctor/gpu.ts";
import { homeCheck } from "../../cli/doctor/home.ts";
import { hubCheck } from "../../cli/doctor/hub.ts";
import { leftoversCheck } from "../../cli/doctor/leftovers.ts";
import { judgeLibc, libcCheck } from "../../cli/doctor/libc.ts";
import { portCheck } from "../../cli/doctor/port.ts";
import { judgeQuota, quotaCheck } from "../../cli/doctor/quota.ts";
import { runsCheck } from "../../cli/doctor/runs.ts";
import { judgeSpace, spaceCheck } from "../../cli/doctor/space.ts";
import { sqliteCheck } from "../../cli/doctor/sqlite.ts";
import { leasePath } from "../../lib/lease.ts";
import { ownIdentity } from "../../lib/process_identity.ts";
import { runProbe } from "../../lib/runtime/spawn.ts";
import { tempDir, until } from "../_harness.ts";
import { folderState } from "../lib/store/_files.ts";
import { exec, world } from "./_goodseed.ts";
import { leaveDeadLease, makeRunFile } from "./_run_files.ts";

/** A world of checks: this machine, another home, nothing in the environment. */
function doctorWorld(home: string, more: Partial<DoctorContext> = {}): DoctorContext {
  return { home, env: {}, port: 9, limitMs: 5000, now: Date.now, probe: runProbe, ...more };
}

async function find(check: Check, ctx: DoctorContext): Promise<Finding> {
  const finding = await check.run(ctx);
  assert.equal(finding.fix === undefined, finding.level === "ok" || finding.level === "skipped");
  assert.doesNotMatch(`${finding.detail} ${finding.fix}`, /\n/);
  return finding;
}

/** Serves on a free port while `work` runs. */
async function serving(server: Server, work: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  try {
    await work((server.address() as { port: number }).port);
  } finally {
    (server as { closeAllConnections?: () => void }).closeAllConnections?.();
    let closed = false;
    server.close(() => closed = true);
    // Deno 2.4 never says that a server of node:net has closed, once it had a connection.
    await until("the server to close", () => closed, 500).catch(() => {});
  }
}

function http(listener: RequestListener): Server {
  return createServer(listener) as unknown as Server;
}

test("goodseed doctor --json as a program names every check and changes nothing", async () => {
  using dir = tempDir();
  makeRunFile(dir.join("home", "projects"), "p", "r");
  const before = folderState(dir.join("home"));
  const env = { GOODSEED_HOME: dir.join("home"), XDG_CACHE_HOME: dir.join("cache") };

  const outcome = await exec(["doctor", "--json"], { env });

  const { ok, checks } = JSON.parse(outcome.stdout);
  assert.deepEqual([outcome.code, ok, outcome.stderr], [0, true, ""], outcome.stdout);
  assert.deepEqual(
    checks.map((check: { name: string }) => check.name),
    CHECKS.map((check) => check.name),
  );
  for (const check of checks) {
    assert.deepEqual(Object.keys(check), ["name", "ok", "level", "detail", "fix"]);
    assert.equal(check.ok, true, JSON.stringify(check));
    assert.equal(check.fix === null, check.level === "ok" || check.level === "skipped");
  }
  assert.deepEqual(folderState(dir.join("home")), before);
  assert.equal(existsSync(dir.join("cache", "goodseed")), false);
});

test("goodseed doctor prints one line a check and gives 1 for a problem only", async () => {
  using dir = tempDir();
  const levels = ["ok", "warning", "problem", "skipped"] as const;
  const checks = levels.map((level): Check => ({
    name: `a-${level}`,
    usesHome: false,
    run: () => ({
      level,
      detail: "seen\u001b[31m",
      ...(level === "warning" || level === "problem" ? { fix: "do it" } : {}),
    }),
  }));
  const all = world(), calm = world(), quiet = world();

  assert.equal(await examine({}, all.ctx, checks, doctorWorld(dir.path)), 1);
  assert.equal(await examine({}, calm.ctx, checks.slice(0, 2), doctorWorld(dir.path)), 0);
  assert.equal(await examine({ quiet: true }, quiet.ctx, checks, doctorWorld(dir.path)), 1);

  assert.deepEqual(all.stdout.join("").split("\n"), [
    "ok       a-ok        seen\\u001b[31m",
    "warning  a-warning   seen\\u001b[31m -> do it",
    "problem  a-problem   seen\\u001b[31m -> do it",
    "skipped  a-skipped   seen\\u001b[31m",
    "",
  ]);
  assert.deepEqual(quiet.stdout.join("").match(/^\w+/gm), ["warning", "problem"]);
});

test("goodseed doctor bounds every check, and leaves out what a hanging home would hang", async () => {
  using dir = tempDir();
  const hangs = (name: string, usesHome: boolean): Check => ({
    name,
    usesHome,
    run: () => new Promise<Finding>(() => {}),
  });
  const fails: Check = {
    name: "fails",
    usesHome: false,
    run() {
      throw new Error("broken");
    },
  };
  const fine: Check = { name: "fine", usesHome: false, run: () => ok("fine") };
  let unread = 0;
  const { ctx, stdout } = world();
  const checks = [hangs("home", true), hangs("disk", true), hangs("net", false), fails, fine];
  const started = performance.now();
  const code = await examine(
    { json: true },
    { ...ctx, exitAtReturn: () => void unread++ },
    checks,
    doctorWorld(dir.path, { limitMs: 100 }),
  );

  assert.ok(performance.now() - started < 3000);
  assert.deepEqual([code, unread], [1, 1]);
  assert.deepEqual(
    JSON.parse(stdout.join("")).checks.map((
      check: { name: string; level: string; detail: string },
    ) => [check.name, check.level, check.detail]),
    [
      ["home", "problem", "no answer within 0.1 s"],
      ["disk", "skipped", "the home does not answer"],
      ["net", "problem", "no answer within 0.1 s"],
      ["fails", "problem", "the check failed: broken"],
      ["fine", "ok", "fine"],
    ],
  );
});

test("doctor: home is a folder that can be written, or can be made", async () => {
  using dir = tempDir();
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("open"));
  chmodSync(dir.join("open"), 0o777);

  const level = async (name: string) => (await find(homeCheck, doctorWorld(dir.join(name)))).level;
  assert.equal((await find(homeCheck, doctorWorld(dir.path))).level, "ok");
  assert.equal(await level("file"), "problem");
  assert.equal(await level("open"), "warning");
  assert.equal(await level("not/yet/there"), "ok");
  assert.equal(existsSync(dir.join("not")), false);
  if (process.getuid?.() !== 0) {
    chmodSync(dir.join("open"), 0o555);
    assert.equal(await level("open"), "problem");
    assert.equal(await level("open/new"), "problem");
  }
  assert.equal((await find(homeCheck, doctorWorld(dir.join("file", "below")))).level, "problem");
  assert.equal((await find(filesystemCheck, doctorWorld(dir.path))).level, "ok");
});

test("doctor: little room is a warning, none a problem", async () => {
  using dir = tempDir();
  const GIB = 2 ** 30;
  const space = { freeBytes: 50 * GIB, totalBytes: 100 * GIB, freeFiles: 9000, totalFiles: 10000 };

  assert.equal(judgeSpace(space).level, "ok");
  assert.equal(judgeSpace({ ...space, freeBytes: 1.9 * GIB }).level, "warning");
  assert.equal(judgeSpace({ ...space, totalBytes: 2600 * GIB }).level, "warning");
  assert.equal(judgeSpace({ ...space, freeFiles: 100 }).level, "warning");
  assert.equal(judgeSpace({ ...space, freeFiles: 0, totalFiles: 0 }).level, "ok");
  assert.equal(judgeSpace({ ...space, freeBytes: 1000 }).level, "problem");
  assert.equal(judgeSpace({ ...space, freeFiles: 0 }).level, "problem");
  assert.match((await find(spaceCheck, doctorWorld(dir.join("no/such")))).detail, /GiB|MiB/);
});

test("doctor: quota is read where a tool tells it", async () => {
  using dir = tempDir();
  const head = "Disk quotas for user me (uid 1000): \n" +
    "     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\n";

  assert.equal(judgeQuota(head + "  /dev/sda1  100  2000 3000 0  10 0 0 0\n").level, "ok");
  assert.equal(
    judgeQuota(head + "  /dev/sda1  2100* 2000 3000 1700000000 10 0 0 0\n").level,
    "warning",
  );
  assert.equal(judgeQuota(head + "  /dev/sda1  2900 2000 3000 0 10 0 0 0\n").level, "warning");
  assert.equal(judgeQuota(head + "  srv:/home  5 0 0 0 100* 90 100 0\n").level, "problem");
  assert.match(judgeQuota("  /lustre  7 0 0 - 5 9 10 -\n").detail, /lustre: 5 of 10 files/);
  assert.match(judgeQuota("Disk quotas for user me (uid 1000): none\n").detail, /no limits/);
  const missing = { probe: () => Promise.resolve({ missing: true } as const) };
  assert.equal((await find(quotaCheck, doctorWorld(dir.path, missing))).level, "skipped");
});

test("doctor: the cache goes where it is ours alone, and is not made", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("shared/goodseed"), { recursive: true });
  chmodSync(dir.join("shared/goodseed"), 0o777);
  writeFileSync(dir.join("file"), "");
  const env = { XDG_CACHE_HOME: dir.join("shared"), XDG_RUNTIME_DIR: dir.join("run") };

  const second = await find(cacheCheck, doctorWorld(dir.path, { env }));
  const none = await find(
    cacheCheck,
    doctorWorld(dir.path, { env: { ...env, XDG_RUNTIME_DIR: "", TMPDIR: dir.join("file") } }),
  );

  assert.equal(second.level, "ok");
  assert.match(second.detail, /run\/goodseed .*passed over: .*shared\/goodseed can be written by/);
  assert.equal(none.level, "warning");
  assert.equal(existsSync(dir.join("run")), false);
});

test("doctor: dead runs are a warning, unreadable ones a problem", async () => {
  using dir = tempDir();
  const projects = dir.join("projects");
  makeRunFile(projects, "p", "done");
  const alive = makeRunFile(projects, "p", "alive", { status: "running" });
  writeFileSync(leasePath(alive), JSON.stringify({ v: 1, ...ownIdentity() }));
  const calm = await find(runsCheck, doctorWorld(dir.path));
  leaveDeadLease(makeRunFile(projects, "team/p", "dead", { status: "running" }));
  const dead = await find(runsCheck, doctorWorld(dir.path));
  writeFileSync(`${projects}/p/runs/bad.sqlite`, "no database");
  const bad = await find(runsCheck, doctorWorld(dir.path));

  assert.deepEqual(calm, { level: "ok", detail: "2 run(s), none with a dead writer" });
  assert.equal(dead.level, "warning");
  assert.match(dead.detail, /^3 run\(s\); 1 say "running" .* team\/p\/dead$/);
  assert.match(dead.fix!, /goodseed mark-dead team\/p\/dead$/);
  assert.equal(bad.level, "problem");
  assert.match(bad.detail, /1 cannot be read: p\/bad; 1 with a dead writer: team\/p\/dead/);
  assert.match(bad.fix!, /goodseed repair p\/bad/);
});

test("doctor: logs and journals without a living writer are named", async () => {
  using dir = tempDir();
  const projects = dir.join("projects"), runs = `${projects}/p/runs`;
  const alive = makeRunFile(projects, "p", "alive");
  writeFileSync(leasePath(alive), JSON.stringify({ v: 1, ...ownIdentity() }));
  writeFileSync(`${runs}/alive.sqlite-wal`, "x");
  writeFileSync(`${runs}/alive.journal`, "x");
  makeRunFile(projects, "p", "done");
  writeFileSync(`${runs}/done.sqlite-wal`, "");
  const calm = await find(leftoversCheck, doctorWorld(dir.path));
  leaveDeadLease(makeRunFile(projects, "p", "dead"));
  writeFileSync(`${runs}/dead.journal`, "x");
  writeFileSync(`${runs}/gone.sqlite-wal`, "x");
  const found = await find(leftoversCheck, doctorWorld(dir.path));

  assert.equal(calm.level, "ok", calm.detail);
  assert.equal(found.level, "warning");
  assert.match(found.detail, /^2 log/);
  assert.match(found.detail, /p\/dead\.journal/);
  assert.match(found.detail, /p\/gone\.sqlite-wal/);
});

test("doctor: the clock is compared with the program's day and with the disk", async () => {
  using dir = tempDir();
  const before = folderState(dir.path);
  const skew = (fileMs: number) => judgeSkew("now", { beforeMs: 1e6, fileMs, afterMs: 1e6 + 100 });

  assert.equal((await find(clockCheck, doctorWorld(dir.path))).level, "ok");
  assert.equal((await find(clockCheck, doctorWorld(dir.join("none")))).level, "ok");
  assert.deepEqual(folderState(dir.path), before);
  const old = { now: () => Date.UTC(2020, 0, 1) };
  assert.equal((await find(clockCheck, doctorWorld(dir.path, old))).level, "problem");
  const future = { now: () => Date.now() + 3_600_000 };
  const ahead = await find(clockCheck, doctorWorld(dir.path, future));
  assert.match(ahead.detail, /the disk of the home is (3600|3599) s behind/);
  assert.equal(skew(1e6 - 4000).level, "ok");
  assert.match(skew(1e6 + 60_100).detail, /60 s ahead/);
});

test("doctor: GPU tools answer, fail, hang or are not there", async () => {
  using dir = tempDir();
  const output = {
    missing: false,
    code: 0,
    stdout: "",
    timedOut: false,
    truncated: false,
  } as const;
  const level = async (nvidia: Awaited<ReturnType<DoctorContext["probe"]>>) => {
    const probe: DoctorContext["probe"] = (command) =>
      Promise.resolve(command === "nvidia-smi" ? nvidia : { missing: true });
    return await find(gpuCheck, doctorWorld(dir.path, { probe }));
  };

  const two = await level({ ...output, stdout: "GPU 0: H200 (UUID: x)\nGPU 1: H200 (UUID: y)\n" });
  assert.deepEqual(two, { level: "ok", detail: "nvidia-smi answers: 2 GPU(s)" });
  assert.match((await level({ ...output, code: 9 })).detail, /nvidia-smi fails/);
  const slow = await level({ ...output, timedOut: true });
  assert.deepEqual([slow.level, /does not answer/.test(slow.detail)], ["warning", true]);
  if (!existsSync("/proc/driver/nvidia/version")) {
    assert.equal((await level({ missing: true })).level, "ok");
  }
});

test("doctor: the port is free, goodseed's, or another program's", async () => {
  using dir = tempDir();
  let free = 0;
  await serving(createTcpServer(), (port) => Promise.resolve(void (free = port)));
  const level = async (port: number) => await find(portCheck, doctorWorld(dir.path, { port }));
  assert.deepEqual(await level(free), { level: "ok", detail: `${free} is free` });
  const ours = http((request, response) =>
    response.end(request.url === "/version" ? '{"name":"goodseed","version":"9.9"}' : "")
  );
  await serving(ours, async (port) => {
    assert.match((await level(port)).detail, /held by goodseed 9\.9/);
  });
  await serving(http((_, response) => response.end("hello")), async (port) => {
    assert.equal((await level(port)).level, "warning");
  });
  const sockets: Socket[] = [];
  const mute = createTcpServer((socket) => void sockets.push(socket.on("error", () => {})));
  await serving(mute, async (port) => {
    assert.equal((await level(port)).level, "warning");
    for (const socket of sockets) socket.destroy();
  });
});

test("doctor: glibc is compared with what the binaries need", async () => {
  using dir = tempDir();

  assert.equal(judgeLibc("glibc 2.36\n").level, "ok");
  assert.equal(judgeLibc("ldd (Debian GLIBC 2.36-9+deb12u10) 2.36\nCopyright").level, "ok");
  assert.match(judgeLibc("glibc 2.17\n").fix!, /goodseed-bun/);
  assert.equal(judgeLibc("glibc 2.12\n").level, "problem");
  assert.equal(judgeLibc("musl libc (x86_64)\nVersion 1.2.4\n").level, "warning");
  assert.equal((await find(libcCheck, doctorWorld(dir.path))).level === "problem", false);
  assert.match((await find(sqliteCheck, doctorWorld(dir.path))).detail, /^SQLite 3\.\d+.* by /);
});

test("doctor: the server is asked with the key, which is never shown", async () => {
  using dir = tempDir();
  const key = "secret-key-1";
  const ask = async (url: string, more: Record<string, string> = { GOODSEED_API_KEY: key }) => {
    const env = { GOODSEED_API_URL: url, ...more };
    const finding = await find(hubCheck, doctorWorld(dir.path, { env, limitMs: 1000 }));
    assert.equal(JSON.stringify(finding).includes(key), false);
    return finding;
  };
  const hub = http((request, response) => {
    if (request.url !== "/api/v1/auth/me") response.writeHead(404);
    else if (request.headers.authorization !== `Bearer ${key}`) response.writeHead(401);
    response.end('{"name":"team-a"}');
  });

  assert.equal((await find(hubCheck, doctorWorld(dir.path))).level, "skipped");
  await serving(hub, async (port) => {
    const url = `http://127.0.0.1:${port}`;
    assert.deepEqual(await ask(url + "/"), {
      level: "ok",
      detail: `127.0.0.1:${port} knows the key as "team-a"`,
    });
    assert.match((await ask(url, { GOODSEED_API_KEY: "bad" })).detail, /refuses the key \(401\)/);
    assert.match((await ask(url, {})).detail, /GOODSEED_API_KEY is not set/);
    assert.match((await ask(url + "/other")).detail, /answers 404, not as a goodseed server/);
  });
  await serving(http(() => {}), async (port) => {
    assert.match((await ask(`http://127.0.0.1:${port}`)).detail, /does not answer in time/);
  });
  assert.match((await ask("http://127.0.0.1:1")).detail, /127\.0\.0\.1:1 cannot be reached/);
  assert.match((await ask("ftp://x")).detail, /not an http\(s\) address/);
  assert.match((await ask("nonsense")).detail, /not an http\(s\) address/);
});
