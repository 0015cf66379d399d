/**
 * The command line: what there is, parsed by commander. The only file that imports commander; a
 * command's own file is loaded when it is called.
 *
 * @module
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { CommandContext, ExitCode } from "./context.ts";
import { oneLine, reportError } from "./errors.ts";
import { wantsColor } from "./output.ts";
import type { CommandSpec, OptionSpec, ProgramSpec } from "./program_spec.ts";
import { VERSION } from "../lib/version.ts";

/** A command: parsed arguments and the world in, exit code out. */
type CommandFunction<Args> = (args: Args, ctx: CommandContext) => ExitCode | Promise<ExitCode>;

/** Runs one command; the result is kept for {@linkcode runCli}. */
type Dispatch = <Args>(load: () => Promise<CommandFunction<Args>>, args: Args) => Promise<void>;

/**
 * Parses a command line and runs its command.
 *
 * @param argv arguments without program and script
 * @returns the exit code; every error has been reported
 */
export async function runCli(argv: readonly string[], ctx: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  async function dispatch<Args>(
    load: () => Promise<CommandFunction<Args>>,
    args: Args,
  ): Promise<void> {
    const command = await load();
    exitCode = await command(args, ctx);
  }
  try {
    await buildProgram(ctx, dispatch, argv).parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1; // has been printed
    return reportError(error, ctx);
  }
}

/** What the program offers, for completions and documentation. */
export function programSpec(): ProgramSpec {
  const program = buildProgram(undefined, () => Promise.resolve());
  return {
    name: program.name(),
    description: program.description(),
    options: describeOptions(program),
    commands: program.commands.map(describeCommand),
  };
}

function buildProgram(
  ctx: CommandContext | undefined,
  dispatch: Dispatch,
  argv: readonly string[] = [],
): Command {
  const program = new Command("goodseed")
    .description("Experiment tracker: records runs into files, shows them in the browser.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError();
  program.configureOutput({
    writeOut: (text) => void ctx?.stdout(text),
    writeErr: (text) => void ctx?.stderr(text),
    outputError: (text, write) => write(oneLine(text.replace(/^error: /, "Error: ")) + "\n"),
    getOutHelpWidth: () => ctx?.columns ?? 80,
    getErrHelpWidth: () => ctx?.columns ?? 80,
    getOutHasColors: () => ctx !== undefined && wantsColor({}, ctx),
    getErrHasColors: () => false,
  });
  addServe(program, dispatch);
  addList(program, dispatch);
  addShow(program, dispatch);
  addExport(program, dispatch);
  addLog(program, dispatch);
  addDoctor(program, dispatch);
  addRepair(program, dispatch);
  addMarkDead(program, dispatch);
  addRun(program, dispatch, argv);
  addCompletions(program, dispatch);
  for (const command of program.commands) addCommon(command);
  return program;
}

/** Examples, printed below a command's help. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: ["goodseed", "goodseed --port 9000", "goodseed serve ~/scratch/projects -v"],
  list: ["goodseed list", "goodseed list -p team/mnist --json"],
  show: ["goodseed show team/mnist/bold-falcon"],
  export: [
    "goodseed export team/mnist/bold-falcon > points.csv",
    "goodseed export team/mnist/bold-falcon -f jsonl | goodseed log --project copy/mnist",
  ],
  log: [
    `echo '{"step": 1, "loss": 0.5}' | goodseed log --project team/mnist`,
    "goodseed log train.jsonl --follow --config lr=0.001 --tag baseline",
  ],
  doctor: ["goodseed doctor", "goodseed doctor --json"],
  repair: [
    "goodseed repair team/mnist/bold-falcon",
    "goodseed repair damaged.sqlite -o salvaged.sqlite",
  ],
  "mark-dead": ["goodseed mark-dead team/mnist/bold-falcon"],
  run: [
    "goodseed run -- python train.py --lr 0.001",
    `goodseed run --project team/mnist --parse 'loss=(?<train/loss>[\\d.]+)' -- ./train.sh`,
  ],
  completions: [
    "source <(goodseed completions bash)",
    "goodseed completions fish > ~/.config/fish/completions/goodseed.fish",
  ],
};

function addCommon(command: Command): void {
  command
    .option("-q, --quiet", "print results and errors only")
    .option("--no-color", "print without colours");
  const examples = EXAMPLES[command.name()] ?? [];
  if (examples.length === 0) return;
  command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
}

function addServe(program: Command, dispatch: Dispatch): void {
  program.command("serve", { isDefault: true })
    .summary("show runs in the browser (also without the word `serve`)")
    .description(
      "Serves the runs of a projects folder: web UI and HTTP API on this machine. Ends at Ctrl-C.",
    )
    .argument("[dir]", "projects folder (default: <home>/projects)")
    .option("--port <port>", "port to listen on; 0 takes a free one", parsePort, 8765)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--socket <path>", "listen on a Unix socket instead of a port")
    .option("--share", "let everybody who can connect read; --host may then be any address")
    .option("--allow-origin <origin>", "let pages of this origin read; may be repeated", collect)
    .option("--allowed-hosts <names>", "further host names, with commas between", splitNames)
    .option("--open-reads", "let every web page read, as goodseed 0.4.0 does")
    .option("-v, --verbose", "print the server's address and the folder")
    .action((dir: string | undefined, options) =>
      dispatch(async () => (await import("./serve.ts")).serveCommand, { ...options, dir })
    );
}

function addList(program: Command, dispatch: Dispatch): void {
  program.command("list")
    .summary("list projects, or the runs of one")
    .description("Lists the projects of a folder, or with --project the runs of one project.")
    .argument("[dir]", "projects folder (default: <home>/projects)")
    .option("-p, --project <name>", "list the runs of this project")
    .option("--json", "print JSON")
    .action((dir: string | undefined, options) =>
      dispatch(async () => (await import("./list.ts")).listCommand, { ...options, dir })
    );
}

function addShow(program: Command, dispatch: Dispatch): void {
  program.command("show")
    .summary("show one run")
    .description(
      "Prints a summary of one run: status, configs, metrics, texts, end of the console.",
    )
    .argument("<run>", "PROJECT/RUN, or the path of a run file")
    .option("--dir <dir>", "projects folder (default: <home>/projects)")
    .option("--tail <lines>", "number of console lines", parseCount, 10)
    .option("--json", "print JSON")
    .action((run: string, options) =>
      dispatch(async () => (await import("./show.ts")).showCommand, { ...options, run })
    );
}

function addExport(program: Command, dispatch: Dispatch): void {
  program.command("export")
    .summary("write a run as CSV, JSON or JSON lines")
    .description(
      "Writes one run to a file or to standard output. `jsonl` is the record stream and loses " +
        "nothing: `goodseed log` makes an equal run of it. `csv` holds the metrics (path, step, " +
        "value, time), with --strings the string series as well. `json` is one document.",
    )
    .argument("<run>", "PROJECT/RUN, or the path of a run file")
    .addOption(
      new Option("-f, --format <format>", "what to write").choices(["csv", "json", "jsonl"])
        .default("csv"),
    )
    .option("-o, --output <file>", "write to this file (default: standard output)")
    .option("--force", "replace an existing file")
    .option("--strings", "csv: string series too")
    .option("--dir <dir>", "projects folder (default: <home>/projects)")
    .action((run: string, options) =>
      dispatch(async () => (await import("./export.ts")).exportCommand, { ...options, run })
    );
}

function addLog(program: Command, dispatch: Dispatch): void {
  program.command("log")
    .summary("record a run from JSON lines")
    .description(
      "Reads JSON lines (the record stream or its short form, docs/record-stream.md) and records " +
        "them as a run. Lines that cannot be understood are reported with their number; the rest " +
        "goes on, and the exit code is 1 at the end. The end of the input closes the run as " +
        "`finished`, or as its last status record says; a signal or a read error as `failed`.",
    )
    .argument("[file]", "file to read, `-` for standard input", "-")
    .option("-p, --project <name>", "project (default: the stream's, GOODSEED_PROJECT, `default`)")
    .option("--run-id <id>", "id of the run (default: the stream's, else a generated one)")
    .option("--name <name>", "display name")
    .option("--config <key=value>", "a config, JSON or else text; may be repeated", collect)
    .option("--tag <tag>", "a tag; may be repeated", collect)
    .option("--resume", "go on with an existing run")
    .option("--follow", "wait for more at the end of FILE until a status record or a signal")
    .option("--sync", "send the run to the server as well (storage `cloud`)")
    .option("--blobs <dir>", "folder of the blobs that the stream names (blobs are not stored yet)")
    .action((file: string, options) =>
      dispatch(async () => (await import("./log.ts")).logCommand, { ...options, file })
    );
}

function addDoctor(program: Command, dispatch: Dispatch): void {
  program.command("doctor")
    .summary("check what runs and the server need on this machine")
    .description(
      "Checks home, disk, cache, GPU tools, port, clock, libraries, runs left behind and, where " +
        "GOODSEED_API_URL is set, the server. One line a check, and what to do where something " +
        "is not right. Changes nothing (a temporary file in the home is made and removed). The " +
        "exit code is 1 when there is a problem; warnings do not count.",
    )
    .option("--json", "print JSON")
    .action((options) =>
      dispatch(async () => (await import("./doctor.ts")).doctorCommand, { ...options })
    );
}

function addRepair(program: Command, dispatch: Dispatch): void {
  program.command("repair")
    .summary("save what is left of a damaged run file")
    .description(
      "Reads a damaged run file page by page, with its log (-wal) where that is usable, and " +
        "writes what it finds into a new file; the damaged one is left as it is. Prints what was " +
        "recovered and lost of each table. A flipped bit inside a value cannot be seen. The exit " +
        "code is 1 when nothing was found.",
    )
    .argument("<run>", "PROJECT/RUN, or the path of a file")
    .option("-o, --output <file>", "the new file (default: RUN.repaired.sqlite beside the old one)")
    .option("--dir <dir>", "projects folder (default: <home>/projects)")
    .action((run: string, options) =>
      dispatch(async () => (await import("./repair.ts")).repairCommand, { ...options, run })
    );
}

function addMarkDead(program: Command, dispatch: Dispatch): void {
  program.command("mark-dead")
    .summary("end a run whose writer has died")
    .description(
      "Sets a run that still says `running`, though the process that wrote it is gone, to " +
        "`failed` (sys/exit_reason `presumed dead`), with what its log and its journal hold, and " +
        "leaves one file. Refuses where the writer lives, or where that cannot be told.",
    )
    .argument("<run>", "PROJECT/RUN, or the path of a run file")
    .option("--force", "also where it cannot be proved that the writer is dead")
    .option("--dir <dir>", "projects folder (default: <home>/projects)")
    .action((run: string, options) =>
      dispatch(async () => (await import("./mark_dead.ts")).markDeadCommand, { ...options, run })
    );
}

function addRun(program: Command, dispatch: Dispatch, argv: readonly string[]): void {
  program.command("run")
    .summary("run a program and record it")
    .description(
      "Runs a program and records its output, hardware, command line, environment and end as a run " +
        "(docs/run-command.md). Ends with the program's own exit status. The program may append JSON " +
        "lines to the file that GOODSEED_LOG names.",
    )
    .usage("[options] -- COMMAND [ARGUMENTS]")
    .argument("[command...]", "the program and its arguments, behind `--`")
    .passThroughOptions()
    .option("-p, --project <name>", "project (default: GOODSEED_PROJECT, `default`)")
    .option("--name <name>", "display name")
    .option("--tag <tag>", "a tag; may be repeated", collect)
    .option("--config <key=value>", "a config, JSON or else text; may be repeated", collect)
    .option("--run-id <id>", "id of the run (default: a generated one)")
    .option("--resume", "go on with the run of that id, if there is one")
    .option("--force", "resume also when the former process may live on another host")
    .option(
      "--parse <pattern>",
      "chart what is printed: a regular expression whose named groups are metric paths; may be " +
        "repeated",
      collect,
    )
    .option("--log-fd", "take JSON lines from the program's descriptor 3, too (GOODSEED_LOG_FD)")
    .option("--export-run-id", "set GOODSEED_RUN_ID for the program")
    .option("--no-tty", "use pipes also on a terminal")
    .action((words: string[], options) =>
      dispatch(async () => {
        const [{ commandWords }, { runCommand }] = await Promise.all([
          import("./run/run_args.ts"),
          import("./run/command.ts"),
        ]);
        return (args: typeof options, ctx: CommandContext) =>
          runCommand({ ...args, command: commandWords(words, argv) }, ctx);
      }, options)
    );
}

function addCompletions(program: Command, dispatch: Dispatch): void {
  program.command("completions")
    .summary("print a completion script for a shell")
    .description("Prints a completion script. Put it where the shell reads it, or source it.")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .action((shell: string, options) =>
      dispatch(async () => {
        const { completionsCommand } = await import("./completions.ts");
        return (args, ctx) => completionsCommand(args, programSpec(), ctx);
      }, { ...options, shell })
    );
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("It must be a number from 0 to 65535.");
  return port;
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a number, 0 or more.");
  return Number(text);
}

function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...before ?? [], text];
}

function splitNames(text: string, before: readonly string[] | undefined): string[] {
  return [...before ?? [], ...text.split(",").map((name) => name.trim()).filter(Boolean)];
}

function describeCommand(command: Command): CommandSpec {
  return {
    name: command.name(),
    usage: `goodseed ${command.name()} ${command.usage()}`,
    summary: command.summary(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      required: argument.required,
      choices: argument.argChoices ?? [],
    })),
    options: describeOptions(command),
    examples: EXAMPLES[command.name()] ?? [],
  };
}

function describeOptions(command: Command): OptionSpec[] {
  return command.options.map((option) => ({
    flags: option.flags,
    ...(option.short === undefined ? {} : { short: option.short }),
    ...(option.long === undefined ? {} : { long: option.long }),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    ...(option.defaultValue === undefined || option.negate
      ? {}
      : { defaultText: String(option.defaultValue) }),
  }));
}
