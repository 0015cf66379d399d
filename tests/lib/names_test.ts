import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/errors.ts";
import {
  isSafeProject,
  isSafeRunId,
  normalizePath,
  validateProject,
  validateRunId,
  validateRunName,
} from "../../lib/names.ts";
import { parseRunPath, parseRunRef } from "../../lib/run_ref.ts";

/** Invisible characters of the contract, one of each range and its edges. */
const HIDDEN = [
  ..."\u0000\u0001\t\n\r\u001b\u001f\u007f\u0080\u0085\u009f".split(""),
  ..."\u200b\u200d\u200e\u200f\u202a\u202e\u2066\u2069\ufeff".split(""),
];

const refused = (check: (text: string) => string, text: unknown, message: RegExp): void =>
  assert.throws(
    () => check(text as string),
    (error) => error instanceof UsageError && message.test(error.message),
    `accepted ${JSON.stringify(text)}`,
  );

test("validateRunId() accepts letters, digits, inner hyphens and underscores up to 128", () => {
  for (const id of ["a", "0", "bold-falcon", "A_b-c9", "a--__b", "a".repeat(128)]) {
    assert.equal(validateRunId(id), id);
    assert.ok(isSafeRunId(id));
  }
});

test("validateRunId() refuses everything else and names the rule", () => {
  const pattern = /letters, digits, hyphens and underscores, and start and end/;
  const bad = [
    "",
    "-a",
    "a-",
    "_a",
    "a_",
    "abc\n",
    "\nabc",
    "a b",
    "a.b",
    "..",
    ".",
    "é",
    "a\u0000",
  ];
  for (const id of [...bad, "a\u2028", "a%2fb", "a:b", "١"]) {
    refused(validateRunId, id, pattern);
    assert.ok(!isSafeRunId(id));
  }
  for (const id of ["a/b", "/", "../x", "a\\b"]) refused(validateRunId, id, /path separators/);
  refused(validateRunId, "a".repeat(129), /at most 128 characters, got 129/);
  refused(validateRunId, 7, /must be a string, got 7/);
  refused(validateRunId, undefined, /must be a string/);
});

test("validateRunId() agrees with the contract's pattern for any text", () => {
  const ids = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.string({ unit: fc.constantFrom(..."aZ09-_\n./ "), maxLength: 5 }),
  );
  fc.assert(fc.property(ids, (id) => {
    const chars = [...id];
    const plain = (c: string | undefined): boolean => c !== undefined && /[a-zA-Z0-9]/.test(c);
    const expected = plain(chars[0]) && plain(chars.at(-1)) &&
      chars.every((c) => plain(c) || c === "-" || c === "_");
    assert.equal(isSafeRunId(id), expected);
  }));
});

test("validateProject() accepts usual and unusual but harmless names", () => {
  const good = [
    "default",
    "team/mnist",
    "a/b/c/d/e/f/g/h",
    "näme ☃/🚀",
    "a b",
    "a.b",
    "x".repeat(128),
  ];
  for (const name of [...good, "é".repeat(64), "runs", "it's", "a&b=c;d", "~", "a,b", "@x/$y"]) {
    assert.equal(validateProject(name), name);
    assert.ok(isSafeProject(name));
  }
});

test("validateProject() refuses traversal, separators, invisible characters and bad sizes", () => {
  refused(validateProject, "", /empty/);
  for (const name of ["/", "/a", "a/", "a//b", "//abs/path"]) {
    refused(validateProject, name, /empty/);
  }
  const edge = /starts or ends with a blank or a dot/;
  const edges = [
    "..",
    ".",
    "../x",
    "a/../b",
    "a/.",
    ".git",
    "a.",
    "a/b.",
    " a",
    "a ",
    "a/ b",
    "\u00a0a",
  ];
  for (const name of edges) refused(validateProject, name, edge);
  for (const char of '\\:?#%*<>|"') {
    refused(validateProject, `a${char}b`, /must not contain any of/);
  }
  const hidden = [...HIDDEN, ..."\u061c\u2028\u2029\u2060\u2064\u180e".split("")];
  for (const char of hidden) refused(validateProject, `a${char}b`, /zero-width/);
  refused(validateProject, "a\ud800b", /valid Unicode/);
  refused(validateProject, "a/b/c/d/e/f/g/h/i", /at most 8 segments/);
  refused(validateProject, "x".repeat(129), /at most 128 bytes/);
  refused(validateProject, "é".repeat(65), /at most 128 bytes/);
  refused(validateProject, "/".repeat(1_000_000), /at most 8 segments/);
  refused(validateProject, null, /must be a string/);
});

test("validateProject() lets nothing through that leaves its folder or changes when decoded", () => {
  const pieces = fc.constantFrom(
    "..",
    ".",
    "/",
    "a",
    "%2e",
    "\\",
    "\u0000",
    " ",
    "é",
    "\u202e",
    "~",
  );
  const names = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(fc.property(names, (name) => {
    if (!isSafeProject(name)) return;
    const root = "file:///home/projects/";
    const path = new URL(root + name.split("/").map(encodeURIComponent).join("/")).href;
    assert.equal(decodeURIComponent(path), root + name);
  }));
});

test("validateRunName() takes 200 code points of visible text, or none", () => {
  for (const name of ["", "näme ☃ 🚀", "../../etc", " a ", "x".repeat(200), "🚀".repeat(200), "؜"]) {
    assert.equal(validateRunName(name), name);
  }
  refused(validateRunName, "x".repeat(201), /at most 200 characters, got 201/);
  refused(validateRunName, "🚀".repeat(201), /at most 200 characters/);
  for (const char of HIDDEN) refused(validateRunName, `a${char}b`, /control, bidirectional/);
  refused(validateRunName, "a\ud800", /lone surrogate/);
  refused(validateRunName, {}, /must be a string/);
});

test("normalizePath() strips slashes at both ends and nothing else", () => {
  const table: [string, string][] = [
    ["train/loss", "train/loss"],
    ["/train/loss/", "train/loss"],
    ["///a//b///", "a//b"],
    ["", ""],
    ["///", ""],
    [" a /", " a "],
    ["../a", "../a"],
  ];
  for (const [path, expected] of table) assert.equal(normalizePath(path), expected);
  const long = "/".repeat(200_000) + "a" + "/".repeat(200_000);
  assert.equal(normalizePath(long), "a");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("/", "a", " ") }), (path) => {
    assert.equal(normalizePath(path), path.replace(/^\/+/, "").replace(/\/+$/, ""));
  }));
});

test("parseRunRef() and parseRunPath() refuse, never rewrite", () => {
  assert.deepEqual(parseRunRef("a/b", "c"), { project: "a/b", runId: "c" });
  assert.deepEqual(parseRunPath("a/b/c"), { project: "a/b", runId: "c" });
  assert.deepEqual(parseRunPath("c"), { project: "default", runId: "c" });
  for (const path of ["../../etc/passwd", "/c", "a/", "", "a//c"]) {
    assert.throws(() => parseRunPath(path), UsageError);
  }
});
