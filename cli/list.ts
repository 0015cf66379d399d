/**
 * `goodseed list`: the projects of a folder, or the runs of one project. The text is goodseed
 * 0.4.0's.
 *
 * @module
 */
import { compareCodePoints } from "../lib/code_points.ts";
import { isoUtc } from "../lib/iso_time.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { projectsFolder } from "./folder.ts";
import { cut, painter, printable, statusColor } from "./output.ts";
import { findProjects, findRuns, type ProjectEntry } from "./run_files.ts";
import { type RunLine, runLine } from "./run_line.ts";

/** Arguments of `goodseed list`. */
export interface ListArgs extends CommonArgs {
  readonly dir?: string | undefined;
  readonly project?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Lists projects or runs. */
export function listCommand(args: ListArgs, ctx: CommandContext): ExitCode {
  const folder = projectsFolder(args.dir, ctx);
  const { project } = args;
  if (!folder.exists && args.json !== true && args.quiet !== true) {
    ctx.stdout(`Projects directory does not exist: ${folder.path}\n`);
    return 0;
  }
  if (project === undefined) {
    const found = folder.exists ? findProjects(folder.path) : [];
    ctx.stdout(projectsText(found, args));
    return 0;
  }
  const files = folder.exists ? findRuns(folder.path, project) : [];
  const runs = files.map((file) => runLine(file, project));
  ctx.stdout(runsText(runs.sort(newestFirst), project, args, ctx));
  return 0;
}

function projectsText(projects: readonly ProjectEntry[], args: ListArgs): string {
  if (args.json === true) {
    const list = projects.map(({ name, runCount, lastWriteMs }) => ({
      name,
      run_count: runCount,
      last_modified: isoUtc(lastWriteMs),
    }));
    return JSON.stringify({ projects: list }) + "\n";
  }
  if (args.quiet === true) return projects.map(({ name }) => `${printable(name)}\n`).join("");
  if (projects.length === 0) return "No projects found.\n";
  const lines = projects.map(({ name, runCount, lastWriteMs }) => {
    const count = runCount === 1 ? "1 run" : `${runCount} runs`;
    const time = isoUtc(lastWriteMs).slice(0, 19);
    return `  ${printable(name)}  (${count}, last modified: ${time})\n`;
  });
  return `${lines.join("")}\n${projects.length} project(s)\n`;
}

function runsText(
  runs: readonly RunLine[],
  project: string,
  args: ListArgs,
  ctx: CommandContext,
): string {
  if (args.json === true) return JSON.stringify({ runs }) + "\n";
  if (args.quiet === true) return runs.map((run) => `${printable(run.run_id)}\n`).join("");
  if (runs.length === 0) return `No runs found in project '${printable(project)}'.\n`;
  const paint = painter(args, ctx);
  const blocks = runs.map((run) => {
    const word = run.presumed_dead ? "presumed dead" : run.status;
    const status = paint(statusColor(word), `[${printable(word)}]`);
    const lines = [`  ${status} ${printable(run.run_id)}\n`];
    if (run.name) lines.push(`      name: ${printable(run.name)}\n`);
    if (run.problem === undefined) {
      lines.push(`      created: ${printable((run.created_at ?? "-").slice(0, 19))}\n`);
    } else {
      lines.push(`      problem: ${cut(printable(run.problem), 500)}\n`);
    }
    return lines.join("");
  });
  return `${blocks.join("")}\n${runs.length} run(s) in ${printable(project)}\n`;
}

/** By stored creation time, as texts; those without one last. */
function newestFirst(a: RunLine, b: RunLine): number {
  return compareCodePoints(b.created_at ?? "", a.created_at ?? "");
}
