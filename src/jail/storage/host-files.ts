import { readFileSync, realpathSync, statSync } from 'node:fs';
import type { JailDeclaration, JailMount } from '../../control/jail-declaration.ts';
import { isWithin } from '../../control/jail-path.ts';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import type { JailBind } from '../runtime/oci-spec.ts';
import type { StagedMount } from '../runtime/staging.ts';
import { resolveInRoot } from './root-path.ts';

/** One absolute path a line: what of the host jails may see, read-only. Blank lines and those with # say nothing. */
export const policyFile = '/etc/prodng/readable';

/** A file or folder of the host that a jail sees. */
export interface HostFile {
  /** Its source is a name in the staging folder. */
  bind: JailBind;
  /** What of the host is mounted there: by a path without a link, which is checked again when it is opened. */
  mount: StagedMount;
}

/**
 * The host's files that a jail declares and the host's policy allows.
 *
 * @param policy the text of the policy file
 * @throws ProdngError HOST_LACKS for one that is not allowed, not there, or has no place in the rootfs
 */
export function hostFiles(
  { filesystem }: Pick<JailDeclaration, 'filesystem'>,
  rootfs: string,
  policy = readPolicy(),
): HostFile[] {
  const allowed = policy
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'));
  return filesystem
    .filter((mount): mount is JailMount & { kind: 'ro' } => mount.kind === 'ro')
    .map((mount, index) => hostFile(mount, rootfs, allowed, `host${index}`));
}

function hostFile(
  { hostPath, path }: JailMount & { kind: 'ro' },
  rootfs: string,
  allowed: readonly string[],
  at: string,
): HostFile {
  const source = realPath(hostPath);
  // a link on the host must not lead from an allowed place to another
  const covers = (path: string) => allowed.some((folder) => isWithin(path, folder));
  if (!covers(hostPath) || !covers(source))
    throw new ProdngError('HOST_LACKS', `Jail-Filesystem: this host does not let jails read ${hostPath}`, {
      hint: `to allow it, as root, add the line ${source} to ${policyFile}`,
    });
  const place = resolveInRoot(rootfs, path);
  if (!place.exists || statSync(place.path).isDirectory() !== statSync(source).isDirectory())
    throw new ProdngError('HOST_LACKS', `Jail-Filesystem: the rootfs has nothing to mount ${hostPath} on`, {
      hint: `have the package bring an empty file or folder ${path}`,
    });
  return {
    bind: { source: at, path, writable: false },
    mount: { kind: 'host', field: 'Jail-Filesystem', source, at },
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new ProdngError('HOST_LACKS', `Jail-Filesystem: ${path}: ${reasonOf(error)}`, {
      hint: 'the jail needs a file of the host that is not there',
      cause: error,
    });
  }
}

function readPolicy(): string {
  try {
    return readFileSync(policyFile, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
