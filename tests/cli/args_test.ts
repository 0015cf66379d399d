import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { programSpec } from "../../cli/args.ts";
import { VERSION } from "../../lib/version.ts";
import { ROOT } from "../_harness.ts";
import { run } from "./_goodseed.ts";

function versionIn(file: string): unknown {
  return (JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { version: unknown }).version;
}

test("VERSION is the version of deno.json and package.json", () => {
  assert.equal(versionIn("deno.json"), VERSION);
  assert.equal(versionIn("package.json"), VERSION);
});

test("goodseed --version prints the version alone", async () => {
  const expected = { code: 0, stdout: `${VERSION}\n`, stderr: "" };

  assert.deepEqual(await run(["--version"]), expected);
  assert.deepEqual(await run(["-V"]), expected);
});

test("goodseed help names every command", async () => {
  for (const args of [["help"], ["--help"]]) {
    const { code, stdout, stderr } = await run(args);

    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const command of programSpec().commands) {
      assert.match(stdout, new RegExp(`  ${command.name} `));
    }
  }
});

test("goodseed help COMMAND names every option of it", async () => {
  for (const command of programSpec().commands) {
    const asked = await run(["help", command.name]), flagged = await run([command.name, "--help"]);

    assert.equal(asked.code, 0, command.name);
    assert.deepEqual(flagged, asked, command.name);
    for (const option of command.options) {
      assert.ok(asked.stdout.includes(option.flags), option.flags);
    }
    for (const line of command.examples) assert.ok(asked.stdout.includes(line), line);
  }
});

test("a wrong command line is one line on stderr and exit code 1", async () => {
  const cases: [string[], RegExp][] = [
    [["list", "--nope"], /^Error: unknown option '--nope'\n$/],
    [["show"], /^Error: missing required argument 'run'\n$/],
    [
      ["export", "a/b", "-f", "xml"],
      /^Error: option '-f, --format <format>' argument 'xml' is invalid/,
    ],
    [
      ["serve", "--port", "70000"],
      /^Error: option '--port <port>' argument '70000' is invalid.*65535\.\n$/,
    ],
    [["serve", "--port", "8e3"], /^Error: option '--port <port>'/],
    [["completions", "tcsh"], /^Error: command-argument value 'tcsh' is invalid/],
    [["list", "a", "b"], /^Error: too many arguments for 'list'/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await run(args);

    assert.equal(code, 1, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

test("goodseed with a word that is neither command nor folder says both", async () => {
  const { code, stderr } = await run(["lsit"], { cwd: ROOT });

  assert.equal(code, 1);
  assert.match(
    stderr,
    /^Error: Projects directory does not exist: .*lsit; for commands see: goodseed help\n$/,
  );
});

test("every option is described and no two of a command share a name", () => {
  for (const command of programSpec().commands) {
    const names = command.options.flatMap((option) => [option.short, option.long].filter(Boolean));

    assert.equal(new Set(names).size, names.length, command.name);
    assert.notEqual(command.summary, "");
    for (const option of command.options) assert.match(option.description, /^\S.*[^.]$/);
    for (const argument of command.arguments) assert.notEqual(argument.description, "");
  }
});
