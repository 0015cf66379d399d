/**
 * Measures what a tap adds to a `console.log` call; prints `{"string":ratio,"object":ratio}` on
 * stderr. Blocks with and without the tap alternate; the fastest of each counts.
 */
// deno-lint-ignore-file no-console -- printing is the subject
import process from "node:process";
import { tapConsole } from "../../lib/runtime/console.ts";

const CALLS = 300;
const BLOCKS = 40;

/** Time of one call in µs. */
function block(value: (i: number) => unknown[]): number {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) console.log(...value(i));
  return (performance.now() - start) * 1_000 / CALLS;
}

function ratio(value: (i: number) => unknown[]): { bare: number; tapped: number; ratio: number } {
  let bare = Infinity;
  let tapped = Infinity;
  let bytes = 0;
  for (let i = 0; i < BLOCKS; i++) {
    bare = Math.min(bare, block(value));
    const untap = tapConsole({ stdout: true, stderr: true }, (_stream, text) => {
      bytes += text.length;
    });
    tapped = Math.min(tapped, block(value));
    untap();
  }
  if (bytes === 0) throw new Error("the tap saw nothing");
  return { bare, tapped, ratio: tapped / bare };
}

const string = ratio((i) => [`step ${i} loss 0.12345 accuracy 0.98765`]);
const object = ratio((i) => ["step", { i, loss: 0.12345, lrs: [1, 2, 3], name: "x" }]);
process.stderr.write(JSON.stringify({ string, object }) + "\n");
