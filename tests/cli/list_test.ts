import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { tempDir } from "../_harness.ts";
import { run } from "./_goodseed.ts";
import { leaveDeadLease, makeRunFile } from "./_run_files.ts";

/** 2026-11-20T17:48:04.5 UTC. */
const T = 1_795_196_884.5;

test("list prints projects as goodseed 0.4.0 does, newest file first", async () => {
  using dir = tempDir();
  const files = [
    makeRunFile(dir.path, "plain", "a"),
    makeRunFile(dir.path, "team-a/g", "b"),
    makeRunFile(dir.path, "team-a/g", "c"),
    makeRunFile(dir.path, "team-a/deep/er", "d"),
  ];
  for (const [i, after] of [0, 5, 9, -60].entries()) utimesSync(files[i]!, T + after, T + after);
  mkdirSync(dir.join("empty", "runs"), { recursive: true });

  const { code, stdout, stderr } = await run(["list", dir.path]);

  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    "  team-a/g  (2 runs, last modified: 2026-11-20T17:48:13)\n" +
      "  plain  (1 run, last modified: 2026-11-20T17:48:04)\n" +
      "  team-a/deep/er  (1 run, last modified: 2026-11-20T17:47:04)\n" +
      "\n" +
      "3 project(s)\n",
  );
});

test("list -p prints runs as goodseed 0.4.0 does, newest creation first", async () => {
  using dir = tempDir();
  const created = (second: number) => ({ created_at: `2026-11-20T17:47:${second}.123456+00:00` });
  makeRunFile(dir.path, "team-a/g", "old", created(10));
  makeRunFile(dir.path, "team-a/g", "live", { ...created(38), name: "display name" });
  makeRunFile(dir.path, "team-a/g", "trash", { ...created(20), trashed: "true", status: "failed" });
  makeRunFile(dir.path, "team-a/g", "timeless", { status: "own word" });

  const { code, stdout, stderr } = await run(["list", dir.path, "-p", "team-a/g"]);

  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    "  [finished] live\n" +
      "      name: display name\n" +
      "      created: 2026-11-20T17:47:38\n" +
      "  [failed] trash\n" +
      "      created: 2026-11-20T17:47:20\n" +
      "  [finished] old\n" +
      "      created: 2026-11-20T17:47:10\n" +
      "  [own word] timeless\n" +
      "      created: -\n" +
      "\n" +
      "4 run(s) in team-a/g\n",
  );
});

test("list tells a run whose writer is gone from one that runs", async () => {
  using dir = tempDir();
  const running = { status: "running", created_at: "2026-11-20T17:47:38+00:00" };
  makeRunFile(dir.path, "p", "elsewhere", running);
  leaveDeadLease(makeRunFile(dir.path, "p", "gone", running));

  const { stdout } = await run(["list", dir.path, "-p", "p"]);
  const json = await run(["list", dir.path, "-p", "p", "--json"]);

  assert.match(stdout, /^ {2}\[presumed dead\] gone$/m);
  assert.match(stdout, /^ {2}\[running\] elsewhere$/m);
  const runs = JSON.parse(json.stdout).runs as { run_id: string; presumed_dead: boolean }[];
  assert.deepEqual(
    Object.fromEntries(runs.map(({ run_id, presumed_dead }) => [run_id, presumed_dead])),
    { elsewhere: false, gone: true },
  );
});

test("list shows files that cannot be read with their problem, behind the others", async () => {
  using dir = tempDir();
  makeRunFile(dir.path, "p", "good", { created_at: "2026-11-20T17:47:38+00:00" });
  makeRunFile(dir.path, "p", "newer", { schema_version: "99" });
  writeFileSync(
    dir.join("p", "runs", "text.sqlite"),
    "this is no database, but long enough to look",
  );
  writeFileSync(dir.join("p", "runs", "empty.sqlite"), "");

  const { code, stdout } = await run(["list", dir.path, "-p", "p"]);

  const lines = stdout.split("\n");
  assert.equal(code, 0);
  assert.equal(lines[0], "  [finished] good");
  for (const id of ["newer", "text", "empty"]) {
    const at = lines.indexOf(`  [unreadable] ${id}`);
    assert.ok(at > 1, id);
    assert.match(lines[at + 1] ?? "", /^ {6}problem: \S/);
  }
  assert.match(stdout, /\n4 run\(s\) in p\n$/);
});

test("list says that there is nothing, and exits with 0", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("projects"));
  const env = { GOODSEED_HOME: dir.path };

  const none = { code: 0, stdout: "No projects found.\n", stderr: "" };
  assert.deepEqual(await run(["list"], { env }), none);
  assert.deepEqual(await run(["list", dir.join("projects")]), none);
  assert.deepEqual(await run(["list", "-p", "zz"], { env }), {
    code: 0,
    stdout: "No runs found in project 'zz'.\n",
    stderr: "",
  });
  assert.deepEqual(await run(["list", "--json"], { env }), {
    code: 0,
    stdout: '{"projects":[]}\n',
    stderr: "",
  });
});

test("list takes a missing default folder for an empty one, but not a named one", async () => {
  using dir = tempDir();
  const missing = dir.join("projects");

  const byDefault = await run(["list"], { env: { GOODSEED_HOME: dir.path } });
  const named = await run(["list", missing]);
  const file = await run(["list", import.meta.filename ?? ""]);

  assert.deepEqual(byDefault, {
    code: 0,
    stdout: `Projects directory does not exist: ${missing}\n`,
    stderr: "",
  });
  assert.deepEqual(named, {
    code: 1,
    stdout: "",
    stderr: `Error: Projects directory does not exist: ${missing}\n`,
  });
  assert.equal(file.code, 1);
  assert.match(file.stderr, /^Error: ".*" is a file; name the folder of all projects\n$/);
});

test("list --json and --quiet give what programs need", async () => {
  using dir = tempDir();
  const path = makeRunFile(dir.path, "p", "r", { created_at: "2026-11-20T17:47:38+00:00" });
  utimesSync(path, T, T);

  const projects = await run(["list", dir.path, "--json"]);
  const runs = await run(["list", dir.path, "-p", "p", "--json"]);

  assert.deepEqual(JSON.parse(projects.stdout), {
    projects: [{ name: "p", run_count: 1, last_modified: "2026-11-20T17:48:04.500000+00:00" }],
  });
  assert.deepEqual(JSON.parse(runs.stdout), {
    runs: [{
      project: "p",
      run_id: "r",
      name: null,
      status: "finished",
      presumed_dead: false,
      created_at: "2026-11-20T17:47:38+00:00",
      closed_at: null,
      trashed: false,
    }],
  });
  assert.equal((await run(["list", dir.path, "-q"])).stdout, "p\n");
  assert.equal((await run(["list", dir.path, "-p", "p", "-q"])).stdout, "r\n");
});

test("list colours statuses on a terminal and nowhere else", async () => {
  using dir = tempDir();
  makeRunFile(dir.path, "p", "r");

  const tty = await run(["list", dir.path, "-p", "p"], { isTty: true });
  const plain = await run(["list", dir.path, "-p", "p", "--no-color"], { isTty: true });

  assert.ok(tty.stdout.startsWith("  \u001b[32m[finished]\u001b[0m r\n"), tty.stdout);
  assert.match(plain.stdout, /^ {2}\[finished\] r\n/);
});

test("list never lets a name steer the terminal", async () => {
  using dir = tempDir();
  makeRunFile(dir.path, "p", "r", { name: "a\u001b[2Jb\nc", status: "x\u0007" });

  const { stdout } = await run(["list", dir.path, "-p", "p"]);

  assert.equal(stdout.split("\n")[0], "  [x\\u0007] r");
  assert.equal(stdout.split("\n")[1], "      name: a\\u001b[2Jb\\nc");
});
