import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { cleanEnv, ROOT, runtimeArgs, tempDir } from "../_harness.ts";
import { rows } from "../lib/_runs.ts";

test("console output is recorded in order, whole, to the last character", () => {
  using dir = tempDir();
  const [command, args] = runtimeArgs(join(ROOT, "tests/process/console_child.ts"), dir.path);

  const printed = execFileSync(command, args, {
    env: cleanEnv(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

  const path = dir.join("projects/default/runs/c.sqlite");
  const lines = rows(
    path,
    `SELECT replace(path, 'mon/', ''), step, value FROM string_points
     JOIN string_series s ON s.id = series_id ORDER BY step`,
  );
  assert.deepEqual(lines.map(([stream, , text]) => [stream, text]), [
    ["stdout", "Goodseed run: c"],
    ["stdout", `  Data: ${path}`],
    ["stdout", "first"],
    ["stderr", "to stderr 42"],
    ["stdout", "a partial line"],
    ["stdout", "windows"],
    ["stdout", "progress 100%"],
    ["stdout", "50%"],
    ["stdout", "\u001b[32mgreen\u001b[0m ☃"],
    ["stdout", "last words without an end"],
  ]);
  assert.deepEqual(lines.map(([, step]) => step), lines.map((_, i) => i));
  assert.match(printed, /first\na partial line\nwindows\r\n\rprogress 0%/);
  assert.match(printed, /last words without an endGoodseed run closed: c\n$/);
});
