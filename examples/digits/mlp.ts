/**
 * A network with one hidden layer in plain TypeScript: inputs → ReLU → softmax, cross-entropy
 * loss, stochastic gradient descent on small batches. Slow next to a real library, but nothing
 * is hidden.
 *
 * @module
 */
import type { DigitSet } from "./data.ts";
import { normal, type Random } from "./random.ts";

/** Sizes of the layers. */
export interface MlpShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

/** What one training step saw. */
export interface StepResult {
  /** Mean cross-entropy of the batch. */
  readonly loss: number;
  /** Samples of the batch that were classified right, before the step. */
  readonly correct: number;
  /** Length of the whole gradient, all parameters taken as one vector. */
  readonly gradientNorm: number;
}

/** How well the network does on a set. */
export interface Evaluation {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Share of samples classified right, 0 … 1. */
  readonly accuracy: number;
}

/** The network: its weights, and how they are used and changed. */
export class Mlp {
  readonly shape: MlpShape;
  readonly #w1: Float32Array; // inputs × hidden
  readonly #b1: Float32Array;
  readonly #w2: Float32Array; // hidden × outputs
  readonly #b2: Float32Array;
  readonly #gradients: readonly [Float32Array, Float32Array, Float32Array, Float32Array];
  readonly #hidden: Float64Array;
  readonly #scores: Float64Array;
  readonly #hiddenSlope: Float64Array;

  /** @param random where the first weights come from */
  constructor(shape: MlpShape, random: Random) {
    const { inputs, hidden, outputs } = shape;
    this.shape = shape;
    this.#w1 = randomWeights(inputs, hidden, random);
    this.#b1 = new Float32Array(hidden);
    this.#w2 = randomWeights(hidden, outputs, random);
    this.#b2 = new Float32Array(outputs);
    this.#gradients = [
      new Float32Array(inputs * hidden),
      new Float32Array(hidden),
      new Float32Array(hidden * outputs),
      new Float32Array(outputs),
    ];
    this.#hidden = new Float64Array(hidden);
    this.#scores = new Float64Array(outputs);
    this.#hiddenSlope = new Float64Array(hidden);
  }

  /** Number of weights and biases. */
  get parameterCount(): number {
    return this.#gradients.reduce((sum, gradient) => sum + gradient.length, 0);
  }

  /**
   * One step of gradient descent.
   *
   * @param batch which samples of `set` to learn from
   * @param learningRate how far to go against the gradient
   */
  trainStep(set: DigitSet, batch: Uint32Array, learningRate: number): StepResult {
    for (const gradient of this.#gradients) gradient.fill(0);
    let loss = 0;
    let correct = 0;
    for (const sample of batch) {
      const label = set.labels[sample]!;
      const sampleLoss = this.#forward(set, sample);
      loss += sampleLoss;
      if (indexOfLargest(this.#scores) === label) correct++;
      this.#backward(set, sample, label);
    }

    let squares = 0;
    const weights = [this.#w1, this.#b1, this.#w2, this.#b2];
    this.#gradients.forEach((gradient, layer) => {
      const values = weights[layer]!;
      for (let i = 0; i < gradient.length; i++) {
        const slope = gradient[i]! / batch.length;
        squares += slope * slope;
        values[i]! -= learningRate * slope;
      }
    });
    return { loss: loss / batch.length, correct, gradientNorm: Math.sqrt(squares) };
  }

  /** Loss and accuracy on a whole set; changes nothing. */
  evaluate(set: DigitSet): Evaluation {
    let loss = 0;
    let correct = 0;
    for (let sample = 0; sample < set.count; sample++) {
      loss += this.#forward(set, sample);
      if (indexOfLargest(this.#scores) === set.labels[sample]) correct++;
    }
    return { loss: loss / set.count, accuracy: correct / set.count };
  }

  /** Runs one sample through; leaves the probabilities in `#scores` and returns the loss. */
  #forward(set: DigitSet, sample: number): number {
    const { inputs, hidden: width, outputs } = this.shape;
    const hidden = this.#hidden;
    const scores = this.#scores;
    hidden.set(this.#b1);
    for (let i = 0; i < inputs; i++) {
      const x = set.pixels[sample * inputs + i]!;
      if (x === 0) continue; // four of five pixels are paper
      for (let h = 0; h < width; h++) hidden[h]! += x * this.#w1[i * width + h]!;
    }
    scores.set(this.#b2);
    for (let h = 0; h < width; h++) {
      hidden[h] = Math.max(0, hidden[h]!);
      for (let o = 0; o < outputs; o++) scores[o]! += hidden[h]! * this.#w2[h * outputs + o]!;
    }
    softmax(scores);
    return -Math.log(Math.max(1e-12, scores[set.labels[sample]!]!));
  }

  /** Adds one sample's gradient, from the probabilities that `#forward` left. */
  #backward(set: DigitSet, sample: number, label: number): void {
    const { inputs, hidden: width, outputs } = this.shape;
    const [w1Slope, b1Slope, w2Slope, b2Slope] = this.#gradients;
    const slope = this.#scores;
    slope[label]! -= 1;
    for (let o = 0; o < outputs; o++) b2Slope[o]! += slope[o]!;
    for (let h = 0; h < width; h++) {
      let sum = 0;
      for (let o = 0; o < outputs; o++) {
        w2Slope[h * outputs + o]! += this.#hidden[h]! * slope[o]!;
        sum += this.#w2[h * outputs + o]! * slope[o]!;
      }
      this.#hiddenSlope[h] = this.#hidden[h]! > 0 ? sum : 0;
      b1Slope[h]! += this.#hiddenSlope[h]!;
    }
    for (let i = 0; i < inputs; i++) {
      const x = set.pixels[sample * inputs + i]!;
      if (x === 0) continue;
      for (let h = 0; h < width; h++) w1Slope[i * width + h]! += x * this.#hiddenSlope[h]!;
    }
  }
}

/** Weights of a layer, scaled so that signals keep their size through a ReLU. */
function randomWeights(from: number, to: number, random: Random): Float32Array {
  const scale = Math.sqrt(2 / from);
  return Float32Array.from({ length: from * to }, () => scale * normal(random));
}

function softmax(scores: Float64Array): void {
  const largest = Math.max(...scores);
  let sum = 0;
  for (let o = 0; o < scores.length; o++) sum += scores[o] = Math.exp(scores[o]! - largest);
  for (let o = 0; o < scores.length; o++) scores[o]! /= sum;
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
