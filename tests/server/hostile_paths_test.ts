import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSafeProject, isSafeRunId } from "../../lib/names.ts";
import { decodePath } from "../../server/request_path.ts";
import { fakeApp } from "./_fake_app.ts";

/** Paths below `/api/runs/` that must reach no file: as they go over the wire. */
const HOSTILE = [
  "..%2F..%2Fetc/passwd",
  "%2e%2e/%2e%2e/x",
  "../../outside/secret",
  "a/../b/r",
  "a/%2e%2e/r",
  "a/%2e/r",
  "a/..",
  "a/%252e%252e%252fx/r",
  "%2Fetc/passwd",
  "/etc/r",
  "//etc/r",
  "a//r",
  "a/%00/r",
  "a/r%00",
  "a/r%00.sqlite",
  "a%5Cb/r",
  "a\\b/r",
  "a/..%5C..%5Cr",
  "C:%5Cwindows/r",
  "C:/r",
  "a/r;x=1",
  "a/r.sqlite",
  "a/.r",
  "a/r%0a",
  "a/r%20",
  "a%20/r",
  "%20a/r",
  ".a/r",
  "a./r",
  "a%0d%0aSet-Cookie:x/r",
  "a%E2%80%AEb/r",
  "a%E2%80%8Bb/r",
  "a%EF%BB%BF/r",
  "a%3Fmode=rwc/r",
  "a%23/r",
  "a%25/r",
  "a%2A/r",
  "%FF/r",
  "a/%zz",
  "a/%C0%AE%C0%AE/r",
  "a/r%ED%A0%80",
  `${"x".repeat(129)}/r`,
  `a/${"r".repeat(129)}`,
  "1/2/3/4/5/6/7/8/9/r",
];

test("hostile names are refused with 400 before anything is asked", async () => {
  for (const name of HOSTILE) {
    for (const end of ["", "/configs", "/metrics", "/metric-paths", "/string_series"]) {
      const { send, asked } = fakeApp();

      const response = await send(`/api/runs/${name}${end}`);

      const body = await response.json();
      assert.equal(response.status, 400, `${name}${end}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "bad_request", name);
      assert.deepEqual(asked, [], name);
    }
  }
});

test("hostile names are refused with 400 before anything is written", async () => {
  for (const name of HOSTILE) {
    for (const end of ["/trash", "/trash/restore"]) {
      const { send, trashed } = fakeApp();

      const response = await send(`/api/runs/${name}${end}`, { method: "POST" });

      assert.equal(response.status, 400, name + end);
      assert.deepEqual(trashed, [], name);
    }
  }
});

test("hostile projects in the query are refused with 400", async () => {
  for (const name of ["..", "../x", "/etc", "a//b", "a\0", "a\\b", "a\u202eb", "x".repeat(129)]) {
    const { send, asked } = fakeApp();

    const response = await send(`/api/runs?project=${encodeURIComponent(name)}`);

    assert.equal(response.status, 400, name);
    assert.deepEqual(asked, [], name);
  }
});

test("whatever the path, only safe names reach the reads", async () => {
  const { send, asked } = fakeApp();
  const part = fc.oneof(
    fc.constantFrom("..", ".", "%2e", "%2F", "a", "r-1", "configs", "%00", "\\", "é", "%C3%A9", ""),
    fc.string({ unit: "grapheme", maxLength: 6 }),
  );

  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
      asked.length = 0;
      const path = parts.join("/").replaceAll(/[?#]/g, "_");

      const response = await send(`/api/runs/${path}`);

      assert.ok([200, 400, 404].includes(response.status), path);
      for (const query of asked) {
        assert.ok("ref" in query && isSafeProject(query.ref.project), path);
        assert.ok(isSafeRunId(query.ref.runId), path);
      }
    }),
    { numRuns: 2000 },
  );
});

test("decodePath() decodes once and leaves the rest alone", () => {
  assert.equal(decodePath("http://h/a%2Fb/../%252e?x=%zz#f"), "/a/b/../%2e");
  assert.equal(decodePath("http://h"), "/");
  assert.equal(decodePath("http+unix://localhost/x"), "/x");
  assert.equal(decodePath("http://h//e/x"), "//e/x");
  assert.throws(() => decodePath("http://h/%C3"), { name: "UsageError" });
});
