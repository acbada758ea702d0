import { ProdngError } from '../../error/prodng-error.ts';
import type { RebuildReport } from '../rebuild/rebuild.ts';
import { type Check, checked, notPossible, passed } from './check.ts';

/** A rebuild as one check among others. */
export function rebuildCheck(report: RebuildReport): Check {
  const without = report.unavailable.map(
    ({ variation, reason }) => `${variation}: not possible here, ${reason}`,
  );
  const varied = report.varied.length === 0 ? 'nothing varied' : `varied: ${report.varied.join(', ')}`;
  if (report.isIdentical) return passed('rebuild', ['bit for bit the same', varied, ...without].join('; '));
  const what =
    report.failure === undefined ? 'the rebuild has other bytes' : 'it does not build under variation';
  const findings = [`${what}: ${report.cause?.explanation ?? 'the cause is not known'}`];
  return checked('rebuild', [...findings, ...(report.bytes ?? [])], '');
}

const unreachable = new Set(['FETCH_FAILED', 'ARCHIVE_UNREACHABLE', 'HOST_LACKS']);
const mismatches = new Set([
  'LOCK_OUTDATED',
  'LOCK_SYNTAX',
  'HASH_MISMATCH',
  'UNRESOLVABLE',
  'COMPOSE',
  'BUILD_ROOT',
]);

/**
 * What a rebuild that could not even begin proves.
 *
 * @throws the error itself when it says nothing of the .deb
 */
export function rebuildFailure(error: unknown): Check {
  if (!(error instanceof ProdngError)) throw error;
  if (unreachable.has(error.code)) return notPossible('rebuild', error.message);
  if (mismatches.has(error.code)) return checked('rebuild', [error.message], '');
  throw error;
}
