import { realpathSync, statSync } from 'node:fs';
import { credentialsFolder } from '../../control/fields/credentials.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import {
  assertConfiguration,
  assertCredentials,
  type OperatorValues,
} from '../../control/operator-values.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { JailBind } from '../runtime/oci-spec.ts';
import type { StagedMount } from '../runtime/staging.ts';
import type { Account } from './account.ts';
import type { HostFile } from './host-files.ts';
import { resolveInRoot } from './root-path.ts';
import type { UidRange } from './uid-range.ts';

const staged = 'credentials';

/**
 * The credentials of a jail as files in memory that only its user can read, to be bound over /run/credentials. Their
 * source is a name in the staging folder, which is a tmpfs in a mount namespace of its own.
 *
 * @throws ProdngError USAGE when one is required and missing, or given and not declared
 */
export function credentialMounts(
  declaration: JailDeclaration,
  given: OperatorValues['credentials'],
  { account, range }: { account: Account; range: UidRange },
): { mounts: StagedMount[]; binds: JailBind[] } {
  assertCredentials(declaration, given);
  if (declaration.credentials.length === 0) return { mounts: [], binds: [] };
  const owner = { uid: range.first + account.uid, gid: range.first + account.gid };
  return {
    mounts: [{ kind: 'secrets', at: staged, files: given ?? {}, owner }],
    binds: [{ source: staged, path: credentialsFolder, writable: false }],
  };
}

/**
 * The files of the host that replace configuration of the rootfs. They are mounted by descriptors: a link that comes to a
 * path after it was checked here is not followed.
 *
 * @throws ProdngError USAGE when one is not declared, HOST_LACKS when it is no regular file, DEB_FORMAT when the rootfs
 *   has no regular file in its place
 */
export function configurationFiles(
  declaration: JailDeclaration,
  given: OperatorValues['configuration'],
  rootfs: string,
): HostFile[] {
  assertConfiguration(declaration, given);
  return Object.entries(given ?? {}).map(([file, source], index) => {
    const place = resolveInRoot(rootfs, file);
    if (!place.exists || !statSync(place.path).isFile())
      throw new ProdngError('DEB_FORMAT', `Jail-Configuration: ${file} is no file of the rootfs`);
    if (statSync(source, { throwIfNoEntry: false })?.isFile() !== true)
      throw new ProdngError('HOST_LACKS', `Jail-Configuration: ${source} for ${file} is no regular file`);
    const at = `configuration${index}`;
    return {
      // mountinfo names where a link led to
      bind: { source: at, path: place.path.slice(rootfs.length), writable: false },
      mount: { kind: 'host', field: 'Jail-Configuration', source: realpathSync(source), at },
    };
  });
}
