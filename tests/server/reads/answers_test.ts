import { test } from "node:test";
import assert from "node:assert/strict";
import { home, REF, textOf } from "./_home.ts";

test("query configs gives typed values, sets as sorted arrays", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    configs: [
      ["lr", "float", "1e-05"],
      ["none", "null", ""],
      ["b", "bool", "true"],
      ["big", "int", "1208925819614629174706176"],
      ["nan", "float", "nan"],
      ["tags", "string_set", '["b", "a"]'],
      ["__proto__", "str", "x\0y"],
      ["d", "datetime", "2024-01-02T03:04:05"],
    ],
  });

  const text = await textOf(h.reads, { q: "configs", ref: REF });

  const { configs } = JSON.parse(text);
  assert.deepEqual(configs.tags, ["a", "b"]);
  assert.deepEqual([configs.lr, configs.none, configs.b, configs.nan], [1e-5, null, true, "NaN"]);
  assert.equal(Object.getOwnPropertyDescriptor(configs, "__proto__")?.value, "x\0y");
  assert.equal(configs.d, "2024-01-02T03:04:05");
  assert.ok(text.includes('"big":1208925819614629174706176'));
});

test("query metrics gives rows by path and step, non-finite values as strings", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: { b: [[1, 2, 1795196598.493042]], a: [[0.5, NaN, 1e300], [-1, Infinity, 1795196598]] },
  });

  const text = await textOf(h.reads, { q: "metrics", ref: REF });

  assert.deepEqual(JSON.parse(text), {
    metrics: [
      { path: "a", step: -1, value: "Infinity", logged_at: "2026-11-20T17:43:18+00:00" },
      { path: "a", step: 0.5, value: "NaN", logged_at: null },
      { path: "b", step: 1, value: 2, logged_at: "2026-11-20T17:43:18.493042+00:00" },
    ],
  });
  assert.ok(text.includes('"step":-1.0,'), "floats stay floats");
  assert.deepEqual(
    await h.ask({ q: "metrics", ref: REF, path: "b" }).then((a) => a.metrics.length),
    1,
  );
  assert.deepEqual(await h.ask({ q: "metrics", ref: REF, path: "zz" }), { metrics: [] });
});

test("query metrics and strings stream long answers in pages that fit together", async () => {
  using h = home();
  const row = (i: number): [number, number] => [i, i % 10 === 0 ? NaN : i];
  h.add("ws/p", "r1", {
    metrics: {
      a: Array.from({ length: 15_000 }, (_, i) => row(i)),
      b: Array.from({ length: 30_000 }, (_, i) => row(i)),
      c: [[0, 1]],
    },
    texts: { t: Array.from({ length: 12_000 }, (_, i): [number, string] => [i, `line ${i}`]) },
  });

  const metrics = await h.reads.query({ q: "metrics", ref: REF });
  const chunks: number[] = [];
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of metrics.body as ReadableStream<Uint8Array>) {
    chunks.push(chunk.length);
    text += decoder.decode(chunk, { stream: true });
  }
  const rows = JSON.parse(text).metrics;
  const strings = await h.ask({ q: "strings", ref: REF });
  const limited = await h.ask({ q: "strings", ref: REF, limit: 11_000, offset: 5 });
  const tail = await h.ask({ q: "strings", ref: REF, tail: 10_500 });

  assert.equal(chunks.length, 3);
  assert.equal(rows.length, 45_001);
  assert.deepEqual([rows[14_999].path, rows[15_000].path, rows[15_000].value], ["a", "b", "NaN"]);
  assert.deepEqual(
    rows.slice(15_000, 45_000).map((r: { step: number }) => r.step),
    Array.from({ length: 30_000 }, (_, i) => i),
  );
  assert.deepEqual([strings.string_series.length, strings.total], [12_000, 12_000]);
  assert.deepEqual([limited.string_series.length, limited.string_series.at(-1).step], [
    11_000,
    11_004,
  ]);
  assert.deepEqual([tail.string_series.length, tail.string_series[0].step], [10_500, 1500]);
});

test("query strings: offset without limit counts, tail without path is what was written last", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    texts: { s: [[0, "s0"], [1, "s1"]], a: [[7, "a7"]], t: [[0, "t0"], [1, "t1"]] },
  });
  const values = async (options: object) =>
    (await h.ask({ q: "strings", ref: REF, ...options })).string_series
      .map((r: { value: string }) => r.value).join(" ");

  assert.equal(await values({}), "a7 s0 s1 t0 t1");
  assert.equal(await values({ offset: 3 }), "t0 t1");
  assert.equal(await values({ path: "s", offset: 1 }), "s1");
  assert.equal(await values({ path: "s", limit: -1, offset: 1 }), "s1");
  assert.equal(await values({ tail: 3 }), "a7 t0 t1");
  assert.equal(await values({ path: "s", tail: 1, limit: 0 }), "s1");
  assert.equal(await values({ tail: 0 }), "");
  assert.deepEqual(await h.ask({ q: "strings", ref: REF, tail: 0 }), {
    string_series: [],
    total: 5,
  });
  assert.deepEqual(await h.ask({ q: "strings", ref: REF, path: "zz" }), {
    string_series: [],
    total: 0,
  });
});

test("query strings gives texts of 1 MB, NUL and emoji whole", async () => {
  using h = home();
  const long = "☃".repeat(400_000);
  h.add("ws/p", "r1", { texts: { s: [[0, long], [1, "a\0b"], [2, long], [3, "🚀\ud800"]] } });

  const { string_series: rows } = await h.ask({ q: "strings", ref: REF });

  assert.deepEqual(rows.map((r: { value: string }) => r.value), [long, "a\0b", long, "🚀\ufffd"]);
});

test("query downsampled gives the contract's answer, also of an unknown path", async () => {
  using h = home();
  h.add("ws/p", "r1", {
    metrics: {
      m: Array.from(
        { length: 20 },
        (_, i): [number, number, number] => [i, i === 7 ? Infinity : i * i, 5],
      ),
    },
  });

  const answer = await h.ask({ q: "downsampled", ref: REF, path: "m", pointCount: 4 });
  const window = await h.ask({
    q: "downsampled",
    ref: REF,
    path: "m",
    pointCount: 4,
    first: 5,
    last: 7,
  });
  const unknown = await h.ask({ q: "downsampled", ref: REF, path: "zz", pointCount: 4 });

  assert.deepEqual(answer.points[1], {
    path: "m",
    step: 3.5,
    value: 13,
    minY: 0,
    maxY: 36,
    downsampled: true,
    logged_at: "1970-01-01T00:00:05+00:00",
  });
  assert.deepEqual(
    [answer.firstPointIndex, answer.lastPointIndex, answer.totalCount, answer.downsampled],
    [0, 19, 20, true],
  );
  assert.deepEqual(window.points.map((p: { value: unknown }) => p.value), [25, 36, "Infinity"]);
  assert.deepEqual(unknown, {
    points: [],
    firstPointIndex: 0,
    lastPointIndex: 0,
    totalCount: 0,
    downsampled: false,
  });
  await assert.rejects(h.reads.query({ q: "downsampled", ref: REF, path: "m", pointCount: 0 }), {
    name: "UsageError",
  });
});
