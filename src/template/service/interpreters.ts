import { ownValue } from '../../system/own-value.ts';
import type { Closure, ClosureFile } from './closure.ts';

/** A program of a jail that is a script, and what it needs besides itself. */
export interface ScriptNeeds {
  /** The first line's interpreter, by path. */
  interpreter: string;
  /** Packages that bring it and the commands that the script evidently runs. */
  packages: string[];
}

/** Where the interpreters of Debian's scripts come from. */
const interpreterPackages: Readonly<Record<string, string>> = {
  sh: 'dash',
  dash: 'dash',
  bash: 'bash',
  perl: 'perl',
  python3: 'python3-minimal',
  ruby: 'ruby',
};

/** Commands of shell scripts, by the package that has them: those that scripts of services run. */
const commandPackages: readonly (readonly [string, string])[] = [
  [
    'coreutils',
    'basename cat chmod chown cp cut date dirname env expr head id install ln ls mkdir mktemp mv readlink realpath rm rmdir sleep sort stat tail tee test touch tr true uname uniq wc',
  ],
  ['grep', 'grep egrep fgrep'],
  ['sed', 'sed'],
  ['mawk', 'awk mawk'],
  ['findutils', 'find xargs'],
  ['hostname', 'hostname'],
  ['procps', 'ps pgrep pkill sysctl'],
  ['util-linux', 'flock setpriv logger getopt'],
  ['gzip', 'gzip zcat'],
  ['debianutils', 'run-parts'],
  ['dpkg', 'start-stop-daemon dpkg-architecture'],
];

/**
 * What a script needs, or undefined when the file is none. Commands of shell scripts are found by their names at the
 * places of commands: a conservative guess.
 */
export function scriptNeeds(file: ClosureFile, closure: Closure): ScriptNeeds | undefined {
  const bytes = file.read();
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const text = bytes.toString('utf8');
  const [first = '', second = ''] = text.slice(2, text.indexOf('\n')).trim().split(/\s+/);
  const interpreter = first.endsWith('/env') ? second : first;
  const name = interpreter
    .slice(interpreter.lastIndexOf('/') + 1)
    .replace(/^(python3|perl|ruby)[\d.]*$/, '$1');
  const needed = new Set<string>();
  if (first.endsWith('/env')) needed.add('coreutils');
  const own = name === 'perl' ? perlPackage(text, closure) : ownValue(interpreterPackages, name);
  if (own !== undefined) needed.add(own);
  if (['sh', 'dash', 'bash'].includes(name)) for (const item of commandsOf(text)) needed.add(item);
  const missing = [...needed].filter((item) => closure.package(item) === undefined);
  return { interpreter, packages: missing };
}

function commandsOf(script: string): string[] {
  const code = script.replace(/\\\n/g, ' ').replace(/(^|\s)#.*$/gm, '$1');
  const found = new Set<string>();
  for (const [, word = ''] of code.matchAll(
    /(?:^|[;&|(`!{]|\$\(|\b(?:if|then|else|elif|do|while|exec|until)\s)[ \t]*(?:[A-Za-z_]\w*=\S*[ \t]+)*([\w./-]+)/gm,
  ))
    found.add(word.slice(word.lastIndexOf('/') + 1));
  return commandPackages
    .filter(([, commands]) => commands.split(' ').some((name) => found.has(name)))
    .map(([name]) => name);
}

/** perl-base has a tenth of perl's size, and the modules that most small scripts use. */
function perlPackage(script: string, closure: Closure): string {
  const base = closure.package('perl-base');
  const basic = new Set([
    'strict',
    'warnings',
    'POSIX',
    'IO::File',
    'File::Basename',
    'Getopt::Long',
    'Socket',
    'Cwd',
    'constant',
    'lib',
    'vars',
    'utf8',
    'Fcntl',
    'IO::Handle',
    'File::Spec',
    'Carp',
    'Exporter',
    'File::Temp',
    'File::Path',
    'IPC::Open3',
    'Errno',
    'feature',
    'overload',
    'integer',
    'locale',
  ]);
  const used = [...script.matchAll(/^\s*(?:use|require)\s+([A-Za-z_][\w:]*)/gm)].flatMap(
    ([, name]) => name ?? [],
  );
  const isThere = (name: string) =>
    basic.has(name) ||
    [...(base?.entries.keys() ?? [])].some((path) => path.endsWith(`/${name.replaceAll('::', '/')}.pm`));
  return used.every((name) => /^v?\d/.test(name) || isThere(name)) ? 'perl-base' : 'perl';
}
