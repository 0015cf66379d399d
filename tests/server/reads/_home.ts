/** A projects folder with reads over it, for tests of answers. */
import { mkdirSync } from "node:fs";
import { Queries } from "../../../server/reads/queries.ts";
import { inlineReads, type RunReads } from "../../../server/reads/reads.ts";
import type { ReadQuery } from "../../../server/reads/types.ts";
import { tempDir } from "../../_harness.ts";
import { makeRun, type TestRun } from "../../lib/store/_files.ts";

/** A projects folder with reads over it. */
export interface Home extends Disposable {
  readonly path: string;
  readonly queries: Queries;
  readonly reads: RunReads;
  file(project: string, runId: string): string;
  add(project: string, runId: string, run?: TestRun): void;
  // deno-lint-ignore no-explicit-any -- answers are JSON of many shapes
  ask(query: ReadQuery): Promise<any>;
}

/** Makes an empty projects folder. */
export function home(cacheDir?: string): Home {
  const dir = tempDir();
  mkdirSync(dir.join("projects"));
  const queries = new Queries(dir.join("projects"), cacheDir);
  const reads = inlineReads(queries);
  const file = (project: string, runId: string) =>
    dir.join("projects", project, "runs", `${runId}.sqlite`);
  return {
    path: dir.join("projects"),
    queries,
    reads,
    file,
    add: (project, runId, run = {}) => makeRun(file(project, runId), run),
    ask: async (query) => JSON.parse(await textOf(reads, query)),
    [Symbol.dispose]() {
      queries[Symbol.dispose]();
      dir[Symbol.dispose]();
    },
  };
}

/** The whole text of an answer. */
export async function textOf(reads: RunReads, query: ReadQuery): Promise<string> {
  const { body } = await reads.query(query);
  return typeof body === "string" ? body : await new Response(body).text();
}

/** The run most tests ask for. */
export const REF = { project: "ws/p", runId: "r1" };
