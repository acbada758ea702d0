import type { Command } from 'commander';

/** The paragraphs that a command's --help ends with, below its options. */
export function helpAfter(command: Command): string[] {
  let written = '';
  command.configureOutput({
    writeOut: (text) => {
      written += text;
    },
  });
  command.outputHelp();
  return written
    .slice(command.helpInformation().length)
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replace(/^\n+|\n+$/g, ''))
    .filter((paragraph) => paragraph !== '');
}
