import type { ConsistencyCheck, Inconsistency } from './inconsistency.ts';
import type { JailMount } from './jail-declaration.ts';
import { isWithin } from './jail-path.ts';

/** Places that hold programs and their configuration: who can write there can make the jail run something else. */
export const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/boot'];

/** Folders that the runtime itself fills. */
export const kernelFolders = ['/proc', '/sys', '/dev'];

export const mountChecks: readonly ConsistencyCheck[] = [
  duplicates,
  overlaps,
  writableSystem,
  overKernel,
].map((find) => ({ reads: ['filesystem'], find }));

function duplicates({ filesystem }: { filesystem: readonly JailMount[] }): Inconsistency[] {
  const paths = filesystem.map((mount) => mount.path);
  return filesystem
    .filter((mount, index) => paths.indexOf(mount.path) < index)
    .map(({ path }) => ({
      code: 'mount-duplicate',
      field: 'Filesystem',
      at: path,
      message: `${path} is declared twice; declare each place once`,
    }));
}

function overlaps({ filesystem }: { filesystem: readonly JailMount[] }): Inconsistency[] {
  return filesystem.flatMap((inner) => {
    const outer = filesystem.find((mount) => mount.path !== inner.path && isWithin(inner.path, mount.path));
    // a mount on / has its own tag
    if (outer === undefined || outer.path === '/') return [];
    const message = `${inner.path} lies in ${outer.path}, which is declared as well; mounts must not overlap`;
    return [{ code: 'mount-overlap', field: 'Filesystem', at: inner.path, message }];
  });
}

function writableSystem({ filesystem }: { filesystem: readonly JailMount[] }): Inconsistency[] {
  return filesystem.flatMap((mount) => {
    const { path, kind } = mount;
    if (path === '/')
      return [writable('mount-writable-root', path, 'the rootfs cannot be replaced by a mount')];
    if (kind === 'ro') return [];
    if (path === '/etc')
      return [writable('mount-writable-system', path, 'the configuration must not be writable')];
    const folder = systemFolders.find((candidate) => isWithin(path, candidate));
    if (folder === undefined) return [];
    return [writable('mount-writable-system', path, `${folder} holds programs, which must not be writable`)];
  });
}

function writable(
  code: 'mount-writable-root' | 'mount-writable-system',
  path: string,
  why: string,
): Inconsistency {
  return {
    code,
    field: 'Filesystem',
    at: path,
    message: `${path}: ${why}; allowed: folders of data, such as /var/lib/NAME, /run/NAME or /tmp`,
  };
}

function overKernel({ filesystem }: { filesystem: readonly JailMount[] }): Inconsistency[] {
  return filesystem.flatMap(({ path }) => {
    const folder = kernelFolders.find((candidate) => isWithin(path, candidate));
    if (folder === undefined || path.startsWith('/dev/shm/')) return [];
    const message = `${path}: ${folder} is set up by the runtime and cannot be declared`;
    return [{ code: 'mount-over-kernel', field: 'Filesystem', at: path, message }];
  });
}
