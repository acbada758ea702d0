import { splitArgv } from '../control/argv.ts';
import { expandSpecifiers, type SpecifierFacts } from './specifiers.ts';

/** One command of an `Exec...=` setting, systemd.service(5), "Command lines". */
export interface ExecCommand {
  /** The prefixes before the path, in their order: of `@ - : + !`. */
  prefixes: string;
  /** Environment variables are not expanded yet. */
  argv: string[];
}

/** The commands of one line, or why it cannot be read. */
export type ExecLine = { commands: ExecCommand[] } | { fault: string };

/**
 * Splits the value of an `Exec...=` setting: prefixes, quoted words, specifiers, and commands that a `;` of its own
 * separates.
 */
export function parseExecLine(value: string, facts: SpecifierFacts): ExecLine {
  // `\;` is an escape of command lines alone: the separator as a plain argument
  const text = value.replace(/(^|\s)\\;(?=\s|$)/g, '$1";"');
  const { words, fault } = splitArgv([{ text, line: 1, column: 1 }]);
  if (fault !== undefined) return { fault: fault.message };
  const commands: ExecCommand[] = [];
  let current: string[] = [];
  for (const { text: word, quoted } of words) {
    if (word === ';' && !quoted) {
      if (current.length > 0) commands.push(splitPrefixes(current));
      current = [];
      continue;
    }
    const expanded = expandSpecifiers(word, facts);
    if ('unknown' in expanded) return { fault: `the specifier ${expanded.unknown} has no value in a jail` };
    current.push(expanded.text);
  }
  if (current.length > 0) commands.push(splitPrefixes(current));
  if (commands.length === 0) return { fault: 'no command' };
  return { commands };
}

function splitPrefixes([first = '', ...rest]: readonly string[]): ExecCommand {
  const prefixes = /^[@\-:+!]*/.exec(first)?.[0] ?? '';
  const program = first.slice(prefixes.length);
  // with `@` the second word is argv[0], which a jail's command cannot set apart from the program
  return { prefixes, argv: [program, ...(prefixes.includes('@') ? rest.slice(1) : rest)] };
}

/**
 * Expands environment variables as systemd does, systemd.service(5): `${NAME}` within a word, `$NAME` as a word of its
 * own, which is split at blanks, and `$$` for a dollar sign. Unset variables are empty. The program's path is not
 * expanded, and nothing is with the prefix `:`.
 */
export function expandVariables(command: ExecCommand, environment: ReadonlyMap<string, string>): string[] {
  const [program = '', ...rest] = command.argv;
  if (command.prefixes.includes(':')) return [program, ...rest];
  const value = (name: string) => environment.get(name) ?? '';
  const words = rest.flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole !== undefined) return splitVariable(value(whole));
    return [
      word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (all, name: string) => (all === '$$' ? '$' : value(name))),
    ];
  });
  return [program, ...words];
}

/** The names of the variables that a command line takes up. */
export function variablesOf(command: ExecCommand): string[] {
  if (command.prefixes.includes(':')) return [];
  return command.argv.slice(1).flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole !== undefined) return [whole];
    return [...word.matchAll(/\$\$|\$\{([A-Za-z_]\w*)\}/g)].flatMap(([, name]) => name ?? []);
  });
}

function splitVariable(text: string): string[] {
  const { words, fault } = splitArgv([{ text: text.replaceAll('\n', ' '), line: 1, column: 1 }]);
  return fault === undefined
    ? words.map((word) => word.text)
    : text.split(/\s+/).filter((word) => word !== '');
}
