import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { programSpec } from "../../cli/args.ts";
import { bashScript, fishScript, zshScript } from "../../cli/completions.ts";
import { cleanEnv, tempDir } from "../_harness.ts";
import { skip } from "../_skip.ts";
import { run } from "./_goodseed.ts";

/** What bash offers for a command line whose last word is being typed. */
function complete(...words: string[]): string[] {
  using dir = tempDir();
  writeFileSync(dir.join("c.bash"), bashScript(programSpec()));
  const script = `source ./c.bash && source ./c.bash || exit 9
COMP_WORDS=(goodseed ${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_goodseed
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
    cwd: dir.path,
    encoding: "utf8",
    env: cleanEnv(),
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout.split("\n").filter((line) => line !== "");
}

const hasBash = spawnSync("bash", ["--version"]).status === 0;

test("bash completes commands", (t) => {
  if (!hasBash) return skip(t, "bash is not installed");
  assert.deepEqual(complete("ex"), ["export"]);
  assert.deepEqual(complete("he"), ["help"]);
  assert.deepEqual(complete("help", "co"), ["completions"]);
  const all = complete("");
  for (const command of programSpec().commands) assert.ok(all.includes(command.name));
});

test(
  "bash completes the options of the command, and of serve without one",
  (t) => {
    if (!hasBash) return skip(t, "bash is not installed");
    assert.deepEqual(complete("list", "--p"), ["--project"]);
    assert.deepEqual(complete("log", "x.jsonl", "--fol"), ["--follow"]);
    assert.deepEqual(complete("--allow"), ["--allow-origin", "--allowed-hosts"]);
    assert.deepEqual(complete("--ver").sort(), ["--verbose", "--version"]);
  },
);

test("bash completes values that are a choice", (t) => {
  if (!hasBash) return skip(t, "bash is not installed");
  assert.deepEqual(complete("export", "a/b", "--format", "js"), ["json", "jsonl"]);
  assert.deepEqual(complete("export", "a/b", "-f", "c"), ["csv"]);
  assert.deepEqual(complete("completions", "fi"), ["fish"]);
});

test("goodseed completions prints the script of each shell", async () => {
  const spec = programSpec();
  const scripts = { bash: bashScript(spec), zsh: zshScript(spec), fish: fishScript(spec) };
  for (const [shell, script] of Object.entries(scripts)) {
    assert.deepEqual(await run(["completions", shell]), { code: 0, stdout: script, stderr: "" });
    for (const command of spec.commands) assert.ok(script.includes(command.name), shell);
  }
});

test("scripts keep the quotes of their shells closed", () => {
  const spec = programSpec();
  const base = spec.commands[0]!;
  const option = { ...base.options[0]!, description: "it's a [b]: \\ 'c'" };
  const odd = { ...spec, commands: [{ ...base, summary: "don't", options: [option] }] };

  for (const script of [zshScript(odd), fishScript(odd)]) {
    const plain = script.replaceAll("'\\''", "").replaceAll("\\'", "").replaceAll("\\\\", "");
    assert.equal(plain.split("'").length % 2, 1, script);
  }
});
