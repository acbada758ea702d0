import { readFile } from 'node:fs/promises';
import type { Lock } from '../lock/lock.ts';
import type { Archive } from '../store/archive.ts';
import { type ArchiveState, updateArchives } from '../store/archive-state.ts';
import type { Paths } from '../system/paths.ts';
import type { Progress } from '../system/progress.ts';
import { type NewerPackage, newerThanLocked, type OfferedPackage } from './newer-packages.ts';
import type { Subject } from './subject.ts';

export interface FindNewerOptions {
  archives: readonly Archive[];
  paths: Paths;
  progress?: Progress;
}

/**
 * Makes a lookup of newer packages in the archives as they are now, by their own signed indices.
 *
 * @throws what updateArchives throws when they cannot be reached
 */
export function archiveLookup(
  options: FindNewerOptions,
): (subject: Subject) => Promise<readonly NewerPackage[] | undefined> {
  const states = new Map<string, Promise<ArchiveState>>();
  return async ({ lock }) => {
    if (lock === undefined) return undefined;
    const state =
      states.get(lock.architecture) ?? updateArchives({ ...options, architecture: lock.architecture });
    states.set(lock.architecture, state);
    return newerThanLocked(lock, await offersFor(lock, await state));
  };
}

/** The versions that the indices have of the packages of a lock. Only their stanzas are read. */
async function offersFor(lock: Lock, state: ArchiveState): Promise<OfferedPackage[]> {
  const names = new Set(lock.packages.map(({ name }) => name));
  const offers: OfferedPackage[] = [];
  for (const { identity, packages } of state.releases) {
    const { label = '', suite = '', name: archive } = identity;
    const security = /security/i.test(`${label} ${suite} ${archive}`);
    for (const path of packages) {
      for (const offer of offersIn(await readFile(path, 'utf8'), names))
        offers.push({ ...offer, archive, security });
    }
  }
  return offers;
}

function* offersIn(
  index: string,
  names: ReadonlySet<string>,
): Generator<Pick<OfferedPackage, 'name' | 'version' | 'architecture'>> {
  for (const match of index.matchAll(/^Package: (\S+)$/gm)) {
    const name = match[1] ?? '';
    if (!names.has(name)) continue;
    const end = index.indexOf('\n\n', match.index);
    const stanza = index.slice(match.index, end < 0 ? undefined : end);
    const version = /^Version: (\S+)$/m.exec(stanza)?.[1];
    const architecture = /^Architecture: (\S+)$/m.exec(stanza)?.[1];
    if (version !== undefined && architecture !== undefined) yield { name, version, architecture };
  }
}
