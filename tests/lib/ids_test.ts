import { test } from "node:test";
import assert from "node:assert/strict";
import { ConflictError } from "../../lib/errors.ts";
import { ADJECTIVES, ANIMALS } from "../../lib/id_words.ts";
import { generateRunId, uniqueRunId } from "../../lib/ids.ts";
import { validateRunId } from "../../lib/names.ts";

/** A small seeded generator (mulberry32), so that failures repeat. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("id words are 40 adjectives and 43 animals, distinct, lower-case ASCII", () => {
  assert.equal(new Set(ADJECTIVES).size, 40);
  assert.equal(new Set(ANIMALS).size, 43);
  for (const word of [...ADJECTIVES, ...ANIMALS]) assert.match(word, /^[a-z]{3,8}$/);
});

test("generateRunId() reaches every pair of words, the edges of random included", () => {
  const random = seeded(1);
  const ids = new Set(Array.from({ length: 40_000 }, () => generateRunId(random)));

  assert.equal(ids.size, 40 * 43);
  assert.equal(generateRunId(() => 0), `${ADJECTIVES[0]}-${ANIMALS[0]}`);
  assert.equal(generateRunId(() => 1), `${ADJECTIVES[39]}-${ANIMALS[42]}`);
});

test("uniqueRunId() makes valid ids that do not collide over 20,000 runs", () => {
  const random = seeded(2);
  const ids = Array.from({ length: 20_000 }, () => uniqueRunId(random, () => false));

  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) {
    assert.equal(validateRunId(id), id);
    assert.match(id, /^[a-z]+-[a-z]+-[0-9a-hjkmnp-tv-z]{6}$/);
  }
});

test("uniqueRunId() passes over taken ids, and gives up when all are taken", () => {
  const first = uniqueRunId(seeded(3), () => false);
  const asked: string[] = [];

  const second = uniqueRunId(seeded(3), (id) => (asked.push(id), id === first));

  assert.notEqual(second, first);
  assert.deepEqual(asked, [first, second]);
  assert.throws(() => uniqueRunId(seeded(3), () => true), ConflictError);
});
