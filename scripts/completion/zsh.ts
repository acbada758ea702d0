import { type CompletedCommand, type CompletedOption, type Expected, withCommands } from './model.ts';

/** The completions of a program for zsh(1), as a file `_prodng` of its fpath. */
export function zshCompletion(program: CompletedCommand): string {
  return `#compdef prodng
# Made by \`npm run docs\` from src/cli/. Do not edit.

_prodng_jails() {
  local -a jails=(\${(f)"$(prodng ls --format name 2>/dev/null)"})
  compadd -a jails
}

_prodng_templates() {
  local -a templates=(/usr/share/prodng/templates/*(N:t))
  compadd -a templates
}

${withCommands(program).map(functionOf).join('\n')}
_prodng "$@"
`;
}

function functionOf(command: CompletedCommand): string {
  const specs = command.options.flatMap(optionSpecs);
  const body =
    command.commands.length === 0
      ? argumentsOf([...specs, `'*:argument:${actionOf(command.argument)}'`])
      : withSubcommands(command, specs);
  return `${nameOf(command.words)}() {\n${body}}\n`;
}

/** The first word may be a command; the words behind it are its own. */
function withSubcommands({ commands, argument }: CompletedCommand, specs: readonly string[]): string {
  const list = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}\n`);
  const others = argument.kind === 'nothing' ? '' : `\n      ${actionOf(argument)} && return`;
  return `  local curcontext=$curcontext state state_descr line
  local -A opt_args
  local -a commands=(
${list.join('')}  )
${argumentsOf(['-C', ...specs, "'1: :->first'", "'*:: :->rest'"])}  case $state in
    first)
      _describe -t commands command commands && return${others}
      ;;
    rest)
      case $words[1] in
${commands.map(({ name, words: inner }) => `        ${name}) ${nameOf(inner)} && return ;;`).join('\n')}
${others === '' ? '' : `        *) ${actionOf(argument)} && return ;;\n`}      esac ;;
  esac
  return 1
`;
}

function argumentsOf(specs: readonly string[]): string {
  return `  _arguments -s -S ${specs.join(' \\\n    ')}\n`;
}

function optionSpecs({ short, long, description, repeats, value }: CompletedOption): string[] {
  const names = [short, long].filter((name) => name !== undefined);
  const text = description.replace(/[\\[\]:]/g, '\\$&');
  return names.map((name) => {
    const others = repeats ? '*' : `(${names.join(' ')})`;
    const after = value === undefined ? '' : `:value:${actionOf(value)}`;
    return quoted(`${others}${name}[${text}]${after}`);
  });
}

function actionOf(expected: Expected): string {
  switch (expected.kind) {
    case 'files':
      return '_files';
    case 'jails':
      return '_prodng_jails';
    case 'templates':
      return '_prodng_templates';
    case 'words':
      return `(${expected.words.join(' ')})`;
    case 'nothing':
      return ' ';
  }
}

function nameOf(words: string): string {
  return `_prodng${words === '' ? '' : `_${words.replaceAll(/[ -]/g, '_')}`}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
