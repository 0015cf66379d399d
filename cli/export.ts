/**
 * `goodseed export PROJECT/RUN`: one run as CSV, JSON or JSON lines.
 *
 * @module
 */
import { ConflictError } from "../lib/errors.ts";
import { RunReader } from "../lib/store/run_reader.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { writeCsv } from "./export_csv.ts";
import { writeJson } from "./export_json.ts";
import { writeJsonLines } from "./export_jsonl.ts";
import { findRun } from "./find_run.ts";
import { OutputFile } from "./output_file.ts";
import { TextPieces, type TextSink } from "./output.ts";

/** Arguments of `goodseed export`. */
export interface ExportArgs extends CommonArgs {
  readonly run: string;
  readonly format: "csv" | "json" | "jsonl";
  readonly output?: string | undefined;
  readonly force?: boolean | undefined;
  readonly strings?: boolean | undefined;
  readonly dir?: string | undefined;
}

/** Writes a run to standard output or to a file. */
export function exportCommand(args: ExportArgs, ctx: CommandContext): ExitCode {
  const path = findRun(args.run, args.dir, ctx);
  using reader = RunReader.open(path);
  if (args.output === undefined || args.output === "-") {
    exportRun(args, reader, (text) => ctx.stdout(text));
    return 0;
  }
  using file = OutputFile.create(args.output, { cwd: ctx.cwd, replace: args.force === true });
  exportRun(args, reader, (text) => file.write(text));
  file.commit();
  if (args.quiet !== true) ctx.stdout(`Exported ${args.run} to ${file.path}\n`);
  return 0;
}

function exportRun(args: ExportArgs, reader: RunReader, sink: TextSink): void {
  const out = new TextPieces(sink);
  reader.snapshot(() => {
    if (args.format === "csv") writeCsv(reader, out, args.strings === true);
    else if (args.format === "json") writeJson(reader, out);
    else writeJsonLines(reader, out);
  });
  if (out.flush() && reader.changed()) {
    throw new ConflictError(
      `exporting ${args.run}: somebody began to write to it meanwhile; export it again`,
    );
  }
}
