import { type CompletedCommand, type CompletedOption, type Expected, withCommands } from './model.ts';

/**
 * The completions of a program for bash(1). They need nothing of the package bash-completion but that it loads them
 * at the first Tab.
 */
export function bashCompletion(program: CompletedCommand): string {
  const [, ...commands] = withCommands(program);
  return `# Made by \`npm run docs\` from src/cli/. Do not edit.
# shellcheck shell=bash

_prodng() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' options='' values='' of='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "\${command:+$command }$word" in
      ${commands.map(({ words }) => `'${words}'`).join(' | \\\n      ')})
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

function clauseOf({ words, options, argument, commands }: CompletedCommand): string {
  const flags = options.flatMap(({ short, long }) => [short, long]).filter(Boolean);
  const first: Expected =
    commands.length > 0 ? { kind: 'words', words: commands.map(({ name }) => name) } : argument;
  return [
    `    '${words}')`,
    '      case $prev in',
    ...options.flatMap(({ value, ...option }) =>
      value === undefined ? [] : `        ${namesOf(option)}) ${assigned(value)} ;;`,
    ),
    `        *) ${assigned(first)} options='${flags.join(' ')}' ;;`,
    '      esac ;;',
  ].join('\n');
}

function namesOf({ short, long }: Pick<CompletedOption, 'short' | 'long'>): string {
  return [short, long].filter((name) => name !== undefined).join(' | ');
}

function assigned(expected: Expected): string {
  return expected.kind === 'words' ? `values='${expected.words.join(' ')}'` : `of=${expected.kind}`;
}
