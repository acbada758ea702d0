import type { Command, Option } from 'commander';

/** What may follow in a command line. `nothing` is a value that no shell can guess. */
export type Expected =
  | { kind: 'files' | 'jails' | 'templates' | 'nothing' }
  | { kind: 'words'; words: readonly string[] };

export interface CompletedOption {
  short?: string | undefined;
  long?: string | undefined;
  description: string;
  /** May be given more than once. */
  repeats: boolean;
  /** Undefined for a flag. */
  value?: Expected | undefined;
}

/** A command as the completions of all shells need it. */
export interface CompletedCommand {
  /** Behind the name of the program: `key new`; empty for the program itself. */
  words: string;
  name: string;
  description: string;
  options: readonly CompletedOption[];
  argument: Expected;
  commands: readonly CompletedCommand[];
}

/** A program and its commands, for completions. */
export function completionModel(command: Command): CompletedCommand {
  return {
    words: wordsOf(command),
    name: command.name(),
    description: command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionOf), help],
    argument: argumentOf(command),
    commands: command.commands.map(completionModel),
  };
}

/** A command and all below it. */
export function withCommands(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.commands.flatMap(withCommands)];
}

const help: CompletedOption = { long: '--help', description: 'display help for command', repeats: false };

function wordsOf(command: Command): string {
  if (command.parent === null) return '';
  return `${wordsOf(command.parent)} ${command.name()}`.trimStart();
}

function optionOf(option: Option): CompletedOption {
  const { short, long, description, required, optional, parseArg } = option;
  const value = required || optional ? expectedAfter(option) : undefined;
  return { short, long, description, repeats: parseArg !== undefined, value };
}

function expectedAfter({ argChoices, flags }: Option): Expected {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  return { kind: /[<[](file|dir|folder|path|policy)/.test(flags) ? 'files' : 'nothing' };
}

function argumentOf(command: Command): Expected {
  const name = command.registeredArguments[0]?.name();
  if (name === undefined) return { kind: 'nothing' };
  if (name === 'jail') return { kind: 'jails' };
  return { kind: name === 'template' ? 'templates' : 'files' };
}
