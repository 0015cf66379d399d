/**
 * Prints in every way there is. With a file name as argument it does so under a tap and writes what
 * the tap saw to that file, as JSON. Started by console_test.ts.
 */
// deno-lint-ignore-file no-console -- printing is the subject
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { tapConsole } from "../../lib/runtime/console.ts";

interface DenoStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

const deno = (globalThis as { Deno?: { stdout: DenoStream; stderr: DenoStream } }).Deno;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const results: unknown[] = [];

class Model {
  layers = [1, 2, { units: 3 }];
  name = "it's";
}

function printMethods(): void {
  console.log();
  console.log("");
  console.log("plain");
  console.log("two", "words");
  console.log("100%");
  console.log("%s is %d of %i, %f; %j %o %O %%", "a", 1, 2.5, 0.25, { j: [1] }, [1], { o: 1 });
  console.log("too many", 1, null, undefined, true, 10n, Symbol("x"), NaN, -0);
  console.log("a % b", "c");
  console.log("%s", "only", "two more", { x: 1 });
  console.log("styled %c text", "color: red");
  console.log({ a: 1, b: { c: { d: { e: 1 } } } }, [1, "two", [3]], new Map([["k", { v: 1 }]]));
  console.log(new Model(), new Set([1]), new Date(0), /re/g, new Float64Array(2), () => 1);
  console.log(Array.from({ length: 40 }, (_, i) => i));
  console.log("several\nlines\n");
  console.log("ünïcode ☃ 🚀");
  console.info("info");
  console.debug("debug %s", "x");
  console.warn("warn", { w: 1 });
  console.error("error");
  console.error(new TypeError("of a kind").message);
  console.dir({ a: { b: { c: {} } } }, { depth: 0 });
  console.dirxml({ a: 1 });
  console.table([{ a: 1, b: "x" }, { a: 2, b: "y" }]);
  console.table([[1, 2], [3, 4]]);
  console.table("no table");
  console.count();
  console.count("laps");
  console.count("laps");
  console.countReset("laps");
  console.count("laps");
  console.assert(true, "not shown");
  console.assert(false);
  console.assert(false, "shown %d", 1);
}

function printGroups(): void {
  console.group("outer");
  console.log("inside");
  console.warn("inside on stderr");
  console.log({ a: 1, b: [1, 2, { c: 1 }] });
  console.group();
  console.log("deeper");
  console.groupEnd();
  console.groupEnd();
  console.log("outside");
}

function printTraces(): void {
  function caller(): void {
    console.trace("at %s", "here", { x: 1 });
  }
  caller();
  console.trace();
}

async function printStreams(): Promise<void> {
  results.push(process.stdout.write("text\n"));
  // Bun 1.4.5 writes the hexadecimal digits themselves
  if (!("Bun" in globalThis)) results.push(process.stdout.write("6869210a", "hex"));
  results.push(process.stdout.write(Buffer.from("buffer\n")));
  results.push(process.stderr.write(bytes("bytes ☃\n")));
  await new Promise<void>((resolve) => {
    results.push(process.stdout.write("with a callback\n", () => resolve()));
  });
  await new Promise<void>((resolve) => {
    results.push(process.stderr.write("utf-8\n", "utf8", () => resolve()));
  });
  process.stdout.cork();
  process.stdout.write("corked 1\n");
  process.stdout.write("corked 2\n");
  process.stdout.uncork();
  await new Promise((resolve) => setTimeout(resolve, 0));
  const snowman = bytes("☃ in two\n");
  process.stdout.write(snowman.subarray(0, 2));
  process.stdout.write(snowman.subarray(2));
  process.stdout.write("10%\r50%\r100%\r\n");
  if (deno !== undefined) {
    results.push(deno.stdout.writeSync(bytes("deno sync\n")));
    results.push(await deno.stdout.write(bytes("deno async\n")));
    results.push(deno.stderr.writeSync(bytes("deno err\n")));
    results.push(await deno.stderr.write(bytes("deno err async\n")));
  }
}

/** Values whose own code prints while they are printed. */
function printNested(): void {
  const talkative = {
    [Symbol.for("nodejs.util.inspect.custom")]: () => {
      console.log("nested");
      return "TALKATIVE";
    },
  };
  console.log(talkative);
}

const file = process.argv[2];
const seen: [string, string][] = [];
const untap = file === undefined
  ? undefined
  : tapConsole({ stdout: true, stderr: true }, (stream, text) => {
    seen.push([stream, text]);
  });
printMethods();
printGroups();
printTraces();
await printStreams();
printNested();
untap?.();
console.log("after the tap", results.join(" "));
if (file !== undefined) writeFileSync(file, JSON.stringify(seen));
