import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ConflictError, LimitError, StoreError, UsageError } from "../../lib/errors.ts";
import type { ReadQuery } from "../../server/reads/types.ts";
import { fakeApp } from "./_fake_app.ts";

const REF = { project: "ws/proj", runId: "r-1" };
const RUN = "/api/runs/ws/proj/r-1";

const QUERIES: [string, ReadQuery][] = [
  ["/api/projects", { q: "projects" }],
  ["/api%2Fprojects", { q: "projects" }],
  ["/api/runs", { q: "runs" }],
  ["/api/runs?project=", { q: "runs" }],
  ["/api/runs?project=ws%2Fproj", { q: "runs", project: "ws/proj" }],
  ["/api/runs?project=a+b", { q: "runs", project: "a b" }],
  [RUN, { q: "run", ref: REF }],
  ["/api/runs/ws%2Fproj/r-1", { q: "run", ref: REF }],
  ["/api/runs/default/metrics", { q: "run", ref: { project: "default", runId: "metrics" } }],
  [`${RUN}/configs`, { q: "configs", ref: REF }],
  ["/api/runs/ws%2Fproj%2Fr-1%2Fconfigs", { q: "configs", ref: REF }],
  ["/api/runs/a/b/c/d/configs/configs", {
    q: "configs",
    ref: { project: "a/b/c/d", runId: "configs" },
  }],
  ["/api/runs/n%C3%A4he%20team/r/configs", {
    q: "configs",
    ref: { project: "nähe team", runId: "r" },
  }],
  [`${RUN}/metric-paths`, { q: "metricPaths", ref: REF }],
  [`${RUN}/metrics`, { q: "metrics", ref: REF }],
  [`${RUN}/metrics?path=a%2Fb`, { q: "metrics", ref: REF, path: "a/b" }],
  [`${RUN}/metrics?path=m&pointCount=5`, { q: "downsampled", ref: REF, path: "m", pointCount: 5 }],
  [`${RUN}/metrics?path=m&pointCount=1&firstPointIndex=-3&lastPointIndex=9`, {
    q: "downsampled",
    ref: REF,
    path: "m",
    pointCount: 1,
    first: 0,
    last: 9,
  }],
  [`${RUN}/string_series`, { q: "strings", ref: REF }],
  [`${RUN}/string_series?path=s&limit=-1&offset=2&tail=0`, {
    q: "strings",
    ref: REF,
    path: "s",
    limit: -1,
    offset: 2,
    tail: 0,
  }],
];

test("buildApp() turns each reading route into its question", async () => {
  for (const [path, query] of QUERIES) {
    const { send, asked } = fakeApp();

    const response = await send(path);

    assert.equal(response.status, 200, path);
    assert.deepEqual(asked, [query], path);
    assert.deepEqual(await response.json(), query, path);
    assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
    assert.equal(response.headers.get("content-type"), "application/json", path);
    assert.equal(response.headers.get("cache-control"), "no-cache", path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(response.headers.get("vary"), "Accept-Encoding, Origin", path);
  }
});

test("buildApp() answers HEAD like GET, without a body", async () => {
  for (const [path] of [...QUERIES, ["/healthz"], ["/version"]] as [string][]) {
    const { send } = fakeApp();

    const got = await send(path), head = await send(path, { method: "HEAD" });

    assert.equal(head.status, got.status, path);
    assert.equal(head.headers.get("etag"), got.headers.get("etag"), path);
    assert.equal(await head.text(), "", path);
  }
});

test("buildApp() answers OPTIONS with the contract's headers on every path", async () => {
  for (const path of ["/", "/api/projects", `${RUN}/trash`, "/nowhere", "/*", "/%zz"]) {
    const { send } = fakeApp();

    const response = await send(path, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example" },
    });

    assert.equal(response.status, 204, path);
    assert.equal(await response.text(), "");
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.get("access-control-allow-methods"), "GET, POST, OPTIONS");
    assert.equal(response.headers.get("access-control-allow-headers"), "Content-Type");
  }
});

test("buildApp() moves runs to the trash and back", async () => {
  const { send, trashed } = fakeApp();

  const there = await send(`${RUN}/trash`, { method: "POST", body: "ignored" });
  const back = await send("/api/runs/ws%2Fproj/r-1/trash/restore", { method: "POST" });

  assert.deepEqual([there.status, await there.json()], [200, { ok: true }]);
  assert.deepEqual([back.status, await back.json()], [200, { ok: true }]);
  assert.deepEqual(trashed, [[REF, true], [REF, false]]);
});

test("buildApp() refuses a large body where none is needed", async () => {
  const { send, trashed } = fakeApp();

  const response = await send(`${RUN}/trash`, {
    method: "POST",
    headers: { "content-length": "70000" },
  });

  assert.equal(response.status, 413);
  assert.deepEqual(trashed, []);
});

const ERRORS: [string, string, number, string][] = [
  ["GET", "/nowhere", 404, "Not found"],
  ["GET", "/", 404, "Not found"],
  ["GET", "/api", 404, "Not found"],
  ["GET", "/api/runs/", 404, "Not found"],
  ["GET", "/api/runs/only", 404, "Not found"],
  ["GET", "/ui/absent.js", 404, "Not found"],
  ["GET", "/ui/constructor", 404, "Not found"],
  ["GET", "/api/runs/ws/proj/gone", 404, "Run not found: ws/proj/gone"],
  ["GET", "/api/runs/ws/proj/gone/configs", 404, "Run not found: ws/proj/gone"],
  ["POST", "/api/runs/ws/proj/gone/trash", 404, "Run not found: ws/proj/gone"],
  ["GET", `${RUN}/metrics?pointCount=5`, 400, "pointCount requires a path parameter"],
  ["GET", `${RUN}/metrics?path=m&pointCount=x`, 400, "pointCount must be an integer"],
  ["GET", `${RUN}/metrics?path=m&pointCount=1.5`, 400, "pointCount must be an integer"],
  ["GET", `${RUN}/metrics?path=m&pointCount=0`, 400, "pointCount must be at least 1, got 0"],
  ["GET", `${RUN}/metrics?path=m&pointCount=-1`, 400, "pointCount must be at least 1, got -1"],
  [
    "GET",
    `${RUN}/metrics?path=m&pointCount=100001`,
    400,
    "pointCount must be at most 100000, got 100001",
  ],
  [
    "GET",
    `${RUN}/metrics?path=m&pointCount=1&firstPointIndex=a`,
    400,
    "firstPointIndex and lastPointIndex must be integers",
  ],
  [
    "GET",
    `${RUN}/metrics?path=m&pointCount=1&lastPointIndex=1e3`,
    400,
    "firstPointIndex and lastPointIndex must be integers",
  ],
  ["GET", `${RUN}/string_series?limit=x`, 400, "limit, offset, and tail must be integers"],
  ["GET", `${RUN}/string_series?offset=0x1`, 400, "limit, offset, and tail must be integers"],
  ["GET", `${RUN}/string_series?tail=1e400`, 400, "limit, offset, and tail must be integers"],
  ["GET", `${RUN}/string_series?limit=-2`, 400, "limit must be at least -1, got -2"],
  ["GET", `${RUN}/string_series?offset=-1`, 400, "offset must be at least 0, got -1"],
  ["GET", `${RUN}/string_series?tail=-1`, 400, "tail must be at least 0, got -1"],
  ["PUT", "/api/projects", 405, "Method PUT is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["DELETE", "/api/runs", 405, "Method DELETE is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["DELETE", RUN, 405, "Method DELETE is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["POST", `${RUN}/configs`, 405, "Method POST is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["PATCH", `${RUN}/trash`, 405, "Method PATCH is not allowed here; allowed: POST, OPTIONS"],
  ["POST", "/", 405, "Method POST is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["POST", "/version", 405, "Method POST is not allowed here; allowed: GET, HEAD, OPTIONS"],
  ["DELETE", "/healthz", 405, "Method DELETE is not allowed here; allowed: GET, HEAD, OPTIONS"],
];

const CODES: Record<number, string> = {
  400: "bad_request",
  404: "not_found",
  405: "method_not_allowed",
};

test("buildApp() answers every error in one shape, with the contract's texts", async () => {
  for (const [method, path, status, error] of ERRORS) {
    const { send, unexpected } = fakeApp();

    const response = await send(path, { method });

    assert.equal(response.status, status, `${method} ${path}`);
    assert.deepEqual(await response.json(), { error, code: CODES[status] }, `${method} ${path}`);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.has("allow"), status === 405);
    assert.deepEqual(unexpected, []);
  }
});

test("buildApp() keeps the message of our errors and hides all others, on every reading route", async () => {
  const thrown: [unknown, number, { error: string; code: string }][] = [
    [new UsageError("bad"), 400, { error: "bad", code: "bad_request" }],
    [new ConflictError("busy"), 409, { error: "busy", code: "conflict" }],
    [new LimitError("many", 1, 2, 429), 429, { error: "many", code: "too_many" }],
    [new StoreError("torn", "/x"), 500, { error: "torn", code: "store" }],
    [new Error("secret"), 500, { error: "internal error", code: "internal" }],
    ["a thrown text", 500, { error: "internal error", code: "internal" }],
  ];
  for (const [path] of QUERIES) {
    for (const [error, status, body] of thrown) {
      const { send, unexpected } = fakeApp(() => {
        throw error;
      });

      const response = await send(path);

      assert.equal(response.status, status, path);
      assert.deepEqual(await response.json(), body);
      assert.deepEqual(unexpected, body.code === "internal" ? [error] : []);
    }
  }
});

test("buildApp() sends 304 for a known tag and cancels what it does not send", async () => {
  let cancelled = 0;
  const { send } = fakeApp(() => ({
    etag: '"abc"',
    body: new ReadableStream({ cancel: () => void cancelled++ }),
  }));

  for (const known of ['"abc"', 'W/"abc"', '"x", W/"abc"', "*"]) {
    const response = await send("/api/projects", { headers: { "if-none-match": known } });
    assert.equal(response.status, 304, known);
    assert.equal(response.headers.get("etag"), 'W/"abc"');
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(await response.text(), "");
  }
  await send("/api/projects", { method: "HEAD" });
  assert.equal(cancelled, 5);

  const other = await send("/api/projects", { headers: { "if-none-match": '"abd"' } });
  assert.equal(other.status, 200);
  await other.body?.cancel();
});

test("buildApp() compresses long answers for those who take gzip", async () => {
  const long = JSON.stringify({ text: "abc ".repeat(1000) }), short = '{"a":1}';
  const gzip = { headers: { "accept-encoding": "br, gzip" } };

  const packed = await fakeApp(() => ({ etag: '"1"', body: long })).send("/api/projects", gzip);
  const plain = await fakeApp(() => ({ etag: '"1"', body: short })).send("/api/projects", gzip);
  const refused = await fakeApp(() => ({ etag: '"1"', body: long }))
    .send("/api/projects", { headers: { "accept-encoding": "gzip;q=0, br" } });

  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString(), long);
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(await plain.text(), short);
  assert.equal(refused.headers.get("content-encoding"), null);
  assert.equal(await refused.text(), long);
});

test("buildApp() answers /healthz and /version without asking for data", async () => {
  const { send, asked } = fakeApp();

  assert.deepEqual(await (await send("/healthz")).json(), { status: "ok" });
  assert.deepEqual(await (await send("/version")).json(), { name: "goodseed", version: "1.2.3" });
  assert.deepEqual(asked, []);
});

test("buildApp() shows the start page to browsers only, with a strict policy", async () => {
  const { send } = fakeApp();
  const page = await send("/", { headers: { accept: "text/html,application/xhtml+xml,*/*" } });
  const script = await send("/ui/app.js"), style = await send("/ui/style.css");
  const again = await send("/ui/app.js", {
    headers: { "if-none-match": script.headers.get("etag") ?? "" },
  });
  const curl = await send("/", { headers: { accept: "*/*" } });

  const html = await page.text();
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(html, /<script type="module" src="ui\/app\.js">/);
  assert.doesNotMatch(html, /<script(?![^>]*src=)|\sstyle=|\son\w+=/); // nothing inline
  for (const answer of [page, script, style]) {
    assert.equal(answer.status, 200);
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self';.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  assert.doesNotMatch(await script.text(), /innerHTML|outerHTML|insertAdjacent|document\.write/);
  assert.equal(again.status, 304);
  assert.equal(curl.status, 404);
});

test("buildApp() reports each answer for the access log, refusals included", async () => {
  const { send, accesses } = fakeApp();

  await send("/api/runs?project=a%20b");
  await send("/api/projects", { headers: { host: "evil.example" } });

  assert.deepEqual(
    accesses.map(({ method, target, status }) => [method, target, status]),
    [["GET", "/api/runs?project=a%20b", 200], ["GET", "/api/projects", 421]],
  );
  assert.ok(accesses.every(({ durationMs }) => durationMs >= 0));
});
