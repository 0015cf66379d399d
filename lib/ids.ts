/**
 * Generated run ids.
 *
 * A bare `adjective-animal` has 40 × 43 = 1720 values: with n runs the chance of two equal ones is
 * about n² / (2 × 1720), one in two at 49 runs. Two machines that pick the same id for one project
 * would be joined into one run by a server that finds or creates by id, so ids carry six more
 * characters of 32: 1720 × 32⁶ ≈ 1.8 × 10¹² values, that is n² / (3.7 × 10¹²): 0.003 % at
 * 10,000 runs in one project, 0.3 % at 100,000, 24 % at a million.
 *
 * @module
 */
import { ConflictError } from "./errors.ts";
import { ADJECTIVES, ANIMALS } from "./id_words.ts";

/** Crockford's base 32 in lower case: no i, l, o, u. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_CHARS = 6;
const MAX_TRIES = 100;

/**
 * Makes a readable `adjective-animal`, e.g. `bold-falcon`. Not unique: see {@linkcode uniqueRunId}.
 *
 * @param random gives numbers in [0, 1), e.g. `Math.random`
 */
export function generateRunId(random: () => number): string {
  return `${pick(ADJECTIVES, random)}-${pick(ANIMALS, random)}`;
}

/**
 * Makes an id that no other run of a project has, here or on another machine, e.g.
 * `bold-falcon-k3f9qx`.
 *
 * @param random gives numbers in [0, 1), e.g. `Math.random`
 * @param taken true when the project has a run of that id already
 * @throws {ConflictError} when 100 ids in a row are taken, which only a broken `random` or `taken`
 * can bring about
 */
export function uniqueRunId(random: () => number, taken: (id: string) => boolean): string {
  for (let i = 0; i < MAX_TRIES; i++) {
    const id = `${generateRunId(random)}-${suffix(random)}`;
    if (!taken(id)) return id;
  }
  throw new ConflictError(
    `cannot make a run id: ${MAX_TRIES} in a row are taken; name the run with run_id`,
  );
}

function suffix(random: () => number): string {
  let text = "";
  for (let i = 0; i < SUFFIX_CHARS; i++) text += pick(ALPHABET, random);
  return text;
}

function pick(items: string | readonly string[], random: () => number): string {
  const index = Math.min(items.length - 1, Math.floor(random() * items.length));
  return items[index] as string;
}
