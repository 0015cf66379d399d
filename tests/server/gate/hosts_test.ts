import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthError } from "../../../lib/errors.ts";
import { canonicalHost, hostsGate } from "../../../server/gate/hosts.ts";
import { rawRequest } from "../_fake_app.ts";

const gate = hostsGate({
  ownNames: ["login1", "10.0.0.5", "fe80::1"],
  allowedHosts: ["Runs.Example"],
});

function ask(host: string | undefined, url?: string): void {
  const headers = new Headers(host === undefined ? {} : { host });
  gate(rawRequest(url ?? `http://${host}/api/projects`, { headers }), undefined);
}

test("hostsGate() lets this machine's names pass, with any port and in any spelling", () => {
  for (
    const host of [
      "localhost",
      "localhost:8765",
      "LOCALHOST:1",
      "localhost.",
      "127.0.0.1:9999",
      "[::1]",
      "[::1]:8765",
      "[0:0:0:0:0:0:0:1]:80",
      "login1:8765",
      "10.0.0.5",
      "[fe80::1]:8765",
      "runs.example",
    ]
  ) {
    assert.doesNotThrow(() => ask(host), host);
  }
});

test("hostsGate() refuses foreign, missing and malformed names with 421", () => {
  for (
    const host of [
      "evil.example",
      "evil.example:8765",
      "localhost.evil.example",
      "localhost@evil.example",
      "localhost:8765@evil.example",
      "evil.example#localhost",
      "evil.example/localhost",
      "localhost, evil.example",
      "127.0.0.1.evil.example",
      "10.0.0.6",
      "[::2]",
      "[::1",
      "localhost:port",
      "",
      ".",
      undefined,
    ]
  ) {
    assert.throws(() => ask(host), (error) => {
      assert.ok(error instanceof AuthError, String(host));
      assert.equal(error.httpStatus, 421);
      assert.match(error.message, /--allowed-hosts/);
      return true;
    }, String(host));
  }
});

test("hostsGate() compares the URL as well as the header", () => {
  assert.throws(() => ask("localhost", "http://evil.example/api/projects"), { httpStatus: 421 });
  assert.throws(() => ask("evil.example", "http://localhost/api/projects"), { httpStatus: 421 });
  assert.throws(() => ask("localhost", "/api/projects"), { httpStatus: 421 });
  assert.doesNotThrow(() => ask("localhost", "http+unix://localhost/api/projects"));
});

test("hostsGate() refuses settings that are no host names", () => {
  for (const name of ["https://a.example", "a.example/x", "a b", "*", ""]) {
    assert.throws(() => hostsGate({ ownNames: [], allowedHosts: [name] }), {
      name: "UsageError",
      message: /--allowed-hosts/,
    }, name);
  }
});

test("canonicalHost() gives one spelling", () => {
  assert.equal(canonicalHost("A.Example.:80"), "a.example");
  assert.equal(canonicalHost("127.1"), "127.0.0.1");
  assert.equal(canonicalHost("[0:0::1]:1"), "[::1]");
  assert.equal(canonicalHost("user@host"), undefined);
  assert.equal(canonicalHost("1.2.3.999"), undefined);
});
