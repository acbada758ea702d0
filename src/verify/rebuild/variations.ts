import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type BuildVariation, plainVariation } from '../../build/jail/build-variation.ts';
import type { VariationName } from './variation-names.ts';

/** What this host offers for variations. */
export interface VariationHost {
  /** Of the variations that cannot be had here: why not. */
  unavailable: ReadonlyMap<VariationName, string>;
  /** libfaketime for the jail. */
  faketime?: string;
  /** A CPU that we may use. */
  cpu: number;
}

/** The device of FUSE; mounting in a user namespace needs Linux 4.18. */
export const fuseDevice = '/dev/fuse';

const faketimeFolder = '/usr/lib';
const years = '+1461d';

/** Looks what the host has. */
export async function findVariations(): Promise<VariationHost> {
  const unavailable = new Map<VariationName, string>();
  const faketime = await findFaketime();
  if (faketime === undefined) unavailable.set('clock', 'libfaketime is not installed on this host');
  const noFuse = await lacksFuse();
  if (noFuse !== undefined) unavailable.set('directory-order', noFuse);
  if (availableParallelism() < 2) unavailable.set('cpus', 'this host has one CPU only');
  return { unavailable, cpu: await firstCpu(), ...(faketime === undefined ? {} : { faketime }) };
}

/** The library for programs with threads, which every other program can use as well. */
async function findFaketime(): Promise<string | undefined> {
  const folders = await readdir(faketimeFolder, { withFileTypes: true }).catch(() => []);
  for (const folder of folders.filter((each) => each.isDirectory())) {
    const path = join(faketimeFolder, folder.name, 'faketime/libfaketimeMT.so.1');
    const isThere = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function lacksFuse(): Promise<string | undefined> {
  const may = (path: string, mode: number): Promise<boolean> =>
    access(path, mode).then(
      () => true,
      () => false,
    );
  if (!(await may('/usr/bin/disorderfs', constants.X_OK))) return 'disorderfs is not installed on this host';
  if (await may(fuseDevice, constants.R_OK | constants.W_OK)) return undefined;
  return `${fuseDevice} is not there, or this user may not open it`;
}

async function firstCpu(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

/**
 * The surroundings with some of them varied.
 *
 * @param names must be available on this host
 * @param folders for `file-system` and `directory-order`: see BuildVariation
 * @param frozenClock a date at which the clock is frozen, which the variation of the clock then does not touch
 */
export function vary(
  names: readonly VariationName[],
  host: VariationHost,
  { disk, fuse }: { disk?: string | undefined; fuse?: string | undefined },
  frozenClock?: string,
): BuildVariation {
  const has = (name: VariationName): boolean => names.includes(name) && !host.unavailable.has(name);
  const faketime = frozenClock ?? (has('clock') ? years : undefined);
  return {
    buildPath: has('build-path') ? '/srv/second/build/with-a-longer-path' : plainVariation.buildPath,
    uid: has('user') ? 2345 : plainVariation.uid,
    user: has('user') ? 'second' : plainVariation.user,
    hostname: has('hostname') ? 'second-host' : plainVariation.hostname,
    umask: has('umask') ? '0002' : plainVariation.umask,
    environment: {
      ...(has('home') ? { HOME: '/nonexistent/second-home' } : {}),
      ...(has('time-zone') ? { TZ: 'SECOND-14' } : {}),
      ...(has('locale') ? { LC_ALL: 'fr_CH.UTF-8', LANG: 'fr_CH.UTF-8', LANGUAGE: 'fr_CH:fr' } : {}),
      ...(has('environment') ? { PRODNG_VARIED: 'second', EDITOR: '/bin/ed', COLUMNS: '77' } : {}),
      ...(has('jobs') ? { DEB_BUILD_OPTIONS: 'parallel=3' } : {}),
    },
    wrapper: [
      ...(has('cpus') ? ['taskset', '--cpu-list', String(host.cpu)] : []),
      ...(has('kernel') ? ['setarch', '--uname-2.6'] : []),
    ],
    ...(faketime === undefined || host.faketime === undefined
      ? {}
      : { clock: { library: host.faketime, faketime } }),
    ...(has('directory-order') && fuse !== undefined ? { fuse } : {}),
    ...(has('file-system') && disk !== undefined ? { disk } : {}),
  };
}
