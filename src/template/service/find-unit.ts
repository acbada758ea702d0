import { ProdngError } from '../../error/prodng-error.ts';
import { unitNameParts } from '../../systemd-unit/specifiers.ts';
import { parseBoolean, readUnit, type Unit, type UnitText } from '../../systemd-unit/unit.ts';
import { parseUnitFile } from '../../systemd-unit/unit-file.ts';
import type { Closure, ClosurePackage } from './closure.ts';

/** The unit that a jail is made from. */
export interface FoundUnit {
  owner: ClosurePackage;
  service: Unit;
  /** The socket units that start it. */
  sockets: Unit[];
  /** Service units that the same package brings and that are not taken. */
  others: string[];
}

const folder = 'usr/lib/systemd/system/';

/**
 * The service unit of a package: of the package itself, else of another that is built from the same source, else, when
 * it only depends on others (a metapackage), of those.
 *
 * @param wanted the name of a unit, with or without `.service`
 * @returns undefined when none of them has a service unit
 * @throws ProdngError USAGE when the wanted unit is not there, or the package has several and none goes before the others
 */
export function findUnit(closure: Closure, name: string, wanted: string | undefined): FoundUnit | undefined {
  const units = packagesToSearch(closure, name).flatMap((owner) =>
    serviceNames(owner).map((unit) => ({ owner, unit })),
  );
  const names = units.map(({ unit }) => unit);
  if (wanted !== undefined) {
    const full = wanted.includes('.') ? wanted : `${wanted}.service`;
    const found = units.find(({ unit }) => unit === full || unit === templateOf(full));
    if (found !== undefined) return load(closure, found.owner, full, found.unit, names);
    throw new ProdngError('USAGE', `package ${name}: there is no unit ${full}`, {
      hint: names.length === 0 ? 'no package that it comes with has one' : `there are: ${names.join(', ')}`,
    });
  }
  const instances = units.filter(({ unit }) => !unit.includes('@'));
  const own = instances.filter(({ owner }) => owner === instances[0]?.owner);
  const services = own.filter(({ unit }) => !isOneShot(closure, unit));
  const candidates = services.length > 0 ? services : own;
  const best =
    candidates.find(({ unit }) => namesOf(name).includes(unit.replace(/\.service$/, ''))) ??
    (candidates.length === 1 ? candidates[0] : undefined);
  if (best !== undefined) return load(closure, best.owner, best.unit, best.unit, names);
  if (names.length === 0) return undefined;
  throw new ProdngError('USAGE', `package ${name} has several units: ${names.join(', ')}`, {
    hint: 'choose one with --set unit=NAME; an instance of a template unit as --set unit=NAME@INSTANCE',
  });
}

function packagesToSearch(closure: Closure, name: string): ClosurePackage[] {
  const own = closure.package(name);
  if (own === undefined) return [];
  const hasFiles = [...own.entries].some(
    ([path, { type }]) => type !== 'directory' && !path.startsWith('usr/share/'),
  );
  const related = closure.packages.filter(
    (item) => item !== own && (item.source === own.source || (!hasFiles && item.name.includes(stemOf(name)))),
  );
  return [own, ...related];
}

/** `redis-server` is also `redis`: how a unit of that package may be called. */
function namesOf(name: string): string[] {
  const bare = stemOf(name);
  return [name, bare, `${bare}d`, `${bare}-server`, `${name}d`];
}

function stemOf(name: string): string {
  return name
    .replace(/-(?:server|daemon|light|core|full|extras|common|base|service)$/, '')
    .replace(/[\d.]+$/, '');
}

function serviceNames(owner: ClosurePackage): string[] {
  return [...owner.entries]
    .filter(([path, { type }]) => type === 'file' && unitIn(path, '.service') !== undefined)
    .map(([path]) => path.slice(folder.length))
    .sort();
}

function unitIn(path: string, suffix: string): string | undefined {
  const name = path.startsWith(folder) ? path.slice(folder.length) : '';
  return name.endsWith(suffix) && !name.includes('/') ? name : undefined;
}

/** What runs once (a clean-up, a check, a wait) is not the service. */
function isOneShot(closure: Closure, unit: string): boolean {
  return parseUnitFile(unitText(closure, unit).bytes, unit).settings.some(
    ({ name, value }) =>
      (name === 'Type' && value === 'oneshot') ||
      (name === 'RemainAfterExit' && parseBoolean(value) === true),
  );
}

function templateOf(unit: string): string {
  const { prefix, instance } = unitNameParts(unit);
  return instance === '' ? unit : `${prefix}@.service`;
}

function load(
  closure: Closure,
  owner: ClosurePackage,
  name: string,
  file: string,
  names: readonly string[],
): FoundUnit {
  const { instance } = unitNameParts(name);
  if (file.includes('@') && instance === '')
    throw new ProdngError('USAGE', `${file} is a template unit: it makes a service only with an instance`, {
      hint: `--set unit=${file.replace('@.service', '@INSTANCE')}`,
    });
  const service = readUnit(name, unitText(closure, file), dropIns(closure, owner, file));
  const stem = name.replace(/\.service$/, '');
  const sockets = [...owner.entries.keys()]
    .flatMap((path) => unitIn(path, '.socket') ?? [])
    .filter((socket) => socket === `${stem}.socket` || startsService(closure, socket, name))
    .sort()
    .map((socket) => readUnit(socket, unitText(closure, socket), dropIns(closure, owner, socket)));
  return { owner, service, sockets, others: names.filter((other) => other !== file) };
}

function startsService(closure: Closure, socket: string, service: string): boolean {
  const { settings } = parseUnitFile(unitText(closure, socket).bytes, socket);
  return settings.some(
    ({ section, name, value }) => section === 'Socket' && name === 'Service' && value === service,
  );
}

function unitText(closure: Closure, unit: string): UnitText {
  return { path: unit, bytes: closure.file(`/${folder}${unit}`)?.read() ?? Buffer.of() };
}

function dropIns(closure: Closure, owner: ClosurePackage, unit: string): UnitText[] {
  const prefix = `${folder}${unit}.d/`;
  return [...owner.entries.keys()]
    .filter((path) => path.startsWith(prefix) && path.endsWith('.conf'))
    .map((path) => ({
      path: path.slice(folder.length),
      bytes: closure.file(`/${path}`)?.read() ?? Buffer.of(),
    }));
}
