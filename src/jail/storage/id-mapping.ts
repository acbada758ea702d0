import { closeSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import { makeUserNamespace } from '../../kernel/user-namespace.ts';
import type { UidRange } from './uid-range.ts';

/** A user namespace by a descriptor, for idmapped mounts: no process lives in it. */
export interface IdMapping {
  fd: number;
  close(): void;
}

/**
 * Makes a user namespace with the maps of a jail. Its maps are what counts; the jail gets one of its own with the same.
 *
 * @throws ProdngError HOST_LACKS where user namespaces are switched off
 */
export function openIdMapping(range: UidRange): IdMapping {
  try {
    const fd = makeUserNamespace(`0 ${range.first} ${range.count}`);
    return { fd, close: () => closeSync(fd) };
  } catch (cause) {
    throw new ProdngError('HOST_LACKS', `cannot make a user namespace: ${String(cause)}`, {
      hint: 'see: sysctl user.max_user_namespaces, and run: prodng doctor',
      cause,
    });
  }
}
