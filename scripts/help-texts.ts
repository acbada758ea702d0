import type { Command } from 'commander';

/** The help texts of a program and of all its commands, 80 columns wide, as one text. */
export function helpTexts(program: Command): string {
  return allOf(program)
    .map((command) => `$ ${wordsOf(command).join(' ')} --help\n${helpOf(command)}`)
    .join('\n');
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

function wordsOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...wordsOf(command.parent), command.name()];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (said) => (text += said), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}
