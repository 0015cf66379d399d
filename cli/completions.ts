/**
 * `goodseed completions SHELL`: completion scripts made from what the program offers. Nothing in
 * them calls back, and sourcing one twice is harmless.
 *
 * @module
 */
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import type { CommandSpec, OptionSpec, ProgramSpec } from "./program_spec.ts";

/** Arguments of `goodseed completions`. */
export interface CompletionsArgs extends CommonArgs {
  readonly shell: string;
}

/** Prints the script for one shell. */
export function completionsCommand(
  args: CompletionsArgs,
  program: ProgramSpec,
  ctx: CommandContext,
): ExitCode {
  const make = { bash: bashScript, zsh: zshScript, fish: fishScript }[args.shell] ?? bashScript;
  ctx.stdout(make(program));
  return 0;
}

/** Script for bash; files are offered where nothing else fits. */
export function bashScript(program: ProgramSpec): string {
  const values = new Map<string, readonly string[]>();
  for (const command of program.commands) {
    for (const option of command.options) {
      if (option.choices.length === 0) continue;
      for (const flag of flagsOf(option)) values.set(`${command.name}:${flag}`, option.choices);
    }
  }
  return `# bash completion for ${program.name}
_${program.name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=serve words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${namesOf(program).join("|")}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command:$prev in
${[...values].map(([key, words]) => `    ${key}) words="${words.join(" ")}" ;;\n`).join("")}  esac
  if [[ -z $words ]]; then
    case $command in
${
    program.commands.map((command) =>
      `      ${command.name}) words="${bashWords(command).join(" ")}" ;;\n`
    ).join("")
  }      help) words="${program.commands.map((command) => command.name).join(" ")}" ;;
    esac
    if ((i == COMP_CWORD)); then
      words="$words ${[...namesOf(program), ...program.options.flatMap(flagsOf)].join(" ")}"
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _${program.name} ${program.name}
`;
}

/** Script for zsh, to be sourced or put into a folder of \`fpath\` as \`_goodseed\`. */
export function zshScript(program: ProgramSpec): string {
  const commands = program.commands.map((command) =>
    `    ${zshQuoted(`${command.name}:${command.summary}`)}`
  );
  const branches = program.commands.map((command) => {
    const lines = [
      ...command.options.map(zshOption),
      ...command.arguments.map((argument) =>
        zshQuoted(
          `${argument.required ? ":" : "::"}${argument.name}:${zshValues(argument.choices)}`,
        )
      ),
    ];
    return `    ${command.name}) _arguments ${lines.join(" \\\n      ")} ;;`;
  });
  return `#compdef ${program.name}
_${program.name}() {
  local -a commands
  commands=(
${commands.join("\n")}
    ${zshQuoted("help:print help for a command")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    _files -/
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${branches.join("\n")}
    *) _files ;;
  esac
}
if [[ $funcstack[1] == _${program.name} ]]; then
  _${program.name} "$@"
else
  compdef _${program.name} ${program.name}
fi
`;
}

/** Script for fish. */
export function fishScript(program: ProgramSpec): string {
  const name = program.name;
  const lines = [`# fish completion for ${name}`, `complete -c ${name} -e`];
  for (const command of program.commands) {
    lines.push(
      `complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d ` +
        fishQuoted(command.summary),
    );
  }
  lines.push(`complete -c ${name} -n __fish_use_subcommand -a help -d 'print help for a command'`);
  for (const command of program.commands) {
    const when = `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}'`;
    for (const argument of command.arguments) {
      if (argument.choices.length > 0) lines.push(`${when} -f -a '${argument.choices.join(" ")}'`);
    }
    for (const option of command.options) {
      lines.push(`${when} ${fishOption(option)}`);
    }
  }
  return lines.join("\n") + "\n";
}

function namesOf(program: ProgramSpec): string[] {
  return [...program.commands.map((command) => command.name), "help"];
}

function flagsOf(option: OptionSpec): string[] {
  return [option.short, option.long].filter((flag) => flag !== undefined);
}

function bashWords(command: CommandSpec): string[] {
  return [
    ...command.arguments.flatMap((argument) => argument.choices),
    ...command.options.map((option) => option.long ?? option.short ?? ""),
    "--help",
  ];
}

function zshOption(option: OptionSpec): string {
  const value = option.takesValue ? `:value:${zshValues(option.choices)}` : "";
  const label = option.description.replaceAll(/[[\]:]/g, "");
  return flagsOf(option).map((flag) => zshQuoted(`${flag}[${label}]${value}`)).join(" ");
}

function zshValues(choices: readonly string[]): string {
  return choices.length > 0 ? `(${choices.join(" ")})` : "_files";
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishOption(option: OptionSpec): string {
  const parts: string[] = [];
  if (option.short !== undefined) parts.push(`-s ${option.short.slice(1)}`);
  if (option.long !== undefined) parts.push(`-l ${option.long.slice(2)}`);
  if (option.takesValue) parts.push("-r");
  if (option.choices.length > 0) parts.push(`-f -a '${option.choices.join(" ")}'`);
  return [...parts, `-d ${fishQuoted(option.description)}`].join(" ");
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
