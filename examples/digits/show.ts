/**
 * What the demo does after the training: reads the run back from its file, and serves it.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a demo talks to its user
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Run, UsageError } from "../../lib/mod.ts";
// deno-lint-ignore goodseed/layering -- the demo ends with the server that shows the run
import { type RunningServer, startServer } from "../../server/serve.ts";

const HEADINGS = ["series", "points", "last step", "last value"];

/** Prints where the run lies and the last values of its series, read back from its file. */
export async function printSummary(project: string, runId: string): Promise<void> {
  const run = new Run({ project, runId, storage: "local", readOnly: true });
  console.log(`\nRecorded in one file: ${run.path}\n`);
  const rows: string[][] = [];
  for (const path of await run.getMetricPaths()) {
    const { rawPoints = [] } = await run.getMetricData(path);
    const last = rawPoints.at(-1);
    if (last) rows.push([path, `${rawPoints.length}`, `${last.step}`, last.y.toPrecision(4)]);
  }
  for (const path of await run.getStringPaths()) {
    const texts = await run.getStringData(path);
    const last = texts.at(-1);
    if (last) rows.push([path, `${texts.length}`, `${last.step}`, shortened(last.value)]);
  }
  const width = Math.max(...rows.map(([path = ""]) => path.length));
  for (const [path = "", points = "", step = "", value] of [HEADINGS, ...rows]) {
    console.log(`${path.padEnd(width)} ${points.padStart(7)} ${step.padStart(10)}  ${value}`);
  }

  const configs = await run.getConfigs();
  console.log(`\n${configs.length} configs, among them:`);
  for (const { path, value } of configs) {
    if (/^(parameters|result)\//.test(path)) console.log(`  ${path} = ${value}`);
  }
}

/** Serves all local runs until Ctrl-C. */
export async function serveUntilInterrupted(): Promise<void> {
  const server = await startOnFreePort();
  console.log(`\nSee it at ${server.url}/   (Ctrl-C ends the server; the run stays)`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await server.stop();
  console.log("\nServer stopped.");
}

/** On the usual port, else on any that is free. */
async function startOnFreePort(): Promise<RunningServer> {
  const home = process.env.GOODSEED_HOME || join(homedir(), ".goodseed");
  const options = { projectsDir: join(home, "projects"), version: "demo" };
  try {
    return await startServer(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error; // the usual port is taken
    return await startServer({ ...options, port: 0 });
  }
}

function shortened(text: string): string {
  const line = JSON.stringify(text).slice(1, -1);
  return line.length <= 44 ? line : line.slice(0, 43) + "…";
}
