import type { Command, Option } from 'commander';

/**
 * The completions of a program for bash(1). They need nothing of the package bash-completion but that it loads them
 * when somebody presses Tab.
 */
export function bashCompletion(program: Command): string {
  const commands = [...program.commands, ...program.commands.flatMap(({ commands: inner }) => inner)];
  return `# Made by \`npm run docs\` from src/cli/. Do not edit.
# shellcheck shell=bash

_prodng() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' options='' values='' of='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "\${command:+$command }$word" in
      ${commands.map((command) => `'${wordsOf(command)}'`).join(' | \\\n      ')})
        command+="\${command:+ }$word" ;;
    esac
  done
  case $command in
${[program, ...commands].map(clauseOf).join('\n')}
  esac
  if [[ $cur == -* && -n $options ]]; then
    values=$options of=''
  fi
  case $of in
    jails) values=$(prodng ls --format name 2>/dev/null) ;;
    templates) values=$(ls /usr/share/prodng/templates 2>/dev/null) ;;
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
} &&
  complete -F _prodng prodng
`;
}

/** `key new`: the words after the program's name. */
function wordsOf(command: Command): string {
  if (command.parent === null) return '';
  return `${wordsOf(command.parent)} ${command.name()}`.trimStart();
}

function clauseOf(command: Command): string {
  const options = command.options.filter(({ hidden }) => !hidden);
  const flags = [...options.flatMap(({ short, long }) => [short, long]), '--help'].filter(Boolean);
  const valued = options.filter(({ required, optional }) => required || optional);
  return [
    `    '${wordsOf(command)}')`,
    '      case $prev in',
    ...valued.map((option) => `        ${namesOf(option)}) ${expectedAfter(option)} ;;`),
    `        *) ${argumentOf(command)} options='${flags.join(' ')}' ;;`,
    '      esac ;;',
  ].join('\n');
}

function namesOf({ short, long }: Option): string {
  return [short, long].filter((name) => name !== undefined).join(' | ');
}

function expectedAfter({ argChoices, flags }: Option): string {
  if (argChoices !== undefined) return `values='${argChoices.join(' ')}'`;
  return /[<[](file|dir|folder|path|policy)/.test(flags) ? 'of=files' : 'of=nothing';
}

function argumentOf(command: Command): string {
  if (command.commands.length > 0) {
    return `values='${command.commands.map((inner) => inner.name()).join(' ')}'`;
  }
  const name = command.registeredArguments[0]?.name();
  if (name === undefined) return 'of=nothing';
  if (name === 'jail') return 'of=jails';
  return name === 'template' ? 'of=templates' : 'of=files';
}
