/**
 * The shape that both figures about reading share: a question asked of a server that has never seen
 * the runs, then again, then of a server that was started anew.
 *
 * `--runs FOLDER --warm N --restart 0|1 -- COMMAND ARGS…` where the command is what comes before
 * `serve`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { report } from "./_child.ts";
import { median } from "./_stats.ts";
import { freshHome, type Server, startServer, timeGet } from "./_server.ts";

/** A question, and how its right answer is known. */
export interface Question {
  /** Path and query. */
  readonly target: string;
  readonly expected: (answer: unknown) => boolean;
}

/** Measures the question and hands the figures back. */
export async function reportTimes(question: Question): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { runs: { type: "string" }, warm: { type: "string" }, restart: { type: "string" } },
    allowPositionals: true,
  });
  if (values.runs === undefined || positionals.length === 0) {
    throw new Error("usage: --runs FOLDER [--warm N] [--restart 0] -- COMMAND ARGS…");
  }
  using home = freshHome(values.runs);
  const ask = (server: Server) => timeGet(server.url + question.target, question.expected);
  const warm: number[] = [];
  let cold: number, restarted = NaN;
  {
    await using server = await startServer(positionals, home);
    cold = await ask(server);
    for (let i = 0; i < Number(values.warm ?? 5); i++) warm.push(await ask(server));
  }
  if (values.restart !== "0") {
    await using server = await startServer(positionals, home);
    restarted = await ask(server);
  }
  report({
    cold_ms: cold,
    warm_ms: median(warm),
    ...(Number.isNaN(restarted) ? {} : { restarted_ms: restarted }),
  });
}
