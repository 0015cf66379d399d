// deno-lint-ignore-file no-console -- printing is what it is for
/** Prints in every way, then ends at once. Usage: console_child.ts HOME */
import { writeSync } from "node:fs";
import process from "node:process";
import { Run } from "../../lib/mod.ts";

const run = new Run({
  goodseedHome: process.argv[2]!,
  storage: "local",
  runId: "c",
  monitoringNamespace: "mon",
  captureHardwareMetrics: false,
  gitRef: false,
});
console.log("first");
console.error("to stderr", 42);
process.stdout.write("a partial");
process.stdout.write(" line\n");
process.stdout.write("windows\r\n");
for (let i = 0; i <= 100; i += 10) process.stdout.write(`\rprogress ${i}%`);
process.stdout.write("\n50%\r");
process.stdout.write("\n");
console.log("");
console.log("\u001b[32mgreen\u001b[0m ☃");
writeSync(1, "not seen: written to the descriptor\n");
process.stdout.write("last words without an end");
run.close();
