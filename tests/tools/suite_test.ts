import { test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { denoPath } from "../../tools/dev/runtimes.mjs";
import { byReason, countTests } from "../../tools/dev/suite.mjs";
import { cleanEnv, ROOT, tempDir } from "../_harness.ts";

const DENO_PARALLEL = `./tests/a_test.ts => one ... ok (1ms)
------- post-test output -------
SKIP two: with a colon: no such thing
./tests/a_test.ts => two: with a colon ...----- post-test output end -----
./tests/a_test.ts => two: with a colon ... ok (8ms)
------- post-test output -------
SKIP inner: no such thing either
----- post-test output end -----
./tests/a_test.ts => outer ... inner ... ok (0ms)
./tests/a_test.ts => outer ... ok (2ms)
./tests/a_test.ts => quiet ... ignored (0ms)
`;

test("countTests() takes skipped tests off those that Deno calls passed", () => {
  const counts = countTests(
    DENO_PARALLEL + "\nok | 3 passed (1 step) | 0 failed | 1 ignored (29ms)\n",
    0,
  );

  assert.equal(counts.passed, 2); // `outer` counts, its skipped step does not matter
  assert.equal(counts.failed, 0);
  assert.deepEqual(counts.skips, [
    "two: with a colon: no such thing",
    "inner: no such thing either",
    "a test ignored without a reason",
  ]);
  assert.equal(String(counts), "2 passed, 0 failed, 3 skipped");
});

test("countTests() adds up failures and errors of Bun", () => {
  const output = `tests/a_test.ts:
(pass) one [3.57ms]
SKIP two: why not
(skip) two [0.51ms]
(skip) three
(fail) four [0.98ms]

 1 pass
 2 skip
 1 fail
 1 error
Ran 4 tests across 2 files. [58.00ms]
`;

  const counts = countTests(output, 1);

  assert.equal(String(counts), "1 passed, 2 failed, 2 skipped");
  assert.deepEqual(counts.skips, ["two: why not", "a test ignored without a reason"]);
});

test("countTests() counts a run without a closing line, or without tests, as a failure", () => {
  assert.equal(String(countTests("Segmentation fault", 139)), "0 passed, 1 failed");
  assert.equal(String(countTests("error: No test modules found", 1)), "0 passed, 1 failed");
  assert.equal(String(countTests("", 0)), "0 passed, 1 failed");
});

test("countTests() counts a failed run whose tests all passed as a failure", () => {
  assert.equal(
    String(countTests("ok | 3 passed | 0 failed (29ms)\n", 1)),
    "3 passed, 1 failed",
  );
});

test("byReason() lists tests that were skipped for one reason below it", () => {
  const skips = ["a: b: no Python: none", "c: no GPU", "d(): no Python: none"];

  assert.deepEqual(byReason(skips), [
    "skipped 2 tests: no Python: none",
    "  a: b",
    "  d()",
    "skipped: c: no GPU",
  ]);
  assert.deepEqual(byReason([]), []);
});

test("countTests() agrees with a real run, and CI=true turns skips into failures", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("tests"));
  writeFileSync(dir.join("deno.json"), '{"lock":false}');
  writeFileSync(
    dir.join("tests/a_test.ts"),
    `import { test } from "node:test";
import { skip } from ${JSON.stringify(join(ROOT, "tests/_skip.ts"))};
test("passes", () => {});
test("fails", () => { throw new Error("on purpose"); });
test("skips", (t) => skip(t, "for a reason"));
`,
  );
  const args = ["test", "-A", "--no-check", "--no-config", "tests"];
  const run = async (ci: string): Promise<string> => {
    const env = cleanEnv({ CI: ci });
    const ended = promisify(execFile)(denoPath(), args, { cwd: dir.path, env });
    const { stdout, stderr } = await ended.catch((error) => error);
    return String(countTests(stdout + stderr, 1));
  };

  assert.equal(await run(""), "1 passed, 1 failed, 1 skipped");
  assert.equal(await run("true"), "1 passed, 2 failed");
});
