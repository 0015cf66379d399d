import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthError } from "../../../lib/errors.ts";
import { originGate, type OriginOptions } from "../../../server/gate/origin.ts";
import { rawRequest } from "../_fake_app.ts";

const HOST = "localhost:8765";

/** Header values of a request; `undefined` leaves one out. */
interface Sent {
  readonly method: string;
  readonly origin?: string;
  readonly site?: string;
  readonly path?: string;
  readonly mode?: string;
  readonly dest?: string;
}

function passes(options: OriginOptions, sent: Sent): boolean {
  const headers = new Headers({ host: HOST });
  const set = (name: string, value?: string) => value !== undefined && headers.set(name, value);
  set("origin", sent.origin);
  set("sec-fetch-site", sent.site);
  set("sec-fetch-mode", sent.mode);
  set("sec-fetch-dest", sent.dest);
  const url = `http://${HOST}${sent.path ?? "/api/projects"}`;
  try {
    originGate(options)(rawRequest(url, { method: sent.method, headers }), undefined);
    return true;
  } catch (error) {
    assert.ok(error instanceof AuthError);
    assert.equal(error.httpStatus, 403);
    return false;
  }
}

const OWN = `http://${HOST}`, EVIL = "https://evil.example", FRIEND = "https://friend.example:444";

/** Origin, Sec-Fetch-Site; then: may it read, read with --open-reads, read with FRIEND allowed, write. */
const MATRIX: [string | undefined, string | undefined, boolean, boolean, boolean, boolean][] = [
  [undefined, undefined, true, true, true, true], // curl, Python
  [undefined, "none", true, true, true, true], // typed into the address bar
  [undefined, "same-origin", true, true, true, true],
  [undefined, "same-site", false, true, false, false], // another port of localhost
  [undefined, "cross-site", false, true, false, false],
  [undefined, "nonsense", false, true, false, false],
  [OWN, "same-origin", true, true, true, true],
  [OWN, undefined, true, true, true, true],
  [OWN, "cross-site", false, true, false, false], // contradicts itself
  [`https://${HOST}`, "same-origin", true, true, true, true], // a proxy with TLS in front
  ["http://localhost:3000", "same-site", false, true, false, false],
  ["http://127.0.0.1:8765", "cross-site", false, true, false, false],
  ["http://localhost", undefined, false, true, false, false],
  ["https://goodseed.ai", "cross-site", true, true, true, false],
  ["https://app.goodseed.ai", "cross-site", true, true, true, false],
  ["http://app.goodseed.ai", "cross-site", false, true, false, false],
  ["https://app.goodseed.ai.evil.example", "cross-site", false, true, false, false],
  ["https://evilgoodseed.ai", undefined, false, true, false, false],
  [FRIEND, "cross-site", false, true, true, false],
  ["https://friend.example", "cross-site", false, true, false, false],
  [EVIL, "cross-site", false, true, false, false],
  [EVIL, undefined, false, true, false, false],
  [EVIL, "same-origin", false, true, false, false],
  ["null", "cross-site", false, true, false, false], // a sandboxed frame, a file
  ["", undefined, false, true, false, false],
];

test("originGate() decides reading by the table", () => {
  for (const [origin, site, plain, open, friend] of MATRIX) {
    for (const method of ["GET", "HEAD"]) {
      const sent = { method, ...optional(origin, site) };
      assert.equal(passes({}, sent), plain, `${method} ${origin} ${site}`);
      assert.equal(passes({ openReads: true }, sent), open, `open ${method} ${origin} ${site}`);
      assert.equal(passes({ allowOrigins: [FRIEND] }, sent), friend, `friend ${origin} ${site}`);
    }
  }
});

test("originGate() decides writing by the table, whatever was opened for reading", () => {
  for (const [origin, site, , , , write] of MATRIX) {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const sent = { method, ...optional(origin, site) };
      const options = { openReads: true, allowOrigins: [FRIEND] };
      assert.equal(passes({}, sent), write, `${method} ${origin} ${site}`);
      assert.equal(passes(options, sent), write, `${method} ${origin} ${site}, opened`);
    }
  }
});

function optional(origin?: string, site?: string): { origin?: string; site?: string } {
  return { ...(origin === undefined ? {} : { origin }), ...(site === undefined ? {} : { site }) };
}

test("originGate() lets every preflight pass: it gets no data", () => {
  assert.equal(passes({}, { method: "OPTIONS", origin: EVIL, site: "cross-site" }), true);
});

test("originGate() lets a link on any page lead to the start page, and nowhere else", () => {
  const visit = { method: "GET", site: "cross-site", mode: "navigate", dest: "document" };

  assert.equal(passes({}, { ...visit, path: "/" }), true);
  assert.equal(passes({}, { ...visit, path: "/?x=1" }), true);
  assert.equal(passes({}, { ...visit, path: "/api/projects" }), false);
  assert.equal(passes({}, { ...visit, path: "/", dest: "iframe" }), false);
  assert.equal(passes({}, { ...visit, path: "/", mode: "no-cors" }), false);
  assert.equal(passes({}, { ...visit, path: "/", origin: EVIL }), false);
  assert.equal(passes({}, { ...visit, path: "/", method: "POST" }), false);
});

test("originGate() refuses settings that are no origins", () => {
  for (const text of ["friend.example", "https://friend.example/path", "*", "ftp://a", "null"]) {
    assert.throws(() => originGate({ allowOrigins: [text] }), {
      name: "UsageError",
      message: /--allow-origin/,
    }, text);
  }
  assert.doesNotThrow(() => originGate({ allowOrigins: ["https://friend.example/"] }));
});
