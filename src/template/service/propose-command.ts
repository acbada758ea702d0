import { formatArgv, splitArgv } from '../../control/argv.ts';
import { parseEnvironmentFile } from '../../systemd-unit/environment-file.ts';
import {
  type ExecCommand,
  expandVariables,
  parseExecLine,
  variablesOf,
} from '../../systemd-unit/exec-line.ts';
import { expandSpecifiers, type SpecifierFacts } from '../../systemd-unit/specifiers.ts';
import { settingOf, settingsOf, type Unit } from '../../systemd-unit/unit.ts';
import type { Closure } from './closure.ts';
import { knownService } from './known-services.ts';
import type { Proposal } from './proposal.ts';

/** Jail-Command and Jail-Environment from ExecStart, Type, Environment and EnvironmentFile. */
export function proposeCommand(
  unit: Unit,
  facts: SpecifierFacts,
  closure: Closure,
  proposal: Proposal,
): { argv: string[]; environment: ReadonlyMap<string, string> } | undefined {
  const environment = readEnvironment(unit, facts, closure, proposal);
  const command = mainCommand(unit, facts, proposal);
  const known = knownService(unit.name);
  const argv = chooseArgv(command, known, environment, proposal);
  noteType(
    unit,
    [known.command, known.arguments, known.additional].some((one) => one !== undefined),
    argv,
    proposal,
  );
  noteOtherCommands(unit, proposal);
  const used = new Set(command === undefined ? [] : variablesOf(command));
  proposeEnvironment(environment, used, proposal);
  const workdir = settingOf(unit, 'Service', 'WorkingDirectory')?.value;
  if (workdir !== undefined) proposeWorkdir(workdir, facts, proposal);
  return argv === undefined ? undefined : { argv, environment };
}

function chooseArgv(
  command: ExecCommand | undefined,
  known: ReturnType<typeof knownService>,
  environment: ReadonlyMap<string, string>,
  proposal: Proposal,
): string[] | undefined {
  if (known.command !== undefined) {
    proposal.note('Command', `${known.why ?? 'in place of what the unit starts'}.`);
    return [...known.command];
  }
  if (command === undefined) return undefined;
  for (const name of variablesOf(command))
    if (!environment.has(name))
      proposal.note(
        'Command',
        `ExecStart: $${name} is set in no file of the packages; it is left out, as when empty.`,
      );
  const argv = expandVariables(command, environment);
  if (command.prefixes.includes('@'))
    proposal.note('Command', 'ExecStart=@: the program gets its own path as its name, argv[0].');
  if (/[+!]/.test(command.prefixes))
    proposal.note(
      'Command',
      `ExecStart=${command.prefixes}: it would start with full privileges; in a jail with those declared.`,
    );
  if (known.additional !== undefined) {
    proposal.note('Command', `${known.why ?? 'it stays in the foreground with what is added'}.`);
    return [argv[0] ?? '', ...known.additional, ...argv.slice(1)];
  }
  if (known.arguments === undefined) return argv;
  proposal.note(
    'Command',
    `${known.why ?? 'it stays in the foreground with these arguments'}; the unit has: ${formatArgv(argv)}`,
  );
  return [argv[0] ?? '', ...known.arguments];
}

function mainCommand(unit: Unit, facts: SpecifierFacts, proposal: Proposal): ExecCommand | undefined {
  const commands: ExecCommand[] = [];
  for (const { value, line } of settingsOf(unit, 'Service', 'ExecStart')) {
    const parsed = parseExecLine(value, facts);
    if ('fault' in parsed) proposal.note('Command', `ExecStart, line ${line}: ${parsed.fault}: ${value}`);
    else commands.push(...parsed.commands);
  }
  for (const { argv } of commands.slice(1))
    proposal.note('Command', `ExecStart: a jail has one command; not carried over: ${formatArgv(argv)}`);
  return commands[0];
}

function noteType(
  unit: Unit,
  foreground: boolean,
  argv: readonly string[] | undefined,
  proposal: Proposal,
): void {
  const type = settingOf(unit, 'Service', 'Type')?.value ?? 'simple';
  if (type === 'forking' && !foreground)
    proposal.note(
      'Command',
      'Type=forking: the program goes into the background, and the jail ends with it: add the option that keeps it in the foreground.',
    );
  if (['notify', 'notify-reload', 'dbus'].includes(type)) {
    const supervised =
      argv?.includes('--supervised') === true ? ', so that "--supervised systemd" only warns' : '';
    proposal.note(
      'Command',
      `Type=${type}: its readiness notification is ignored${supervised}; see Jail-Health.`,
    );
  }
  if (type === 'oneshot') proposal.set('Restart', 'no');
}

function noteOtherCommands(unit: Unit, proposal: Proposal): void {
  const why: Readonly<Record<string, string>> = {
    ExecCondition: 'not checked before the start',
    ExecStartPre: 'not run before the start',
    ExecStartPost: 'not run after the start',
    ExecReload: 'not run: a jail is not reloaded but restarted',
    ExecStop: 'not run: a jail is stopped by a signal, see Jail-Stop',
    ExecStopPost: 'not run after the stop',
  };
  for (const [name, reason] of Object.entries(why))
    for (const { value } of settingsOf(unit, 'Service', name)) {
      // making the folders of the service is what Jail-Filesystem does
      if (name === 'ExecStartPre' && /^[-+!@:]*(?:\/usr)?\/bin\/(?:mkdir|chown|chmod|install)\s/.test(value))
        continue;
      proposal.note('Command', `${name}: ${reason}: ${value}`);
    }
}

function readEnvironment(
  unit: Unit,
  facts: SpecifierFacts,
  closure: Closure,
  proposal: Proposal,
): Map<string, string> {
  const environment = new Map(Object.entries(knownService(unit.name).environment ?? {}));
  for (const { value } of settingsOf(unit, 'Service', 'Environment')) {
    const { words, fault } = splitArgv([{ text: value, line: 1, column: 1 }]);
    if (fault !== undefined) proposal.note('Environment', `Environment: ${fault.message}: ${value}`);
    for (const { text } of words) {
      const expanded = expandSpecifiers(text, facts);
      if ('unknown' in expanded) {
        proposal.note(
          'Environment',
          `Environment: the specifier ${expanded.unknown} has no value in a jail: ${text}`,
        );
        continue;
      }
      const [, name, assigned] = /^([A-Za-z_]\w*)=(.*)$/s.exec(expanded.text) ?? [];
      if (name === undefined || assigned === undefined)
        proposal.note('Environment', `Environment: not NAME=VALUE: ${text}`);
      else environment.set(name, assigned);
    }
  }
  for (const { value } of settingsOf(unit, 'Service', 'EnvironmentFile')) {
    const path = expandSpecifiers(value.replace(/^-/, ''), facts);
    const file = 'text' in path ? closure.file(path.text) : undefined;
    if (file === undefined) {
      if (!value.startsWith('-') || value.includes('/etc/default/'))
        proposal.note('Environment', `EnvironmentFile=${value}: no package brings this file.`);
      continue;
    }
    for (const [name, assigned] of parseEnvironmentFile(file.read())) environment.set(name, assigned);
  }
  return environment;
}

function proposeEnvironment(
  environment: ReadonlyMap<string, string>,
  used: ReadonlySet<string>,
  proposal: Proposal,
): void {
  const lines: string[] = [];
  for (const [name, value] of environment) {
    // already in the command line
    if (used.has(name)) continue;
    if (value === '') continue;
    if (/[\p{Cc}\u2028\u2029\u0085\ufffd]|^\s|\s$/u.test(value))
      proposal.note('Environment', `Environment: the value of ${name} cannot be written in a control file.`);
    else lines.push(`${name}=${value}`);
  }
  proposal.set('Environment', ...lines);
}

function proposeWorkdir(value: string, facts: SpecifierFacts, proposal: Proposal): void {
  const expanded = expandSpecifiers(value.replace(/^-/, ''), facts);
  const path = 'text' in expanded ? expanded.text.replace(/\/+/g, '/').replace(/(.)\/$/, '$1') : '';
  if (/^\/[\w.+@:/-]*$/.test(path) && !/\/\.\.?(?:\/|$)/.test(path)) proposal.set('Workdir', path);
  else proposal.note('Workdir', `WorkingDirectory=${value}: not a path that can be declared.`);
}
