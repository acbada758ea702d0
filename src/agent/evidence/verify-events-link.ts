import { readFile } from 'node:fs/promises';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import type { BundleFinding, BundleVerdict } from '../../evidence/read/verify-bundle.ts';
import { parseRecord } from '../events/event-record.ts';
import { verifyEvents } from '../events/verify-events.ts';

/**
 * Checks that a bundle and an event log prove each other: the log is whole, has the record that the bundle names, and
 * has a later record that names the bundle's digest.
 *
 * @throws ProdngError IO when the log cannot be read
 */
export async function verifyEventsLink(
  { statement, sha256 }: Pick<BundleVerdict, 'statement' | 'sha256'>,
  log: string,
): Promise<BundleFinding[]> {
  const text = await readFile(log, 'utf8').catch((cause: unknown) => {
    throw new ProdngError('IO', `${log}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const { broken } = await verifyEvents(log);
  if (broken !== undefined) return [{ message: `${log}: line ${broken.line}: ${broken.why}` }];
  const records = text.split('\n').flatMap((line) => parseRecord(line) ?? []);
  const head = statement?.predicate.events;
  const findings: BundleFinding[] = [];
  if (head !== undefined && records[head.seq - 1]?.hash !== head.hash)
    findings.push({ message: `${log}: record ${head.seq} is not the one that the bundle names` });
  const named = records.some(
    ({ kind, seq, detail }) =>
      kind === 'evidence-taken' && detail?.sha256 === sha256 && seq > (head?.seq ?? 0),
  );
  if (!named) findings.push({ message: `${log}: no later record names the bundle` });
  return findings;
}
