import { kernelFolders, systemFolders } from './consistency-mounts.ts';
import { credentialsFolder } from './fields/credentials.ts';
import type { ConsistencyCheck, Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import { isWithin } from './jail-path.ts';

/** What an operator may set has its own place, and nothing else is there. */
export const operatorChecks: readonly ConsistencyCheck[] = [
  { reads: ['settings', 'environment'], find: settingsApart },
  { reads: ['configuration', 'filesystem'], find: configurationApart },
  { reads: ['credentials', 'filesystem'], find: credentialsApart },
  { reads: ['prepare', 'filesystem'], find: prepareNeedsVolume },
];

function settingsApart({ settings, environment }: JailDeclaration): Inconsistency[] {
  return settings
    .filter(({ name }) => Object.hasOwn(environment, name))
    .map(({ name }) =>
      fault('Settings', name, `${name} is in Environment as well; declare it there, or here with default=`),
    );
}

function configurationApart({ configuration, filesystem }: JailDeclaration): Inconsistency[] {
  return configuration.flatMap((path) => {
    const folder = [...kernelFolders, ...systemFolders, credentialsFolder].find((each) =>
      isWithin(path, each),
    );
    if (folder !== undefined)
      return [fault('Configuration', path, `${path}: nothing in ${folder} is configuration`)];
    const mount = filesystem.find((each) => isWithin(path, each.path) || isWithin(each.path, path));
    if (mount === undefined) return [];
    return [fault('Configuration', path, `${path} and the mount ${mount.path} must not overlap`)];
  });
}

function credentialsApart({ credentials, filesystem }: JailDeclaration): Inconsistency[] {
  const mount = filesystem.find(({ path }) => isWithin(path, credentialsFolder));
  if (credentials.length === 0 || mount === undefined) return [];
  return [fault('Filesystem', mount.path, `${mount.path}: ${credentialsFolder} is the place of Credentials`)];
}

function prepareNeedsVolume({ prepare, filesystem }: JailDeclaration): Inconsistency[] {
  if (prepare === undefined || filesystem.some(({ kind }) => kind === 'rw')) return [];
  return [
    fault('Prepare', prepare[0] ?? '', 'there is no volume to prepare; declare one: Filesystem: rw PATH'),
  ];
}

function fault(field: string, at: string, message: string): Inconsistency {
  return { code: 'jail-field-invalid', field, at, message };
}
