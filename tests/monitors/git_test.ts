import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gitFacts } from "../../monitors/git.ts";
import { cleanEnv, type TempDir, tempDir } from "../_harness.ts";
import { standIn, withPath } from "./_fixture.ts";

const TIMEOUT = { timeoutMs: 20_000 };

/** Runs git in a folder, with settings of its own. */
function git(folder: string, ...args: string[]): string {
  const env = cleanEnv({ GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" });
  const settings = ["user.name=Ada", "user.email=ada@example.org", "init.defaultBranch=main"];
  return execFileSync("git", [...settings.flatMap((s) => ["-c", s]), ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trimEnd();
}

/** A repository with one commit. */
function repository(dir: TempDir, name: string = "repo"): string {
  const folder = dir.join(name);
  mkdirSync(folder);
  git(folder, "init", "-q");
  writeFileSync(`${folder}/a.txt`, "one\n");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "first line\n\nbody\n\n");
  return folder;
}

test("gitFacts() describes a clean repository", async () => {
  using dir = tempDir();
  const folder = repository(dir);

  const facts = await gitFacts({ cwd: folder, ...TIMEOUT });

  assert.deepEqual(facts, {
    "source_code/git/repository_path": git(folder, "rev-parse", "--show-toplevel"),
    "source_code/git/commit_id": git(folder, "rev-parse", "HEAD"),
    "source_code/git/commit_message": "first line\n\nbody",
    "source_code/git/commit_author": "Ada",
    "source_code/git/commit_date": git(folder, "log", "-1", "--pretty=%cI"),
    "source_code/git/current_branch": "main",
    "source_code/git/dirty": false,
    "source_code/diff": "",
  });
});

test("gitFacts() shows changes, from a file or a folder of the repository", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  mkdirSync(`${folder}/deep/er`, { recursive: true });
  appendFileSync(`${folder}/a.txt`, "two\n");

  for (const repositoryPath of [`${folder}/a.txt`, `${folder}/deep/er`]) {
    const facts = await gitFacts({ repositoryPath, ...TIMEOUT });
    assert.equal(facts["source_code/git/dirty"], true);
    assert.equal(facts["source_code/diff"], git(folder, "diff", "HEAD"));
  }
});

test("gitFacts() counts a new file as a change", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  writeFileSync(`${folder}/new.txt`, "");

  const facts = await gitFacts({ cwd: folder, ...TIMEOUT });

  assert.equal(facts["source_code/git/dirty"], true);
  assert.equal(facts["source_code/diff"], "");
});

test("gitFacts() shows the difference to the upstream, and remotes without credentials", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  const clone = dir.join("clone");
  git(dir.path, "clone", "-q", folder, clone);
  writeFileSync(`${clone}/b.txt`, "local\n");
  git(clone, "add", ".");
  git(clone, "commit", "-q", "-m", "local");
  git(clone, "remote", "add", "hub", "https://me:hunter2@example.org/x.git");

  const facts = await gitFacts({ cwd: clone, ...TIMEOUT });

  const upstream = git(clone, "rev-parse", "@{u}");
  assert.equal(facts[`source_code/diff_upstream_${upstream}`], git(clone, "diff", "@{u}"));
  assert.match(
    String(facts["source_code/git/remotes"]),
    /hub\thttps:\/\/\*\*\*@example\.org\/x\.git/,
  );
  assert.ok(!JSON.stringify(facts).includes("hunter2"));
});

test("gitFacts() says HEAD for a detached head and leaves out what a new repository lacks", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  git(folder, "checkout", "-q", "--detach");
  const empty = dir.join("empty");
  mkdirSync(empty);
  git(empty, "init", "-q");

  const detached = await gitFacts({ cwd: folder, ...TIMEOUT });
  const fresh = await gitFacts({ cwd: empty, ...TIMEOUT });

  assert.equal(detached["source_code/git/current_branch"], "HEAD");
  assert.deepEqual(Object.keys(fresh), [
    "source_code/git/repository_path",
    "source_code/git/dirty",
  ]);
  assert.equal(fresh["source_code/git/dirty"], false);
});

test("gitFacts() finds nothing outside a repository, in no folder and without git", async () => {
  using dir = tempDir();
  standIn(dir, "git", "exit 1");

  assert.deepEqual(await gitFacts({ cwd: dir.path, ...TIMEOUT }), {});
  assert.deepEqual(await gitFacts({ repositoryPath: dir.join("missing"), ...TIMEOUT }), {});
  assert.deepEqual(await withPath(dir.path, () => gitFacts({ cwd: dir.path, ...TIMEOUT })), {});
});

test("gitFacts() cuts a long diff at a line and says so", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  writeFileSync(`${folder}/a.txt`, "a line of text\n".repeat(10_000));

  const facts = await gitFacts({ cwd: folder, ...TIMEOUT, maxDiffBytes: 1_000 });

  const lines = String(facts["source_code/diff"]).split("\n");
  assert.equal(
    lines.at(-1),
    "[goodseed: the diff is longer than 1000 bytes; the rest is left out]",
  );
  assert.equal(lines.at(-2), "+a line of text");
  assert.ok(lines.join("\n").length < 1_100);
});

test("gitFacts() keeps its time limit over all commands together", async () => {
  using dir = tempDir();
  standIn(dir, "git", `exec sleep 30`);
  const start = performance.now();

  const facts = await withPath(dir.path, () => gitFacts({ cwd: dir.path, timeoutMs: 400 }));

  assert.deepEqual(facts, {});
  assert.ok(performance.now() - start < 5_000);
});

test("gitFacts() runs no program that the repository names", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  const trap = standIn(dir, "trap", `echo "$0 $*" >> '${dir.join("sprung")}'; cat`);
  writeFileSync(`${folder}/.gitattributes`, "*.txt filter=evil diff=evil\n");
  writeFileSync(`${folder}/.git/hooks/post-index-change`, `#!/bin/sh\n${trap} hook\n`, {
    mode: 0o755,
  });
  const settings = {
    "core.fsmonitor": trap,
    "core.pager": trap,
    "core.sshCommand": trap,
    "core.askPass": trap,
    "diff.external": trap,
    "diff.evil.command": trap,
    "diff.evil.textconv": trap,
    "filter.evil.clean": trap,
    "filter.evil.smudge": trap,
    "filter.other.process": trap,
    "filter.evil.required": "true",
    "gpg.program": trap,
    "log.showSignature": "true",
    "credential.helper": trap,
  };
  for (const [key, value] of Object.entries(settings)) git(folder, "config", key, value);
  writeFileSync(`${folder}/a.txt`, "changed\n");

  const facts = await gitFacts({ cwd: folder, ...TIMEOUT });

  assert.equal(existsSync(dir.join("sprung")), false, "a program of the repository was run");
  assert.equal(facts["source_code/git/dirty"], true);
  assert.match(String(facts["source_code/diff"]), /\+changed/);
  // the trap does work: plain git falls into it
  git(folder, "status");
  assert.equal(existsSync(dir.join("sprung")), true);
});

test("gitFacts() leaves changes out when a filter cannot be switched off", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  git(folder, "config", "filter.a=b.clean", "cat");

  const facts = await gitFacts({ cwd: folder, ...TIMEOUT });

  assert.equal("source_code/git/dirty" in facts, false);
  assert.equal("source_code/diff" in facts, false);
  assert.equal(facts["source_code/git/current_branch"], "main");
});

test("gitFacts() writes nothing into the repository", async () => {
  using dir = tempDir();
  const folder = repository(dir);
  rmSync(`${folder}/a.txt`);
  writeFileSync(`${folder}/a.txt`, "one\n");
  utimesSync(`${folder}/a.txt`, 1_700_000_000, 1_700_000_000); // the index is now out of date
  utimesSync(`${folder}/.git/index`, 1_700_000_100, 1_700_000_100);
  const index = git(folder, "hash-object", ".git/index");

  await gitFacts({ cwd: folder, ...TIMEOUT });

  assert.equal(git(folder, "hash-object", ".git/index"), index);
});
