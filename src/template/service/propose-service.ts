import { formatArgv, splitArgv } from '../../control/argv.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { parseBoolean, settingOf, type Unit } from '../../systemd-unit/unit.ts';
import type { RenderedFile } from '../rendered-files.ts';
import type { Values } from '../variables.ts';
import { type Closure, type ClosureOptions, type ClosurePackage, fetchClosure } from './closure.ts';
import { configurationFiles, pathsIn } from './configuration.ts';
import { carriedDirectives, givenDirectives, silentDirectives, whyNotCarried } from './directives.ts';
import { type FoundUnit, findUnit } from './find-unit.ts';
import { scriptNeeds } from './interpreters.ts';
import { knownService } from './known-services.ts';
import { ownConfiguration } from './own-configuration.ts';
import { packageUser } from './package-user.ts';
import { Proposal } from './proposal.ts';
import { proposeCommand } from './propose-command.ts';
import { proposeLimits, usualLimits } from './propose-limits.ts';
import { type MountWishes, proposeMounts } from './propose-mounts.ts';
import { proposeNetwork } from './propose-network.ts';

/** What a template is filled with, besides its variables. */
export interface ServiceProposal {
  /** `fields`: the XB-Jail lines; `depends`: packages besides the service's own; `port`: the first TCP port or empty. */
  values: Values;
  /** Files of the source that are in no template. */
  files: RenderedFile[];
}

/** What was said with --set; an empty or absent value was not said, except for mounts. */
type Given = Readonly<Partial<Values>>;

const defaultUser = 'jail';
const stateSize = '256M';

/**
 * Proposes the declarations of a jail around a Debian package from the systemd unit that the package brings; what was
 * given goes before it. `unit=none` asks no archive and takes what was given alone.
 *
 * @param values of the template, with `name` and `package`
 * @param given what the user said, by variable: command, user, port, volume, size, tmp, memory, unit
 * @throws ProdngError USAGE when there is no unit and no command, or the unit cannot be chosen; what fetching throws
 */
export async function proposeService(
  values: Readonly<Values>,
  given: Given,
  options: ClosureOptions,
): Promise<ServiceProposal> {
  const name = values.package ?? '';
  if (given.unit === 'none') return fromGiven(given, name);
  const closure = await fetchPackage(name, options);
  const found = findUnit(closure, name, given.unit === '' ? undefined : given.unit);
  if (found === undefined) return fromGiven(given, name);
  return await fromUnit(found, closure, { name: values.name ?? '', package: name }, given);
}

async function fetchPackage(name: string, options: ClosureOptions): Promise<Closure> {
  try {
    return await fetchClosure(name, options);
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    const { code, diagnostics, hint } = error;
    const message = `the systemd unit of package ${name} cannot be read: ${error.message}`;
    const unread = 'to declare all of it yourself: --set unit=none --set command=...';
    throw new ProdngError(code, message, {
      cause: error,
      diagnostics: [...diagnostics],
      hint: hint === undefined ? unread : `${hint}; ${unread}`,
    });
  }
}

/** A jail around a program that no unit starts. */
function fromGiven(given: Given, name: string): ServiceProposal {
  const { command = '', user = '', memory = '', port = '' } = given;
  if (command === '')
    throw new ProdngError('USAGE', `package ${name}: no systemd unit was read that says what to start`, {
      hint: 'name the program: --set command="/usr/bin/PROGRAM ARGUMENT..."',
    });
  const proposal = new Proposal();
  proposal.set('Format', '1');
  proposal.set('Command', command);
  proposal.set('User', user === '' ? defaultUser : user);
  const { volume = '', tmp = '', size = stateSize } = given;
  const mounts = [
    ...(volume === '' ? [] : [`rw ${volume} size=${size}`]),
    ...(tmp === '' ? [] : [`tmp ${tmp}`]),
  ];
  proposal.set('Filesystem', ...mounts);
  proposal.set('Memory', memory === '' ? usualLimits.memory : memory);
  proposal.set('Cpu', usualLimits.cpu);
  proposal.set('Pids', String(usualLimits.pids));
  if (port !== '') {
    proposal.set('Network', 'loopback');
    proposal.set('Listen', `${port}/tcp`);
    proposal.set('Health', `tcp://:${port} interval=10s timeout=2s`);
  }
  return { values: { fields: proposal.text(), depends: '', port }, files: [] };
}

async function fromUnit(
  { owner, service, sockets, others }: FoundUnit,
  read: Closure,
  names: { name: string; package: string },
  given: Given,
): Promise<ServiceProposal> {
  const proposal = new Proposal();
  proposal.note(
    'rest',
    `Proposed from ${service.name} of ${owner.name} ${owner.version}. Comments name what of it a jail cannot say.`,
  );
  if (others.length > 0) proposal.note('rest', `Other units there: ${others.join(', ')} (--set unit=NAME).`);
  for (const { file, line, message } of service.faults)
    proposal.note('rest', `${file}:${line}: not read: ${message}`);
  noteRest(service, proposal);
  proposal.set('Format', '1');

  const user = given.user || (await userOf(service, owner, read, proposal));
  proposal.set('User', user);
  const facts = { unit: service.name, user, host: names.name };
  const started = given.command
    ? { argv: wordsOf(given.command), environment: new Map<string, string>() }
    : proposeCommand(service, facts, read, proposal);
  if (started === undefined)
    throw new ProdngError(
      'USAGE',
      `${service.name} of package ${owner.name} names no command that can be read`,
      {
        hint: 'name the program: --set command="/usr/bin/PROGRAM ARGUMENT..."',
      },
    );
  const { argv } = started;
  const { closure, depends } = await withPrograms(service, argv, read, proposal);
  const own = ownConfiguration(argv, closure, names.name, user, proposal);
  proposal.set('Command', given.command || formatArgv(own.argv));
  proposeMounts(service, facts, started, closure, owner, wishesOf(given), proposal);
  const port = given.port ? { port: Number(given.port), protocol: 'tcp' as const } : undefined;
  const ports = proposeNetwork(service, sockets, argv, closure, port, proposal);
  proposeLimits(service, given.memory || undefined, proposal);
  const { scripts } = knownService(service.name);
  if (scripts !== undefined) {
    proposal.note('Compose', `The maintainer scripts of its packages run at build time: ${scripts}.`);
    proposal.set('Compose', 'install');
  }
  const links = (knownService(service.name).links ?? []).filter(
    ([target]) => closure.file(target) !== undefined,
  );
  return {
    values: {
      fields: proposal.text(),
      depends: depends.map((item) => `, ${item}`).join(''),
      port: String(ports.find(({ protocol }) => protocol === 'tcp')?.port ?? ''),
    },
    files: [...(given.command ? [] : own.files), ...linkFile(links)],
  };
}

function wordsOf(command: string): string[] {
  return splitArgv([{ text: command, line: 1, column: 1 }]).words.map(({ text }) => text);
}

function wishesOf({ volume, size, tmp }: Given): MountWishes {
  return {
    size: size || stateSize,
    ...(volume === undefined ? {} : { volume }),
    ...(tmp === undefined ? {} : { tmp }),
  };
}

function linkFile(links: readonly (readonly [string, string])[]): RenderedFile[] {
  if (links.length === 0) return [];
  const content = `${links.map(([target, path]) => `${target} ${path}`).join('\n')}\n`;
  return [{ path: 'debian/links', content, executable: false }];
}

async function userOf(
  unit: Unit,
  owner: ClosurePackage,
  closure: Closure,
  proposal: Proposal,
): Promise<string> {
  const declared = settingOf(unit, 'Service', 'User')?.value;
  const group = settingOf(unit, 'Service', 'Group')?.value;
  if (declared !== undefined && declared !== 'root') {
    if (group !== undefined && group !== declared)
      proposal.note('User', `Group=${group}: the jail's user has a group of its own name.`);
    if (/^[a-z_][a-z0-9_-]{0,31}$/.test(declared)) return declared;
    proposal.note('User', `User=${declared}: not a name that a jail's user can have.`);
    return defaultUser;
  }
  if (parseBoolean(settingOf(unit, 'Service', 'DynamicUser')?.value ?? 'no') === true) return defaultUser;
  const own = knownService(unit.name).user ?? (await packageUser(closure, owner));
  proposal.note(
    'User',
    own === undefined
      ? 'The unit starts it as root. Here it starts as a user without rights: what it does as root fails.'
      : `The unit starts it as root, which then becomes another user; here it starts as ${own}, which it would become.`,
  );
  return own ?? defaultUser;
}

/** The closure with the interpreters and commands of what is started, and of the scripts that its configuration names. */
async function withPrograms(
  unit: Unit,
  argv: readonly string[],
  closure: Closure,
  proposal: Proposal,
): Promise<{ closure: Closure; depends: string[] }> {
  const [program = ''] = argv;
  if (closure.file(program) === undefined)
    proposal.note('Command', `${program}: no package of the jail has this program.`);
  const configured = configurationFiles(argv, closure).flatMap((file) =>
    pathsIn(file.read().toString('utf8')),
  );
  const added = new Set<string>();
  for (const path of [program, ...configured]) {
    const file = closure.file(path);
    const needs = file === undefined || (file.mode & 0o100) === 0 ? undefined : scriptNeeds(file, closure);
    if (needs === undefined) continue;
    const { interpreter, packages } = needs;
    const what = packages.length === 0 ? '' : ` ${packages.join(', ')} is in Depends for it.`;
    proposal.note('Command', `${path} is a script for ${interpreter}.${what}`);
    for (const item of packages) added.add(item);
  }
  for (const item of knownService(unit.name).depends ?? [])
    if (closure.package(item) === undefined) added.add(item);
  const depends = [...added];
  return { closure: depends.length === 0 ? closure : await closure.with(depends), depends };
}

function noteRest(unit: Unit, proposal: Proposal): void {
  const given: string[] = [];
  for (const { section, name, value } of unit.settings) {
    if (section === 'Unit' && ['Requires', 'BindsTo', 'Requisite'].includes(name)) {
      const services = value.split(/\s+/).filter((other) => /\.(?:service|socket)$/.test(other));
      if (services.length > 0)
        proposal.note('rest', `${name}=${services.join(' ')}: a jail starts no other unit.`);
    }
    if (section !== 'Service' || value === '' || carriedDirectives.has(name) || silentDirectives.has(name))
      continue;
    if (givenDirectives.has(name)) given.push(name);
    else proposal.note('rest', `${name}=${value}: ${whyNotCarried(name)}.`);
  }
  if (given.length > 0)
    proposal.note('rest', `Every jail has without saying so: ${[...new Set(given)].join(', ')}.`);
}
