import type { Argument, Command, Option } from 'commander';
import { helpAfter } from './help-after.ts';
import { escaped } from './page.ts';

/**
 * The manual page of a command in the macros of man(7): its subcommands stand in the same page.
 *
 * @param siblings of its program, for SEE ALSO
 */
export function commandPage(command: Command, siblings: readonly Command[] = []): string {
  const name = pageName(command);
  return [
    '.\\" Made by `npm run docs` from src/cli/. Do not edit.',
    `.TH ${name.toUpperCase()} 1 "" ProdNG "Commands of ProdNG"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(command.description())}`,
    '.SH SYNOPSIS',
    ...usable(command).map(synopsis),
    ...section('ARGUMENTS', command.registeredArguments.map(describeArgument)),
    ...section('OPTIONS', visibleOptions(command).map(describeOption)),
    ...section('COMMANDS', command.commands.map(isTop(command) ? listCommand : describeSubcommand)),
    ...afterwards(command),
    ...seeAlso(command, siblings),
    '',
  ].join('\n');
}

/** `prodng-new`, as git names its pages. */
export function pageName(command: Command): string {
  return command.parent === null ? command.name() : `${pageName(command.parent)}-${command.name()}`;
}

function isTop(command: Command): boolean {
  return command.parent === null;
}

/** A command that only groups others takes no arguments; those of the program have pages of their own. */
function usable(command: Command): readonly Command[] {
  if (isTop(command) || command.commands.length === 0) return [command];
  return command.registeredArguments.length === 0 ? command.commands : [command, ...command.commands];
}

function visibleOptions(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function synopsis(command: Command): string {
  return `.SY "${escaped(pathOf(command).join(' '))}"\n${escaped(command.usage())}\n.YS`;
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`.SH ${title}`, ...entries];
}

function describeArgument(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return entry(`\\fI${escaped(name)}\\fR`, [argument.description, standard(argument)]);
}

function describeOption(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `One of ${option.argChoices.join(', ')}.`;
  return entry(`\\fB${escaped(option.flags)}\\fR`, [option.description, choices, standard(option)]);
}

function standard({ defaultValue, defaultValueDescription }: Argument | Option): string {
  if (defaultValueDescription !== undefined) return `The default is ${defaultValueDescription}.`;
  const isPlain = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  return isPlain ? `The default is ${String(defaultValue)}.` : '';
}

function entry(head: string, texts: readonly string[]): string {
  const sentences = texts.filter((text) => text !== '').map((text) => text.replace(/[^.]$/, '$&.'));
  return `.TP\n${head}\n${sentences.map(asSentence).map(escaped).join('\n')}`;
}

function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function listCommand(command: Command): string {
  return `.TP\n\\fBprodng ${escaped(command.name())}\\fR\n${escaped(asSentence(command.description()))}.`;
}

function describeSubcommand(command: Command): string {
  return [
    `.SS ${escaped(pathOf(command).join(' '))} ${escaped(command.usage())}`,
    `${escaped(asSentence(command.description()))}.`,
    ...command.registeredArguments.map(describeArgument),
    ...visibleOptions(command).map(describeOption),
  ].join('\n');
}

/** What stands below the options in --help: examples, the exit status and whatever else there is to say. */
function afterwards(command: Command): string[] {
  const notes: string[] = [];
  const sections: string[] = [];
  for (const paragraph of helpAfter(command)) {
    const [first = '', ...lines] = paragraph.split('\n');
    const titled = /^(Examples?|Exit status): ?(.*)$/s.exec(first);
    const text = titled === null ? [first, ...lines] : [titled[2] ?? '', ...lines];
    const body = text.filter((line) => line !== '').flatMap(bodyLines);
    if (titled === null) notes.push('.PP', ...body);
    else sections.push(`.SH ${titled[1]?.toUpperCase()}`, ...body);
  }
  return [...(notes.length === 0 ? [] : ['.SH NOTES', ...notes]), ...sections];
}

/** Indented lines are commands, and keep their form. */
function bodyLines(line: string, at: number, all: readonly string[]): string[] {
  const isCommand = (other: string | undefined) => other?.startsWith('  ') === true;
  if (!isCommand(line)) return [escaped(line)];
  return [
    ...(isCommand(all[at - 1]) ? [] : ['.PP', '.EX']),
    escaped(line.slice(2)),
    ...(isCommand(all[at + 1]) ? [] : ['.EE']),
  ];
}

function seeAlso(command: Command, siblings: readonly Command[]): string[] {
  const others = command.parent === null ? siblings : [command.parent];
  if (others.length === 0) return [];
  const names = others.map((other) => `.BR ${escaped(pageName(other))} (1)`);
  return ['.SH SEE ALSO', names.join(' ,\n')];
}
