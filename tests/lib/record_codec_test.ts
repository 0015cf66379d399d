import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/errors.ts";
import { formatRecord, parseLine } from "../../lib/record_codec.ts";
import type { RunRecord } from "../../lib/records.ts";

const one = (line: string): RunRecord => {
  const { records, problems } = parseLine(line);
  assert.deepEqual(problems, []);
  assert.equal(records.length, 1);
  return records[0] as RunRecord;
};

const refused = (line: string, message: RegExp): void =>
  assert.throws(
    () => parseLine(line),
    (error) => error instanceof UsageError && message.test(error.message),
    line.slice(0, 100),
  );

// ---- any record ------------------------------------------------------------------------------

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "a\u0000b", "line\nbreak", "__proto__", "\u2028", "🚀", '"\\', "\ufeff"),
);
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, 0, NaN, Infinity, -Infinity, 5e-324, 1.8e308, 2 ** 63, -(2 ** 80), 1e21),
);
const step = number.filter((x) => !Number.isNaN(x));
const time = fc.double({ min: -62135596800000, max: 253402300799999, noNaN: true });
const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(-0));
const anyName = fc.oneof(
  text,
  fc.constantFrom("t", "ts", "path", "value", "step", "tag", "kind", "body", "extra", "$extra"),
);
const bag = (minKeys: number): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(anyName, json, { noNullPrototype: true, minKeys, maxKeys: 4 });
const kept = fc.record({ extra: bag(1) }, { requiredKeys: [], noNullPrototype: true });

/** An arbitrary of one kind of record: required fields, optional fields, and `extra`. */
function kind(
  t: string,
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>>,
  extra: fc.Arbitrary<object> = kept,
): fc.Arbitrary<RunRecord> {
  const declared = fc.record({ ...required, ...optional }, {
    requiredKeys: Object.keys(required),
    noNullPrototype: true,
  });
  return fc.tuple(declared, extra).map(([fields, more]) =>
    ({ t, ...fields, ...more }) as unknown as RunRecord
  );
}

const whole = fc.maxSafeInteger();
const texts = fc.array(text);
const textMap = fc.dictionary(text, text, { noNullPrototype: true });
const anyRecord: fc.Arbitrary<RunRecord> = fc.oneof(
  kind("run", { v: fc.constant(1) }, {
    project: text,
    run_id: text,
    name: text,
    kind: text,
    created_ms: time,
    tags: texts,
    created_at: text,
    modified_at: text,
    closed_at: text,
    meta: textMap,
  }),
  kind("config", { path: text, tag: text, value: text }, { ts: time, updated_at: text }),
  kind(
    "series",
    { kind: fc.constantFrom("metric", "string"), path: text },
    { id: whole },
    fc.constant({}),
  ),
  kind("metric", { path: text, value: number }, { step, ts: time }),
  kind("text", { path: text, value: text }, { step, ts: time }),
  kind("log", { message: text }, { level: text, stream: text, writer: text, seq: whole, ts: time }),
  kind("status", { status: text }, { ts: time, closed_at: text }),
  kind("event", { kind: text }, { ts: time }),
  ...["span", "artifact", "media", "tensor"].map((t) =>
    kind(t, {}, { ts: time }, fc.record({ body: bag(0) }, { noNullPrototype: true }))
  ),
);

test("parseLine() is the inverse of formatRecord() for every record", () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const line = formatRecord(record);
      assert.ok(!/[\n\r]/.test(line), "one line");
      assert.deepEqual(one(line), record);
      assert.equal(formatRecord(one(line)), line);
    }),
    { numRuns: 3000 },
  );
});

test("formatRecord() writes JSON that every strict parser takes", () => {
  fc.assert(fc.property(anyRecord, (record) => {
    assert.doesNotThrow(() => JSON.parse(formatRecord(record)));
    assert.ok(formatRecord(record).isWellFormed());
  }));
});

test("parseLine() either answers or throws a UsageError, whatever the line", () => {
  const mutated = fc.tuple(anyRecord.map(formatRecord), fc.nat(), fc.string()).map((
    [line, at, by],
  ) =>
    (line.slice(0, at % line.length) + by + line.slice((at % line.length) + by.length))
      .toWellFormed()
  );
  const odd = fc.dictionary(anyName, fc.jsonValue()).map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(mutated, odd, fc.json(), fc.string()), (line) => {
      try {
        for (const record of parseLine(line).records) {
          assert.deepEqual(one(formatRecord(record)), record);
        }
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test("formatRecord() replaces lone surrogates, and parseLine() does too", () => {
  const record: RunRecord = {
    t: "text",
    path: "a\ud800",
    value: "\udc00b",
    extra: { "k\ud800": ["\ud800"] },
  };
  const replaced = {
    t: "text",
    path: "a\ufffd",
    value: "\ufffdb",
    extra: { "k\ufffd": ["\ufffd"] },
  };

  assert.deepEqual(one(formatRecord(record)), replaced);
  assert.deepEqual(one('{"t":"text","path":"a\\ud800","value":"\\udc00b"}'), {
    t: "text",
    path: "a\ufffd",
    value: "\ufffdb",
  });
});

test("formatRecord() keeps unknown fields beside the declared ones, clashing names apart", () => {
  const line = formatRecord({
    t: "metric",
    path: "loss",
    value: 1,
    extra: { context: { subset: "val" }, ts: "x", $extra: 1, big: 2n ** 70n, bad: NaN },
  });

  assert.equal(
    line,
    '{"t":"metric","path":"loss","value":1,"context":{"subset":"val"},' +
      '"big":1180591620717411303424,"bad":"NaN","$extra":{"ts":"x","$extra":1}}',
  );
});

test("formatRecord() leaves out an empty extra and undefined fields of one", () => {
  const line = formatRecord({ t: "event", kind: "state", extra: {} });
  assert.equal(line, '{"t":"event","kind":"state"}');
  assert.equal(formatRecord({ t: "event", kind: "state", extra: { a: undefined } }), line);
});

// ---- full form -------------------------------------------------------------------------------

test("parseLine() takes null for an absent field, and v may be missing", () => {
  assert.deepEqual(one('{"t":"run","v":null,"name":null}'), { t: "run", v: 1 });
  assert.deepEqual(
    one('{"t":"metric","path":"a","step":null,"ts":null,"value":1,"context":null}'),
    {
      t: "metric",
      path: "a",
      value: 1,
      extra: { context: null },
    },
  );
  assert.deepEqual(one('{"t":"span","parent_id":null,"ts":null}'), {
    t: "span",
    body: { parent_id: null },
  });
});

test("parseLine() takes blank lines, line ends and a byte order mark", () => {
  for (const line of ["", "  ", "\n", "\r\n", "\ufeff"]) {
    assert.deepEqual(parseLine(line), { records: [], problems: [] });
  }
  assert.deepEqual(one('\ufeff{"t":"event","kind":"x"}\r\n'), { t: "event", kind: "x" });
});

test("parseLine() names what is wrong with a line", () => {
  refused("{", /^not valid JSON \(.+\), found "\{"$/);
  refused("[1]", /must hold a JSON object, found "\[1\]"/);
  refused("3", /must hold a JSON object/);
  refused(
    '{"t":"metrics"}',
    /^unknown record type "metrics"; known are run, config, series, metric/,
  );
  for (const t of ["1", "null", '"__proto__"', '"constructor"', '["run"]']) {
    refused(`{"t":${t}}`, /unknown record type/);
  }
  refused('{"t":"metric","value":1}', /^metric record: "path" is missing; it must be a string$/);
  refused('{"t":"metric","path":null,"value":1}', /"path" is missing/);
  refused('{"t":"metric","path":7,"value":1}', /"path" must be a string, got 7/);
  refused('{"t":"metric","path":"a","value":"1"}', /"value" must be a number, "NaN", .* got "1"/);
  refused('{"t":"metric","path":"a","value":true}', /"value" must be a number/);
  refused('{"t":"metric","path":"a","value":null}', /"value" is missing/);
  refused('{"t":"metric","path":"a","value":1,"step":"NaN"}', /"step" must be a number/);
  refused('{"t":"metric","path":"a","value":1,"step":NaN}', /"step" must be a number/);
  refused('{"t":"metric","path":"a","value":1,"step":"3"}', /"step" must be a number/);
  refused('{"t":"text","path":"a","value":1}', /"value" must be a string, got 1/);
  refused('{"t":"text","path":"a","value":"x","ts":1795196533000000}', /"ts" must be milliseconds/);
  refused('{"t":"log","message":"m","seq":1.5}', /"seq" must be a whole number/);
  refused('{"t":"series","path":"a","kind":"text"}', /"kind" must be "metric" or "string"/);
  refused('{"t":"run","v":2}', /"v" must be 1; a newer version needs a newer program, got 2/);
  refused('{"t":"run","tags":["a",1]}', /"tags" must be an array of strings/);
  refused('{"t":"run","meta":{"a":1}}', /"meta" must be an object of strings/);
  refused('{"t":"status","status":false}', /"status" must be a string/);
});

test("parseLine() refuses endless depth wherever it is, also in what it quotes", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const nested = '{"a":'.repeat(5000) + "1" + "}".repeat(5000);
  const lines = [deep, nested, `{"a":${deep}}`, `{"step":${deep}}`, `{"config":${nested}}`];
  for (const line of [...lines, `{"t":"metric","path":${deep},"value":1}`, `{"t":${deep}}`]) {
    refused(line, /./);
  }
  const at = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  refused(`{"t":"span","a":${at(65)}}`, /^span record: "a" is nested deeper than 64 levels$/);
  for (const line of [`{"t":"span","a":${at(64)}}`, `{"t":"span","$extra":${at(64)}}`]) {
    assert.deepEqual(one(formatRecord(one(line))), one(line));
  }
});

test("parseLine() reports the unknown fields of a series instead of keeping them", () => {
  const { records, problems } = parseLine('{"t":"series","kind":"metric","path":"a","unit":"s"}');

  assert.deepEqual(records, [{ t: "series", kind: "metric", path: "a" }]);
  assert.deepEqual(problems, ['series record: unknown fields {"unit":"s"} left out']);
});

test("parseLine() takes the stored text of a config, or a value that fits its tag", () => {
  const table: [string, string, string][] = [
    ['"tag":"float","value":"0.001"', "float", "0.001"],
    ['"tag":"int","value":"not a number"', "int", "not a number"],
    ['"tag":"null","value":""', "null", ""],
    ['"tag":"null","value":null', "null", ""],
    ['"tag":"float","value":3', "float", "3.0"],
    ['"tag":"float","value":NaN', "float", "nan"],
    ['"tag":"int","value":3', "int", "3"],
    ['"tag":"bool","value":true', "bool", "true"],
    ['"tag":"str","value":[1]', "str", "[1]"],
    ['"tag":"string_set","value":["b","a"]', "string_set", '["a", "b"]'],
    ['"tag":"colour","value":"red"', "colour", "red"],
  ];
  for (const [fields, tag, value] of table) {
    assert.deepEqual(one(`{"t":"config","path":"/a/",${fields}}`), {
      t: "config",
      path: "/a/",
      tag,
      value,
    });
  }
  refused(
    '{"t":"config","path":"a","tag":"int","value":0.5}',
    /"value" must be the stored text of a "int"/,
  );
  refused(
    '{"t":"config","path":"a","tag":"float","value":null}',
    /stored text of a "float", got null/,
  );
  refused('{"t":"config","path":"a","tag":"float"}', /"value" is missing; it must be a JSON value/);
});

test("parseLine() types a config without a tag by its value and flattens objects", () => {
  const line = '{"t":"config","path":"opt","ts":5,"from":"cli",' +
    '"value":{"lr":0.5,"n":3,"on":true,"by":null,"name":"x","betas":[1,[2]],"none":{}}}';
  const rest = { t: "config", ts: 5, extra: { from: "cli" } };

  assert.deepEqual(parseLine(line).records, [
    { ...rest, path: "opt/lr", tag: "float", value: "0.5" },
    { ...rest, path: "opt/n", tag: "int", value: "3" },
    { ...rest, path: "opt/on", tag: "bool", value: "true" },
    { ...rest, path: "opt/by", tag: "null", value: "" },
    { ...rest, path: "opt/name", tag: "str", value: "x" },
    { ...rest, path: "opt/betas/0", tag: "int", value: "1" },
    { ...rest, path: "opt/betas/1", tag: "str", value: "[2]" },
  ]);
  assert.deepEqual(one('{"t":"config","path":"dims","value":[1,2]}'), {
    t: "config",
    path: "dims",
    tag: "str",
    value: "[1, 2]",
  });
});

// ---- short form ------------------------------------------------------------------------------

test("parseLine() reads the short form", () => {
  const { records, problems } = parseLine(
    '{"step": 3, "ts": 9.5, "train/loss": 0.5, "lr": 1e-3, "note": "ok", "/val/": {"acc": 1, "a": {"b": true}}}',
  );
  const rest = { step: 3, ts: 9.5 };

  assert.deepEqual(problems, []);
  assert.deepEqual(records, [
    { t: "metric", path: "train/loss", value: 0.5, ...rest },
    { t: "metric", path: "lr", value: 0.001, ...rest },
    { t: "text", path: "note", value: "ok", ...rest },
    { t: "metric", path: "val//acc", value: 1, ...rest },
    { t: "metric", path: "val//a/b", value: 1, ...rest },
  ]);
});

test("parseLine() takes a short line without step, with bare tokens, with nothing", () => {
  assert.deepEqual(
    parseLine('{"loss": NaN, "lo": -Infinity, "word": "NaN", "off": false}').records,
    [
      { t: "metric", path: "loss", value: NaN },
      { t: "metric", path: "lo", value: -Infinity },
      { t: "text", path: "word", value: "NaN" },
      { t: "metric", path: "off", value: 0 },
    ],
  );
  assert.deepEqual(parseLine('{"step": null, "a": {"step": 2}}').records, [
    { t: "metric", path: "a/step", value: 2 },
  ]);
  assert.deepEqual(parseLine("{}"), { records: [], problems: [] });
});

test("parseLine() sets configs from a short line, beside its points", () => {
  const { records, problems } = parseLine(
    '{"ts": 7, "config": {"opt": {"lr": 0.001, "b": [1]}, "dims": [1, 2], "none": null}, "loss": 1}',
  );

  assert.deepEqual(problems, []);
  assert.deepEqual(records, [
    { t: "config", path: "opt/lr", tag: "float", value: "0.001", ts: 7 },
    { t: "config", path: "opt/b/0", tag: "int", value: "1", ts: 7 },
    { t: "config", path: "dims", tag: "str", value: "[1, 2]", ts: 7 },
    { t: "config", path: "none", tag: "null", value: "", ts: 7 },
    { t: "metric", path: "loss", value: 1, ts: 7 },
  ]);
});

test("parseLine() reports what a short line cannot hold and takes the rest", () => {
  const { records, problems } = parseLine('{"a": null, "b": {"c": [1]}, "config": 3, "d": 4}');

  assert.deepEqual(records, [{ t: "metric", path: "d", value: 4 }]);
  assert.deepEqual(problems, [
    '"a": null is neither a number, a string, a boolean nor an object; left out',
    '"b/c": [1] is neither a number, a string, a boolean nor an object; left out',
    '"config" must be an object of configs, got 3; left out',
  ]);
  const many = JSON.stringify(
    Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, null])),
  );
  assert.equal(parseLine(many).problems.length, 21);
});

test("parseLine() takes lines with very many fields", () => {
  const many = JSON.stringify(
    Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])),
  );

  assert.equal(parseLine(many).records.length, 200_000);
  assert.equal(parseLine(`{"config":${many}}`).records.length, 200_000);
  assert.equal(
    Object.keys((one(`{"t":"span","$extra":${many}}`) as { body: object }).body).length,
    200_000,
  );
});

test("parseLine() refuses a short line whose step or time is wrong", () => {
  refused('{"step": "3", "a": 1}', /"step" must be a number, .* got "3"/);
  refused('{"step": NaN, "a": 1}', /"step" must be a number/);
  refused('{"step": true, "a": 1}', /"step" must be a number/);
  refused('{"ts": 1795196533000000, "a": 1}', /"ts" must be milliseconds since 1970/);
});

test("parseLine() keeps non-finite numbers of unknown fields as texts, so that they can be stored", () => {
  const line = '{"t":"metric","path":"m","value":1,"context":{"lr":2.9e1300,"l":[-1e999,1]}}';

  const [record] = parseLine(line).records;

  assert.deepEqual((record as { extra?: unknown }).extra, {
    context: { lr: "Infinity", l: ["-Infinity", 1] },
  });
  assert.deepEqual(one(formatRecord(record!)), record);
});
