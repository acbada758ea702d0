import { ProdngError } from '../../error/prodng-error.ts';
import { findProgram } from './runtime.ts';

/**
 * The host's busybox(1), most often a static one: it starts in half the time of a program with libraries, and starting a
 * jail takes several.
 *
 * @throws ProdngError HOST_LACKS
 */
export function hostBusybox(): string {
  const busybox = findProgram('busybox');
  if (busybox !== undefined) return busybox;
  throw new ProdngError('HOST_LACKS', 'busybox: not found', {
    hint: 'as root, run: apt-get install busybox-static',
  });
}
