import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { float } from "../../lib/config_value.ts";
import { UsageError } from "../../lib/errors.ts";
import { flattenConfigs } from "../../lib/flatten.ts";

test("flattenConfigs() joins nested objects and Maps with slashes, in order", () => {
  const data = {
    lr: 0.1,
    opt: { name: "adam", sched: new Map<unknown, unknown>([["warmup", 10], [2, "x"]]) },
    "a/b": { c: null },
  };

  assert.deepEqual(flattenConfigs(data), [
    ["lr", 0.1],
    ["opt/name", "adam"],
    ["opt/sched/warmup", 10],
    ["opt/sched/2", "x"],
    ["a/b/c", null],
  ]);
});

test("flattenConfigs() numbers arrays inside objects, and leaves a top-level array alone", () => {
  const dims = [1, 2];

  const pairs = flattenConfigs({ dims, net: { layers: [8, { size: 16 }, [1, [2]], [], {}] } });

  assert.deepEqual(pairs, [
    ["dims", dims],
    ["net/layers/0", 8],
    ["net/layers/1/size", 16],
    ["net/layers/2", "[1, [2]]"],
    ["net/layers/3", "[]"],
  ]);
});

test("flattenConfigs() drops empty objects and arrays, keeps undefined and holes", () => {
  // deno-lint-ignore no-sparse-arrays -- the hole is the point
  const pairs = flattenConfigs({
    a: {},
    b: { c: [], d: {}, e: undefined },
    f: { g: [, 1] },
    h: [],
  });

  assert.deepEqual(pairs, [["b/e", undefined], ["f/g/0", undefined], ["f/g/1", 1], ["h", []]]);
});

test("flattenConfigs() treats everything but plain objects and Maps as one value", () => {
  class Model {
    size = 3;
  }
  const leaves = [
    new Date(0),
    new Set(["a"]),
    float(3),
    new Model(),
    new Uint8Array(2),
    () => 1,
    2n,
  ];

  const pairs = flattenConfigs({ x: Object.fromEntries(leaves.entries()) });

  assert.deepEqual(pairs, leaves.map((leaf, i) => [`x/${i}`, leaf]));
});

test("flattenConfigs() puts the prefix in front and strips slashes at the ends", () => {
  assert.deepEqual(flattenConfigs({ "a/": 1, b: { "/c/": 2 } }, "/p/"), [["p/a", 1], [
    "p/b//c",
    2,
  ]]);
  assert.deepEqual(flattenConfigs({ "/a": 1, "": 2 }), [["a", 1], ["", 2]]);
  assert.deepEqual(flattenConfigs(new Map([["k", { v: 1 }]])), [["k/v", 1]]);
});

test("flattenConfigs() names the path of a cycle or of endless depth", () => {
  const cyclic: Record<string, unknown> = { b: {} };
  (cyclic["b"] as Record<string, unknown>)["c"] = [{ d: cyclic }];
  const list: unknown[] = [];
  list.push(list);
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = { a: deep };

  assert.throws(() => flattenConfigs(cyclic), /^UsageError: config "b\/c\/0\/d" contains itself/);
  assert.throws(() => flattenConfigs({ a: cyclic }), /^UsageError: config "a\/b\/c\/0\/d"/);
  assert.throws(
    () => flattenConfigs({ x: { y: [list] } }),
    /^UsageError: config "x\/y\/0": .*itself/,
  );
  assert.throws(
    () => flattenConfigs({ deep }),
    (error) => error instanceof UsageError && /nested deeper than 64 levels/.test(error.message),
  );
});

test("flattenConfigs() lets an error of the value's own code through as it is", () => {
  const own = new TypeError("from toJSON");
  const broken = {
    toJSON(): never {
      throw own;
    },
  };

  assert.throws(() => flattenConfigs({ a: { b: [[broken]] } }), (error) => error === own);
});

test("flattenConfigs() takes a value that is used twice without being a cycle", () => {
  const shared = { x: 1 };
  assert.deepEqual(flattenConfigs({ a: shared, b: { c: shared } }), [["a/x", 1], ["b/c/x", 1]]);
});

test("flattenConfigs() keeps every leaf of nested objects exactly once", () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(fc.stringMatching(/^[a-c]{1,2}$/), tie("node"), { maxKeys: 4 }),
    node: fc.oneof({ depthSize: "small" }, fc.integer(), tie("tree")),
  }));
  function count(node: unknown): number {
    return typeof node === "object" && node !== null
      ? Object.values(node).reduce((sum: number, item) => sum + count(item), 0)
      : 1;
  }
  fc.assert(fc.property(tree, (data) => {
    const pairs = flattenConfigs(data as Record<string, unknown>);
    assert.equal(pairs.length, count(data));
    for (const [path, value] of pairs) {
      let at: unknown = data;
      for (const part of path.split("/")) at = (at as Record<string, unknown>)[part];
      assert.equal(at, value);
    }
  }));
});
