/**
 * What the program offers, as plain data: completions and the documentation page are made from it.
 *
 * @module
 */

/** A positional argument. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly choices: readonly string[];
}

/** An option. */
export interface OptionSpec {
  /** As written in help, e.g. `-p, --project <name>`. */
  readonly flags: string;
  readonly short?: string;
  readonly long?: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Default as text, absent where there is none worth telling. */
  readonly defaultText?: string;
}

/** A command. */
export interface CommandSpec {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Command lines. */
  readonly examples: readonly string[];
}

/** The whole program. */
export interface ProgramSpec {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly commands: readonly CommandSpec[];
}
