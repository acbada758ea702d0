import { ProdngError } from '../../error/prodng-error.ts';
import { compareDeclarations } from '../../verify/diff/compare-declarations.ts';
import type { InstalledVersion } from '../state/state-schema.ts';
import type { SupervisedJail } from '../supervision/supervised-jail.ts';
import { unpackedJail, versionOf } from './installed.ts';

/**
 * Refuses a version that declares more than the jail's current one.
 *
 * @throws ProdngError CONSENT that names each right gained
 */
export function assertNoGain(jail: SupervisedJail, next: InstalledVersion): void {
  const before = unpackedJail(versionOf(jail.state), jail.name).declaration;
  const after = unpackedJail(next, jail.name).declaration;
  const gained = compareDeclarations(before, after).filter(({ kind }) => kind === 'gained');
  if (gained.length === 0) return;
  const lines = gained.map((change) => {
    const { field, old, new: now } = change;
    return `  ${field}: ${old === undefined ? '' : `${old} -> `}${now ?? 'no limit'}`;
  });
  throw new ProdngError(
    'CONSENT',
    `${jail.name}: ${next.version} declares more than ${versionOf(jail.state).version}:\n${lines.join('\n')}`,
    { hint: 'to agree, add: --accept' },
  );
}
