import { type CompletedCommand, type CompletedOption, type Expected, withCommands } from './model.ts';

/** The completions of a program for fish(1). */
export function fishCompletion(program: CompletedCommand): string {
  const all = withCommands(program);
  return `# Made by \`npm run docs\` from src/cli/. Do not edit.

# the words of the command that is being typed, without options and arguments
function __prodng_command
    set -l command
    set -l words (commandline -opc)
    for word in $words[2..]
        switch (string join ' ' -- $command $word)
            case ${all
              .slice(1)
              .map(({ words }) => quoted(words))
              .join(' ')}
                set -a command $word
        end
    end
    string join ' ' -- $command
end

function __prodng_is
    set -l command (__prodng_command)
    test "$command" = "$argv"
end

complete -c prodng -f
${all.flatMap(linesOf).join('\n')}
`;
}

function linesOf(command: CompletedCommand): string[] {
  const { words, options, argument, commands } = command;
  const start = `complete -c prodng -n ${quoted(`__prodng_is ${words}`.trimEnd())}`;
  return [
    ...commands.map(({ name, description }) => `${start} -a ${name} -d ${quoted(description)}`),
    ...valuesOf(argument).map((values) => `${start} ${values}`),
    ...options.map((option) => `${start} ${optionText(option)}`),
  ];
}

function optionText({ short, long, description, value }: CompletedOption): string {
  const names = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
  ];
  // -r: a value follows; -x: and no file
  const values = value === undefined ? [] : value.kind === 'files' ? ['-r -F'] : ['-x', ...valuesOf(value)];
  return [...names, ...values, '-d', quoted(description)].join(' ');
}

function valuesOf(expected: Expected): string[] {
  switch (expected.kind) {
    case 'files':
      return ['-F'];
    case 'jails':
      return ["-a '(prodng ls --format name 2>/dev/null)'"];
    case 'templates':
      return ["-a '(path basename /usr/share/prodng/templates/* 2>/dev/null)'"];
    case 'words':
      return [`-a ${quoted(expected.words.join(' '))}`];
    case 'nothing':
      return [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
