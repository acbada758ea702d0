import { isWithin } from '../control/jail-path.ts';

/** The name of a command's program, without its folder. */
export function programName(command: readonly string[]): string {
  return command[0]?.slice(command[0].lastIndexOf('/') + 1) ?? '';
}

/** By their names without a version. */
const interpreters = new Set([
  'python',
  'node',
  'nodejs',
  'perl',
  'ruby',
  'php',
  'sh',
  'bash',
  'dash',
  'lua',
]);
const versioned = new Set(['python', 'ruby', 'php', 'lua']);

function isInterpreter(name: string): boolean {
  const bare = name.replace(/[\d.]+$/, '');
  return interpreters.has(bare) && (bare === name || versioned.has(bare));
}

/** The files that a command runs: its program, and the script that an interpreter is given. */
export function programAndScript(command: readonly string[]): string[] {
  const [program, ...args] = command;
  if (program === undefined) return [];
  const script = isInterpreter(programName(command)) ? args.find((word) => !word.startsWith('-')) : undefined;
  return [program, script].filter((path) => path?.startsWith('/') === true).map(String);
}

const switchers = new Set([
  'su',
  'sudo',
  'runuser',
  'gosu',
  'su-exec',
  'setpriv',
  'chpst',
  'setuidgid',
  'doas',
]);

/** The program by which a command changes its user, as written, or undefined. */
export function userSwitcher(command: readonly string[]): string | undefined {
  const name = programName(command);
  if (!switchers.has(name)) return undefined;
  const isPlain = name === 'setpriv' && !command.some((word) => /^--(?:reuid|ruid|euid|regid)/.test(word));
  return isPlain ? undefined : command[0];
}

const daemonOptions = new Set(['--daemon', '--daemonize', '--daemonise', '--background', '--fork']);
const affirmations = new Set(['yes', 'true', 'on', '1']);
const denials = new Set(['no', 'false', 'off', '0']);

/** The option by which a command goes into the background, or undefined. */
export function daemonOption(command: readonly string[]): string | undefined {
  const args = command.slice(1);
  for (const [index, word] of args.entries()) {
    const equals = word.indexOf('=');
    const isOption = daemonOptions.has(equals < 0 ? word : word.slice(0, equals));
    if (isOption && (equals < 0 || affirmations.has(word.slice(equals + 1)))) {
      const next = args[index + 1] ?? '';
      if (denials.has(next)) continue;
      return affirmations.has(next) ? `${word} ${next}` : word;
    }
    if (word === 'daemon on' || word === 'daemon on;') return word;
  }
  return undefined;
}

/** With one dash or two. */
const portOptions = new Set(['-port', '-http-port', '-listen-port']);

/** Ports that a command names in the ways that leave no doubt. */
export function portsOf(command: readonly string[]): number[] {
  const ports: number[] = [];
  for (const [index, word] of command.entries()) {
    const equals = word.indexOf('=');
    const option = equals < 0 ? word : word.slice(0, equals);
    if (!portOptions.has(option.replace('--', '-'))) continue;
    const text = equals < 0 ? (command[index + 1] ?? '') : word.slice(equals + 1);
    // port 0 switches a listener off, or takes any
    if (/^\d{1,5}$/.test(text) && Number(text) > 0) ports.push(Number(text));
  }
  return ports;
}

/** Variables that say where programs, libraries and modules are searched for. */
export const searchPathVariables: ReadonlySet<string> = new Set([
  'PATH',
  'LD_LIBRARY_PATH',
  'PYTHONPATH',
  'PERL5LIB',
  'NODE_PATH',
  'RUBYLIB',
]);

const statePlaces = ['var/lib', 'var/cache', 'var/log', 'var/tmp', 'var/spool', 'run', 'tmp', 'srv'];

/** Whether a path is one of the folders that are for data, or below one. */
export function isStatePlace(path: string): boolean {
  return statePlaces.some((place) => isWithin(path, `/${place}`));
}

/** Paths in a command below the folders that are for data: what its program most likely writes to. */
export function dataPaths(command: readonly string[]): string[] {
  return command
    .slice(1)
    .map((word) => (word.startsWith('-') ? word.slice(word.indexOf('=') + 1) : word))
    .filter((word) => isStatePlace(word) && !/[*?]|\.\./.test(word))
    .map((word) => word.replace(/\/+$/, ''))
    .filter((path) => !statePlaces.includes(path.slice(1)));
}
