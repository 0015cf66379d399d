/**
 * What a command may touch: everything outside it comes through one object, so that tests run
 * commands in their own process and read what was written.
 *
 * @module
 */

/**
 * What a command ends with: 0 success, 1 any error, 2 authentication or authorisation refused; `run`
 * ends with the exit status of the program that it ran, 0 to 255.
 */
export type ExitCode = number;

/** The world as a command sees it. */
export interface CommandContext {
  /**
   * Writes to standard output.
   *
   * @returns false when nobody reads any more; the command may stop producing
   */
  stdout(text: string): boolean;
  /** Writes to standard error; false when nobody reads any more. */
  stderr(text: string): boolean;
  /** Standard input in pieces as they come; ask for it at most once. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Current folder. */
  readonly cwd: string;
  /** True when standard output is a terminal. */
  readonly isTty: boolean;
  /** True when the descriptor of this process is a terminal: 0 input, 1 output, 2 errors. */
  isTerminal(fd: 0 | 1 | 2): boolean;
  /** Width of the terminal, in columns; 80 where there is none. */
  readonly columns: number;
  /** Time of day, in ms since 1970. */
  now(): number;
  /**
   * Aborted at SIGINT, SIGTERM or SIGHUP, with the signal's name as the reason. Asking for it takes
   * these signals over from the runtime; a second signal ends the process at once.
   */
  interruption(): AbortSignal;
  /** Something may still be open (input, a connection): the process is ended, not waited for. */
  exitAtReturn(): void;
}

/** Options that every command has. */
export interface CommonArgs {
  /** Results and errors only. */
  readonly quiet?: boolean | undefined;
  /** False with `--no-color`. */
  readonly color?: boolean | undefined;
}
