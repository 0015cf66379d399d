import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { programSpec } from "../../cli/args.ts";
import { CLI_PAGE, cliPage } from "../../tools/gen_cli_docs.ts";

test("docs/cli.md is what `npm run docs` writes", () => {
  assert.equal(readFileSync(CLI_PAGE, "utf8"), cliPage(programSpec()));
});

test("cliPage() names every command, argument, option and exit code", () => {
  const spec = programSpec(), page = cliPage(spec);

  for (const command of spec.commands) {
    assert.ok(page.includes(`## goodseed ${command.name}\n`), command.name);
    for (const option of command.options) assert.ok(page.includes(`| \`${option.flags}\` |`));
    for (const argument of command.arguments) assert.ok(page.includes(`| \`${argument.name}\` |`));
  }
  for (const code of [0, 1, 2]) assert.match(page, new RegExp(`^\\| ${code} \\| `, "m"));
});
