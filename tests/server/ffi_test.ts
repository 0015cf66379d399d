import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { openLibrary } from "../../lib/runtime/ffi.ts";

const LIBC = ["libc.so.6", "libc.dylib", "libc.so"];
const text = (value: string) => new TextEncoder().encode(value + "\0");

test("openLibrary() takes the first name that opens and reports the others", () => {
  const failed: string[] = [];

  const libc = openLibrary(["libgoodseed-absent.so", ...LIBC], {
    getpid: { parameters: [], result: "i32" },
  }, { onFailure: (name) => failed.push(name) });

  assert.ok(libc);
  assert.equal(libc.symbols.getpid(), process.pid);
  assert.equal(failed[0], "libgoodseed-absent.so");
  libc.close();
});

test("openLibrary() returns undefined when no name or not every symbol exists", () => {
  const failures: unknown[] = [];
  const onFailure = (_name: string, error: unknown) => failures.push(error);

  const none = openLibrary("libgoodseed-absent.so", {}, { onFailure });
  const lacking = openLibrary("libc.so.6", {
    goodseed_absent: { parameters: [], result: "void" },
  }, { onFailure });

  assert.equal(none, undefined);
  assert.equal(lacking, undefined);
  assert.equal(failures.length, 2);
});

test("openLibrary() calls pass and return every type as documented", () => {
  const libc = openLibrary(LIBC, {
    strlen: { parameters: ["buffer"], result: "u64" },
    labs: { parameters: ["i64"], result: "i64" },
    atof: { parameters: ["buffer"], result: "f64" },
    htonl: { parameters: ["u32"], result: "u32" },
    getenv: { parameters: ["buffer"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  assert.ok(libc);
  const { strlen, labs, atof, htonl, getenv, free } = libc.symbols;

  assert.equal(strlen(text("näh")), 4n);
  assert.equal(labs(-(2n ** 60n)), 2n ** 60n);
  assert.equal(labs(-7), 7n);
  assert.equal(atof(text("-1.5")), -1.5);
  assert.equal(htonl(0xff000001), 0x010000ff);
  assert.equal(getenv(text("GOODSEED_SURELY_NOT_SET")), null);
  free(null);
  libc.close();
});

test("FfiMemory reads texts, bytes and pointers", () => {
  const libc = openLibrary(LIBC, {
    strdup: { parameters: ["buffer"], result: "pointer" },
    memcpy: { parameters: ["pointer", "buffer", "u64"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  assert.ok(libc);
  const { memory, symbols: { strdup, memcpy, free } } = libc;
  const word = strdup(text("grün: sixteen bytes and more")),
    table = strdup(text("0123456789abcdef"));
  assert.ok(word && table);
  memcpy(table, new BigUint64Array([memory.addressOf(word), 0n]), 16);

  const stored = memory.pointerAt(table), empty = memory.pointerAt(table, 8);

  assert.ok(stored);
  assert.equal(memory.cString(stored), "grün: sixteen bytes and more");
  assert.equal(memory.addressOf(stored), memory.addressOf(word));
  assert.equal(empty, null);
  assert.deepEqual([...memory.bytes(word, 3, 1)], [0x72, 0xc3, 0xbc]);
  assert.equal(memory.bytes(word, 0).length, 0);
  assert.equal(memory.toPointer(0n), null);
  assert.equal(memory.addressOf(null), 0n);
  free(word);
  free(table);
  libc.close();
});

test("FfiMemory.bytes() is a copy", () => {
  const libc = openLibrary(LIBC, {
    strdup: { parameters: ["buffer"], result: "pointer" },
    memcpy: { parameters: ["pointer", "buffer", "u64"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  assert.ok(libc);
  const word = libc.symbols.strdup(text("before"));
  assert.ok(word);

  const copy = libc.memory.bytes(word, 6);
  libc.symbols.memcpy(word, text("after!"), 6);

  assert.equal(new TextDecoder().decode(copy), "before");
  libc.symbols.free(word);
  libc.close();
});
