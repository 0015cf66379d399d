// Entry of every npm script: brings what is missing, then runs the pinned runtime.
// Plain JavaScript for Node >= 20 (or Deno, or Bun), without dependencies.
// deno-lint-ignore-file no-console
import process from "node:process";

const MIN_NODE = 20;

async function main() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < MIN_NODE) {
    console.error(`GoodSeed's scripts need Node >= ${MIN_NODE}; this is ${process.version}.`);
    return 1;
  }
  const { TASKS } = await import("./dev/tasks.mjs");
  const [name = "", ...args] = process.argv.slice(2);
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (task === undefined) {
    console.error(`unknown task "${name}"; one of: ${Object.keys(TASKS).join(", ")}`);
    return 1;
  }
  try {
    return await task(args);
  } catch (error) {
    console.error(error?.name === "ToolError" ? `error: ${error.message}` : error);
    return 1;
  }
}

process.exitCode = await main();
