import { kernelFolders } from './consistency-mounts.ts';
import type { ConsistencyCheck, Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import { isWithin } from './jail-path.ts';

export const workdirChecks: readonly ConsistencyCheck[] = [{ reads: ['workdir'], find: notInKernelFolders }];

/**
 * /proc/self/fd/N as a working folder is a descriptor that the runtime has open, which may lead out of the rootfs
 * (CVE-2024-21626).
 */
function notInKernelFolders({ workdir }: JailDeclaration): Inconsistency[] {
  const folder = kernelFolders.find((candidate) => isWithin(workdir, candidate));
  if (folder === undefined) return [];
  const message = `"${workdir}" is in ${folder}, which the kernel fills; allowed: folders of the rootfs and of mounts`;
  return [{ code: 'jail-field-invalid', field: 'Workdir', at: workdir, message }];
}
