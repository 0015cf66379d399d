/**
 * The command as a child of ours: in pipes, or on a terminal of its own.
 *
 * @module
 */
import process from "node:process";
import { type Program, type ProgramFailure, startProgram } from "../../lib/runtime/program.ts";
import { processTree } from "../../monitors/process_tree.ts";
import { shellLine, shellWord } from "./shell_text.ts";

/** How a command is started. */
export interface ChildOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Wants a terminal; where there is no `script`, the command gets pipes. */
  readonly terminal: boolean;
  /** Gives it a pipe as descriptor 3. */
  readonly extraPipe: boolean;
}

/** A running command. */
export interface Child {
  readonly program: Program;
  /** True when it has a terminal of its own; all it prints then comes through `stdout`. */
  readonly onTerminal: boolean;
  /** The command's process, also below `script`; when it is not found, the process that we started. */
  readonly pid: number;
}

/** How long `script` may take to start the command, in ms. */
const START_MS = 1_000;

/** Starts a command. */
export async function startChild(options: ChildOptions): Promise<Child | ProgramFailure> {
  const { argv, env, cwd, extraPipe } = options;
  if (options.terminal && process.platform === "linux") {
    const program = await startProgram(scriptLine(argv, env), {
      env: { ...env, SHELL: "/bin/sh" }, // `script` starts the command by this
      cwd,
      extraPipe,
    });
    if (program.pid !== undefined) {
      return { program, onTerminal: true, pid: await commandPid(program) };
    }
  }
  const program = await startProgram(argv, { env, cwd, extraPipe });
  if (program.pid === undefined) return program;
  return { program, onTerminal: false, pid: program.pid };
}

/**
 * The command line of util-linux `script` that runs a command on a terminal of its own, which has
 * the size of ours and follows it.
 */
export function scriptLine(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): string[] {
  const shell = env.SHELL === undefined
    ? "unset SHELL"
    : `SHELL=${shellWord(env.SHELL)}; export SHELL`;
  return ["script", "-qefc", `${shell}; exec ${shellLine(argv)}`, "/dev/null"];
}

async function commandPid(program: Program): Promise<number> {
  let running = true;
  void program.ended.then(() => running = false);
  const deadline = performance.now() + START_MS;
  while (running && performance.now() < deadline) {
    const child = processTree(program.pid)[1];
    if (child !== undefined) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return program.pid;
}
