/** docs/record-stream.md, its schema and the parser must say the same. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatRecord, parseLine } from "../../lib/record_codec.ts";
import { RECORD_FIELDS, type RecordType } from "../../lib/record_fields.ts";
import { ROOT } from "../_harness.ts";

type Json = Record<string, unknown>;

const page = readFileSync(join(ROOT, "docs/record-stream.md"), "utf8");
const schema = JSON.parse(readFileSync(join(ROOT, "docs/record-stream.schema.json"), "utf8"));
const definitions: Record<string, Json> = schema.$defs;
const kinds = Object.keys(RECORD_FIELDS) as RecordType[];

/** All lines of the page's ```jsonl blocks. */
const samples = [...page.matchAll(/```jsonl\n([^]*?)```/g)].flatMap((block) =>
  (block[1] as string).trim().split("\n")
);

/** The part of JSON Schema that our schema uses; true when `value` is valid. */
function isValid(value: unknown, rule: unknown): boolean {
  if (typeof rule === "boolean") return rule;
  const known =
    "$ref anyOf oneOf not const enum type minimum maximum exclusiveMaximum items required " +
    "properties additionalProperties description $schema title $defs";
  return Object.entries(rule as Json).every(([word, arg]) => {
    assert.ok(known.split(" ").includes(word), `schema word ${word}`);
    return holds(word, arg, value, rule as Json);
  });
}

function holds(word: string, arg: unknown, value: unknown, rule: Json): boolean {
  const object = typeOf(value) === "object" ? value as Json : {};
  const rules = arg as unknown[];
  switch (word) {
    case "$ref":
      return isValid(value, definitions[(arg as string).replace("#/$defs/", "")]);
    case "anyOf":
      return rules.some((one) => isValid(value, one));
    case "oneOf":
      return rules.filter((one) => isValid(value, one)).length === 1;
    case "not":
      return !isValid(value, arg);
    case "const":
      return value === arg;
    case "enum":
      return rules.includes(value);
    case "type":
      return [arg].flat().some((type) =>
        type === typeOf(value) || (type === "integer" && Number.isInteger(value))
      );
    case "minimum":
      return typeof value !== "number" || value >= (arg as number);
    case "maximum":
      return typeof value !== "number" || value <= (arg as number);
    case "exclusiveMaximum":
      return typeof value !== "number" || value < (arg as number);
    case "items":
      return !Array.isArray(value) || value.every((item) => isValid(item, arg));
    case "required":
      return rules.every((name) =>
        typeOf(value) !== "object" || Object.hasOwn(object, name as string)
      );
    case "properties":
      return Object.entries(arg as Json).every(([name, one]) =>
        !Object.hasOwn(object, name) || isValid(object[name], one)
      );
    case "additionalProperties":
      return Object.entries(object).every(([name, item]) =>
        Object.hasOwn((rule["properties"] ?? {}) as Json, name) || isValid(item, arg)
      );
    default:
      return true;
  }
}

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function parses(line: string): boolean {
  try {
    return parseLine(line).problems.length === 0;
  } catch {
    return false; // refused: the answer of this probe
  }
}

test("docs/record-stream.md: every sample line parses, comes back equal and fits the schema", () => {
  assert.ok(samples.length >= 20);
  for (const line of samples) {
    const { records, problems } = parseLine(line);
    assert.deepEqual(problems, [], line);
    assert.ok(records.length > 0, line);
    for (const record of records) {
      assert.deepEqual(parseLine(formatRecord(record)).records, [record]);
    }
    assert.ok(isValid(JSON.parse(line), schema), line);
  }
});

test("docs/record-stream.md: every kind has a sample and a row with its fields", () => {
  for (const kind of kinds) {
    assert.ok(samples.some((line) => JSON.parse(line).t === kind), `no sample of ${kind}`);
    const row = page.split("\n").find((line) => line.split("|")[1]?.includes(`\`${kind}\``));
    for (const [name, field] of RECORD_FIELDS[kind]) {
      const cell = field.required ? `**\`${name}\`**` : `\`${name}\``;
      assert.ok(row?.split("|")[3]?.includes(cell), `${kind}: ${cell}`);
    }
  }
});

test("docs/record-stream.schema.json declares the parser's kinds, fields and required fields", () => {
  const refs = schema.oneOf.map((one: Json) => (one["$ref"] as string).replace("#/$defs/", ""));
  assert.deepEqual(refs, [...kinds, "short"].toSorted((a, b) => refs.indexOf(a) - refs.indexOf(b)));
  for (const kind of kinds) {
    const definition = definitions[kind] as { required: string[]; properties: Json };
    const fields = [...RECORD_FIELDS[kind]];
    const required = fields.filter(([, field]) => field.required).map(([name]) => name);
    assert.deepEqual(definition.required, ["t", ...required], kind);
    assert.deepEqual(
      Object.keys(definition.properties),
      ["t", ...fields.map(([name]) => name)],
      kind,
    );
  }
});

test("docs/record-stream.schema.json and the parser agree on what each field may hold", () => {
  const probes: unknown[] = [null, true, 1, 1.5, -1, 2, "x", "NaN", "Infinity", "metric", 1e300];
  probes.push([], ["a"], [1], {}, { a: "b" }, { a: 1 });
  for (const kind of kinds) {
    const line = samples.find((one) => JSON.parse(one).t === kind) as string;
    const sample: Json = JSON.parse(line);
    delete sample["tag"]; // with a tag, the value of a config depends on it
    for (const name of [...RECORD_FIELDS[kind].keys()]) {
      const { [name]: _gone, ...without } = sample;
      assert.equal(
        parses(JSON.stringify(without)),
        isValid(without, schema),
        `${kind} without ${name}`,
      );
      for (const probe of probes) {
        const changed = { ...sample, [name]: probe };
        const text = JSON.stringify(changed);
        assert.equal(parses(text), isValid(changed, schema), text);
      }
    }
  }
  for (const probe of probes) {
    for (const name of ["step", "ts", "config", "loss"]) {
      const line = { [name]: probe, acc: { val: 1 } };
      if (name === "step" || name === "ts") {
        assert.equal(parses(JSON.stringify(line)), isValid(line, schema), JSON.stringify(line));
      } else if (isValid(line, schema)) {
        assert.ok(parses(JSON.stringify(line)), JSON.stringify(line));
      }
    }
  }
});
