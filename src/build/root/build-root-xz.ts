import type { XzProgram } from '../../archive/xz-block.ts';
import { type Lock, packagesFor } from '../../lock/lock.ts';
import type { UserNamespace } from './user-namespace.ts';

/**
 * The xz of the build root, run in namespaces of its own: it is an input like any other, pinned by the lock, so that
 * a .deb has the same bytes on a host with another xz.
 *
 * @param root the build root, relative to the cache folder; xz-utils is in each, as dpkg-dev depends on it
 */
export function buildRootXz(lock: Lock, namespace: UserNamespace, cache: string, root: string): XzProgram {
  const versions = packagesFor(lock, 'build')
    .filter(({ name }) => name === 'xz-utils' || name === 'liblzma5')
    .map(({ name, version }) => `${name} ${version}`);
  return { argv: namespace.enter(['chroot', root, '/usr/bin/xz']), cwd: cache, version: versions.join(', ') };
}
