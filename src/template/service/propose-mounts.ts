import { splitArgv } from '../../control/argv.ts';
import { parseExecLine } from '../../systemd-unit/exec-line.ts';
import { expandSpecifiers, type SpecifierFacts } from '../../systemd-unit/specifiers.ts';
import { parseBoolean, settingOf, settingsOf, type Unit } from '../../systemd-unit/unit.ts';
import type { Closure, ClosurePackage } from './closure.ts';
import { configurationFiles, pathsIn } from './configuration.ts';
import { knownService } from './known-services.ts';
import type { Proposal } from './proposal.ts';

/** What the user said about writable places, which goes before the unit. */
export interface MountWishes {
  /** Instead of all volumes; empty for none. */
  volume?: string;
  /** Of each volume under /var/lib and of a given one. */
  size: string;
  /** Instead of all tmpfs; empty for none. */
  tmp?: string;
}

interface Place {
  kind: 'rw' | 'tmp';
  path: string;
}

const otherVolumeSize = '64M';
const tmpSize = '16M';

const directories: readonly (readonly [directive: string, base: string])[] = [
  ['StateDirectory', '/var/lib'],
  ['CacheDirectory', '/var/cache'],
  ['LogsDirectory', '/var/log'],
  ['RuntimeDirectory', '/run'],
];

/** Jail-Filesystem from the folders that unit and packages name. */
export function proposeMounts(
  unit: Unit,
  facts: SpecifierFacts,
  started: { argv: readonly string[]; environment: ReadonlyMap<string, string> },
  closure: Closure,
  owner: ClosurePackage,
  wishes: MountWishes,
  proposal: Proposal,
): void {
  const found = [
    ...unitPlaces(unit, facts, proposal),
    ...madeBefore(unit, facts),
    ...(knownService(unit.name).tmp ?? []).map((path): Place => ({ kind: 'tmp', path })),
    ...configurationFiles(started.argv, closure)
      .flatMap((file) => pathsIn(file.read().toString('utf8')))
      .flatMap(dataFolder),
    ...[...started.argv.slice(1), ...started.environment.values()].flatMap(pathsIn).flatMap(dataFolder),
    ...tmpfilesPlaces(closure, owner),
    ...packagePlaces(closure, owner, proposal).filter(
      // what the scripts write there at build time would be hidden
      ({ path }) => knownService(unit.name).scripts === undefined || !path.startsWith('/var/lib/'),
    ),
  ];
  const volumes =
    wishes.volume === undefined ? found.filter(({ kind }) => kind === 'rw') : wished('rw', wishes.volume);
  const tmpfs =
    wishes.tmp === undefined ? found.filter(({ kind }) => kind === 'tmp') : wished('tmp', wishes.tmp);
  const places = withoutOverlaps([...volumes, ...tmpfs]);
  const fixed = wishes.volume;
  proposal.set(
    'Filesystem',
    ...places.map(({ kind, path }) => {
      if (kind === 'tmp') return path === wishes.tmp ? `tmp ${path}` : `tmp ${path} size=${tmpSize}`;
      const isState = path === fixed || /^\/var\/(?:lib|spool)\//.test(path);
      return `rw ${path} size=${isState ? wishes.size : otherVolumeSize}`;
    }),
  );
}

function wished(kind: Place['kind'], path: string): Place[] {
  return path === '' ? [] : [{ kind, path }];
}

function unitPlaces(unit: Unit, facts: SpecifierFacts, proposal: Proposal): Place[] {
  const places: Place[] = [];
  const add = (path: string, directive: string) => {
    const place = placeOf(path);
    if (place === undefined)
      proposal.note(
        'Filesystem',
        `${directive}: ${path} cannot be writable in a jail: only folders of data of its own can.`,
      );
    else places.push(place);
  };
  for (const [directive, base] of directories)
    for (const item of listOf(unit, directive, facts, proposal)) {
      const [name = '', link] = item.split(':');
      add(`${base}/${name}`, directive);
      if (link !== undefined)
        proposal.note('Filesystem', `${directive}: the link ${base}/${link} is not made.`);
    }
  for (const name of listOf(unit, 'ConfigurationDirectory', facts, proposal))
    proposal.note(
      'Filesystem',
      `ConfigurationDirectory: /etc/${name} is read-only: put its files into this source.`,
    );
  for (const directive of ['ReadWritePaths', 'ReadWriteDirectories'])
    for (const item of listOf(unit, directive, facts, proposal)) {
      const path = item.replace(/^[-+]+/, '');
      if (normal(path) === '/run') places.push({ kind: 'tmp', path: '/run' });
      else add(path, directive);
    }
  for (const item of listOf(unit, 'TemporaryFileSystem', facts, proposal)) {
    const [path = ''] = item.split(':');
    if (placeOf(path) === undefined)
      proposal.note('Filesystem', `TemporaryFileSystem: ${item}: not a place of data.`);
    else places.push({ kind: 'tmp', path: normal(path) ?? path });
  }
  if (parseBoolean(settingOf(unit, 'Service', 'PrivateTmp')?.value ?? 'no') === true)
    places.push({ kind: 'tmp', path: '/tmp' });
  const pidFile = settingOf(unit, 'Service', 'PIDFile')?.value;
  if (pidFile !== undefined) {
    const expanded = expandSpecifiers(pidFile, facts);
    const path =
      'text' in expanded
        ? normal(expanded.text.startsWith('/') ? expanded.text : `/run/${expanded.text}`)
        : undefined;
    const folder = path?.slice(0, path.lastIndexOf('/'));
    if (folder !== undefined && placeOf(folder, true) !== undefined)
      places.push({ kind: 'tmp', path: folder });
  }
  return places;
}

function listOf(unit: Unit, directive: string, facts: SpecifierFacts, proposal: Proposal): string[] {
  return settingsOf(unit, 'Service', directive).flatMap(({ value }) => {
    const { words, fault } = splitArgv([{ text: value, line: 1, column: 1 }]);
    if (fault !== undefined) proposal.note('Filesystem', `${directive}: ${fault.message}: ${value}`);
    return words.flatMap(({ text }) => {
      const expanded = expandSpecifiers(text, facts);
      if ('text' in expanded) return expanded.text;
      proposal.note(
        'Filesystem',
        `${directive}: the specifier ${expanded.unknown} has no value in a jail: ${text}`,
      );
      return [];
    });
  });
}

/** Folders that the unit has made before its start. */
function madeBefore(unit: Unit, facts: SpecifierFacts): Place[] {
  return settingsOf(unit, 'Service', 'ExecStartPre').flatMap(({ value }) => {
    const parsed = parseExecLine(value, facts);
    if ('fault' in parsed) return [];
    return parsed.commands.flatMap(({ argv: [program = '', ...rest] }) => {
      const makes = program.endsWith('/mkdir') || (program.endsWith('/install') && rest.includes('-d'));
      return makes ? rest.flatMap((word) => placeOf(word) ?? []) : [];
    });
  });
}

/** The service's own folder of data in which a file that its configuration names would lie. */
function dataFolder(path: string): Place[] {
  if (/^(?:\/var)?\/run\/[^/]+\.(?:pid|sock|socket|ctl|lock)$/.test(path))
    return [{ kind: 'tmp', path: '/run' }];
  const folder = /^(?:\/var\/run|\/run|\/var\/(?:lib|cache|log|spool))\/[^/]+(?=\/|$)/.exec(path)?.[0];
  return folder === undefined ? [] : [placeOf(folder) ?? []].flat();
}

/** Folders that tmpfiles.d(5) would make at boot. */
function tmpfilesPlaces(closure: Closure, owner: ClosurePackage): Place[] {
  const places: Place[] = [];
  for (const path of owner.entries.keys()) {
    if (!/^usr\/lib\/tmpfiles\.d\/[^/]+\.conf$/.test(path)) continue;
    const text = closure.file(`/${path}`)?.read().toString('utf8') ?? '';
    for (const [, folder = ''] of text.matchAll(/^[dD][!+=~^-]*\s+"?(\/[^\s"%]+)/gm)) {
      const place = placeOf(folder);
      if (place !== undefined) places.push(place);
    }
  }
  return places;
}

/**
 * The folders of data that the service's own packages bring: what lies there is the service's, and the package cannot
 * write it itself. One that has files in it would be hidden by a volume.
 */
function packagePlaces(closure: Closure, owner: ClosurePackage, proposal: Proposal): Place[] {
  const places: Place[] = [];
  for (const item of closure.packages) {
    if (item.source !== owner.source) continue;
    for (const [path, { type }] of item.entries) {
      if (type !== 'directory' || !/^var\/(?:lib|cache|log|spool)\/[^/]+$/.test(path)) continue;
      const place = placeOf(`/${path}`);
      if (place === undefined) continue;
      const filled = [...item.entries].some(
        ([inner, { type: kind }]) => kind !== 'directory' && inner.startsWith(`${path}/`),
      );
      if (filled)
        proposal.note(
          'Filesystem',
          `/${path} is not declared: ${item.name} has files in it, which a volume would hide.`,
        );
      else {
        places.push(place);
        const folders = [...item.entries].filter(
          ([inner, { type: kind }]) => kind === 'directory' && inner.startsWith(`${path}/`),
        );
        for (const [inner] of folders)
          proposal.note(
            'Filesystem',
            `/${inner}, a folder of ${item.name}, is not in a new volume: the service must make it.`,
          );
      }
    }
  }
  return places;
}

/** Where a path can be writable: persistent under /var, empty at each start under /run and /tmp. */
function placeOf(path: string, runItself = false): Place | undefined {
  const plain = normal(path);
  if (plain === undefined) return undefined;
  if (/^\/(?:run|tmp|var\/tmp|dev\/shm)\/./.test(plain) || /^\/(?:tmp|var\/tmp)$/.test(plain))
    return { kind: 'tmp', path: plain };
  if (plain === '/run') return runItself ? { kind: 'tmp', path: plain } : undefined;
  if (
    /^\/(?:var|srv|home|opt|data)\/./.test(plain) &&
    !/^\/var\/(?:lib|cache|log|spool|run|lock)$/.test(plain)
  )
    return { kind: 'rw', path: plain };
  return undefined;
}

/** Absolute, without `//`, `.`, a `/` at its end; undefined for what Jail-Filesystem does not allow. */
function normal(path: string): string | undefined {
  const plain = `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`
    .replace(/^\/var\/run(?=\/|$)/, '/run')
    .replace(/^\/var\/lock(?=\/|$)/, '/run/lock');
  return path.startsWith('/') && /^\/[\w.+@:/-]*$/.test(plain) && !/\/\.\.(?:\/|$)/.test(plain)
    ? plain
    : undefined;
}

/** Each once, none within another: the outer one has them all. */
function withoutOverlaps(places: readonly Place[]): Place[] {
  const byPath = new Map<string, Place>();
  for (const place of places) if (!byPath.has(place.path)) byPath.set(place.path, place);
  const kept = [...byPath.values()].filter(
    ({ path }) => ![...byPath.keys()].some((other) => other !== path && path.startsWith(`${other}/`)),
  );
  return kept.sort((a, b) => (a.kind === b.kind ? (a.path < b.path ? -1 : 1) : a.kind === 'rw' ? -1 : 1));
}
