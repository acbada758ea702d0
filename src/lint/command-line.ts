/** The name of a command's program, without its folder. */
export function programName(command: readonly string[]): string {
  return command[0]?.slice(command[0].lastIndexOf('/') + 1) ?? '';
}

const interpreters = /^(?:python[\d.]*|node|nodejs|perl|ruby[\d.]*|php[\d.]*|sh|bash|dash|lua[\d.]*)$/;

/** The files that a command runs: its program, and the script that an interpreter is given. */
export function programAndScript(command: readonly string[]): string[] {
  const [program, ...args] = command;
  if (program === undefined) return [];
  const script = interpreters.test(programName(command))
    ? args.find((word) => !word.startsWith('-'))
    : undefined;
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

/** The option by which a command goes into the background, or undefined. */
export function daemonOption(command: readonly string[]): string | undefined {
  const args = command.slice(1);
  for (const [index, word] of args.entries()) {
    if (/^--(?:daemon|daemonize|daemonise|background|fork)(?:=(?:yes|true|on|1))?$/.test(word)) {
      const next = args[index + 1];
      if (next !== undefined && /^(?:no|off|false|0)$/.test(next)) continue;
      return next !== undefined && /^(?:yes|on|true|1)$/.test(next) ? `${word} ${next}` : word;
    }
    if (/^daemon on;?$/.test(word)) return word;
  }
  return undefined;
}

/** Ports that a command names in the ways that leave no doubt. */
export function portsOf(command: readonly string[]): number[] {
  const ports: number[] = [];
  for (const [index, word] of command.entries()) {
    const joined = /^--?(?:port|http-port|listen-port)=(\d{1,5})$/.exec(word)?.[1];
    const apart = /^--?(?:port|http-port|listen-port)$/.test(word) ? command[index + 1] : undefined;
    const text = joined ?? (apart !== undefined && /^\d{1,5}$/.test(apart) ? apart : undefined);
    // port 0 switches a listener off, or takes any
    if (text !== undefined && Number(text) > 0) ports.push(Number(text));
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

const statePlace = /^\/(?:var\/(?:lib|cache|log|tmp|spool)|run|tmp|srv)\/[^*?]+$/;

/** Paths in a command below the folders that are for data: what its program most likely writes to. */
export function dataPaths(command: readonly string[]): string[] {
  return command
    .slice(1)
    .map((word) => (word.startsWith('-') ? word.slice(word.indexOf('=') + 1) : word))
    .filter((word) => statePlace.test(word) && !word.includes('..'))
    .map((word) => word.replace(/\/+$/, ''));
}
